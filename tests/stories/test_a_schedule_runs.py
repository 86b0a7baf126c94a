"""Functions in a Greenlane that runs: by their schedules, in the background, and under visitors; also when parts are killed."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from tests.stories.browser import Answered, ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

TICK = """
export default async (request, context) => {
  const { next_run } = await request.json();
  const event = request.headers.get("x-nf-event");
  console.log(`ticked ${event} ${context.identity} ${context.run.nextRun === next_run}`);
};
export const config = { schedule: "* * * * *" };
"""
YEARLY = """
export default async () => { console.log("it was a good year"); };
export const config = { schedule: "@yearly" };
"""
MAIL = """
export default async (request, context) => {
  const letter = await request.json();
  if (letter.wait) {
    console.log("writing");
    await new Promise((done) => setTimeout(done, letter.wait));
  }
  console.log(`sent ${letter.text} for ${context.identity.name} to ${context.params.to}`);
};
export const config = { path: "/mail/:to", background: true };
"""
STREAM = """
let go = () => {};
export default (request, context) => {
  if (context.params.step === "go") {
    go();
    context.waitUntil(new Promise((done) => setTimeout(done, 100)).then(() => console.log("after the answer")));
    return new Response("gone");
  }
  return new Response(new ReadableStream({
    async start(out) {
      out.enqueue(new TextEncoder().encode("first,"));
      await new Promise((done) => { go = done; });
      out.enqueue(new TextEncoder().encode("then the rest"));
      out.close();
    },
  }));
};
export const config = { path: "/stream/:step" };
"""
WHO = """
export default (request, context) => Response.json({
  name: context.identity?.name, params: context.params, cookie: context.cookies.get("greenlane-other") ?? context.cookies.get("kept"),
  geo: context.geo === undefined, run: request.headers.get("greenlane-run"), event: request.headers.get("x-nf-event"),
});
export const config = { path: ["/who/:one", "/who"], method: "GET" };
"""
APP = {"tick": TICK, "yearly": YEARLY, "mail": MAIL, "stream": STREAM, "who": WHO}


@pytest.fixture(scope="module")
def app(greenlane: Running, owner: Terminal, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An app that is live, with a function of each kind."""
    folder = tmp_path_factory.mktemp("clockwork")
    written(folder, APP)
    owner.does("deploy", folder, "--app", "clockwork")
    owner.does("publish", "clockwork")
    return "clockwork"


def written(folder: Path, functions: dict[str, str]) -> None:
    (folder / "functions").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Clockwork</title><h1>Clockwork</h1>")
    for name, text in functions.items():
        (folder / "functions" / f"{name}.ts").write_text(text)


def posted(greenlane: Running, owner: Terminal, path: str, told: Any, **fields: str) -> Answered:
    headers = {"Authorization": f"Bearer {owner.token}", "Content-Type": "application/json", **fields}
    return ask(greenlane.address("clockwork", path), "POST", body=json.dumps(told).encode(), headers=headers)


def runs(owner: Terminal, function: str) -> list[dict[str, Any]]:
    found = owner.does("schedules", "runs", "clockwork", "--function", function)["items"]
    return [dict(one) for one in found]


def ended(owner: Terminal, function: str, run: str = "", within: float = 30.0) -> dict[str, Any]:
    """The run, or the newest one of a function, once it is over."""

    def over() -> dict[str, Any] | None:
        found = [one for one in runs(owner, function) if run in {"", one["run"]}]
        return found[0] if found and found[0]["state"] not in {"waiting", "going"} else None

    found = until(over, f"the end of a run of {function}", within)
    assert isinstance(found, dict)
    return found


def said(owner: Terminal, run: str) -> list[str]:
    """What a run said, without its id."""
    lines = owner.does("logs", "clockwork", "--contains", run)["items"]
    return [str(one["text"]).removeprefix(f"{run} ") for one in lines]


def hears(owner: Terminal, run: str, *lines: str) -> None:
    """A run said this and nothing else; what is printed comes by another way than the end of the run."""
    until(lambda: said(owner, run) == list(lines), f"{lines}, instead of {said(owner, run)}")


def test_a_function_runs_by_itself_and_its_receipt_says_so(greenlane: Running, owner: Terminal, app: str) -> None:
    listed = {one["function"]: one for one in owner.does("schedules", "list", app)["items"]}
    assert listed["tick"]["says"] == "every minute, UTC"
    assert listed["yearly"]["says"] == "at 00:00 on January 1, UTC"
    one = ended(owner, "tick", within=100)
    assert (one["kind"], one["state"], one["environment"]) == ("schedule", "done", "production")
    hears(owner, one["run"], "ticked schedule null true")
    receipt = owner.does("receipts", "--process", one["process"])["receipts"][0]
    assert receipt["seq"] == one["receipt"]
    assert receipt["sentence"] == "The function tick of clockwork ran."
    assert receipt["name"] == "Olga Owner"
    assert owner.types("ledger", "verify").code == 0
    owner.does("schedules", "pause", app, "tick")
    paused = {each["function"]: each for each in owner.does("schedules", "list", app)["items"]}
    assert paused["tick"]["next_at"] is None


def test_a_scheduled_function_is_run_now_and_by_no_address(greenlane: Running, owner: Terminal, app: str) -> None:
    answer = owner.does("schedules", "run", app, "yearly")
    one = ended(owner, "yearly", answer["answer"]["run"])
    assert (one["kind"], one["state"], one["cause"]) == ("asked", "done", answer["action"])
    hears(owner, one["run"], "it was a good year")
    before = len(runs(owner, "yearly"))
    for path in ("/.netlify/functions/yearly", "/functions/yearly", "/yearly"):
        forged = {"Greenlane-Run": "run_forged", "Greenlane-Function": "yearly", "X-NF-Event": "schedule"}
        assert posted(greenlane, owner, path, {}, **forged).status in (404, 405)
    assert len(runs(owner, "yearly")) == before
    assert owner.types("schedules", "run", app, "nothing").code == 5


def test_a_visitor_does_not_wait_for_what_goes_on_in_the_background(
    greenlane: Running, owner: Terminal, app: str
) -> None:
    answered = posted(greenlane, owner, "/mail/ada", {"text": "a letter"})
    assert answered.status == 202
    run = str(answered.document["run"])
    one = ended(owner, "mail", run)
    assert (one["kind"], one["state"]) == ("background", "done")
    hears(owner, run, "sent a letter for Olga Owner to ada")
    assert ask(greenlane.address("clockwork", "/mail/ada"), "POST", body=b"{}").status != 202, (
        "a stranger has nothing run"
    )
    assert posted(greenlane, owner, "/mail/ada", {"text": "x" * 300_000}).status == 413
    lies = b"".join(each.read_bytes() for each in greenlane.data.glob("greenlane.db*"))
    assert b"a letter" not in lies, "what visitors send is sealed"


def test_a_function_is_handed_who_asks_and_nothing_that_is_forged(
    greenlane: Running, owner: Terminal, app: str
) -> None:
    headers = {
        "Authorization": f"Bearer {owner.token}",
        "Cookie": "kept=1",
        "Greenlane-Run": "run_x",
        "X-NF-Event": "a",
    }
    told = ask(greenlane.address("clockwork", "/who/7"), headers=headers).document
    assert told == {
        "name": "Olga Owner",
        "params": {"one": "7"},
        "cookie": "1",
        "geo": True,
        "run": None,
        "event": None,
    }
    assert posted(greenlane, owner, "/who", {}).status == 405


def test_an_answer_streams_through_the_edge_and_work_goes_on_after_it(
    greenlane: Running, owner: Terminal, app: str
) -> None:
    reading = HTTPConnection("127.0.0.1", greenlane.port, timeout=30)
    headers = {"Host": f"clockwork.localhost:{greenlane.port}", "Authorization": f"Bearer {owner.token}"}
    reading.request("GET", "/stream/read", headers=headers)
    answer = reading.getresponse()
    assert answer.read1() == b"first,"
    went = ask(greenlane.address("clockwork", "/stream/go"), headers={"Authorization": f"Bearer {owner.token}"})
    assert went.text == "gone"
    assert answer.read() == b"then the rest"
    reading.close()
    until(lambda: owner.does("logs", "clockwork", "--contains", "after the answer")["items"], "work after the answer")


def test_a_schedule_that_is_none_is_refused_with_its_file(owner: Terminal, tmp_path: Path) -> None:
    written(tmp_path, {"nightly": "export default () => {}\nexport const config = { schedule: 'at noon' }"})
    refused = owner.types("deploy", tmp_path, "--app", "clockless")
    assert refused.code == 2
    assert "functions/nightly.ts says the schedule 'at noon', which is none." in refused.err
    assert '"0 6 * * *"' in refused.err


def test_runs_outlive_control_and_none_is_lost_when_everything_is_killed(
    greenlane: Running, owner: Terminal, app: str
) -> None:
    outlives = str(posted(greenlane, owner, "/mail/ada", {"text": "one", "wait": 1500}).document["run"])
    until(lambda: "writing" in said(owner, outlives), "the beginning of a run")
    greenlane.kill("control")
    until(greenlane.ready, "control, started again")
    one = ended(owner, "mail", outlives)
    assert one["state"] == "done"
    assert said(owner, outlives).count("writing") == 1, "it was not begun a second time"
    lost = str(posted(greenlane, owner, "/mail/ada", {"text": "two", "wait": 60_000}).document["run"])
    until(lambda: "writing" in said(owner, lost), "the beginning of another run")
    greenlane.kill_everything()
    greenlane.start()
    one = ended(owner, "mail", lost, within=60)
    assert one["state"] == "interrupted"
    assert one["receipt"] is not None
    until(
        lambda: any(
            "A run of mail of clockwork was interrupted" in str(each) for each in owner.does("notices")["items"]
        ),
        "a word to the owner",
    )
