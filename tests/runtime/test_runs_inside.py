"""What a function is handed, and its runs: begun by the platform, ended in their time, asked after by their ids."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from tests.runtime.apps import function, get, release
from tests.runtime.test_drivers import Started, blobs, local  # noqa: F401  the same driver in the same sandbox

from greenlane.kit.blobs import Blobs
from greenlane.runtime.local import LocalDriver

ECHO = """
export default async (request, context) => {
  const body = await request.text();
  console.log("said", body, context.run?.attempt);
  context.waitUntil(new Promise((done) => setTimeout(done, 50)).then(() => console.log("waited for")));
  return new Response(null, { status: body === "bad" ? 503 : 200 });
};
"""
SLOW = "export default async () => { console.log('at it'); await new Promise((done) => setTimeout(done, 300)); };"
ENDLESS = "export default () => { for (;;); };"
THROWS = "export default () => { throw new Error('the reason'); };"
LEAKS = """
export default async () => {
  setTimeout(() => { throw new Error('later'); }, 10);
  await new Promise((done) => setTimeout(done, 5000));
};
"""
CONTEXT = """
export default {
  fetch: (request, context) => Response.json({
    params: context.params, one: context.cookies.get("one"), none: context.cookies.get("none") ?? null,
    geo: context.geo === undefined, identity: context.identity, ip: context.ip, run: context.run === undefined,
    site: context.site, deploy: context.deploy.context, url: String(context.url), id: context.requestId,
    env: Netlify.env.get("GREETING"),
  }),
};
"""
NAMES = {"echo": ECHO, "slow": SLOW, "endless": ENDLESS, "throws": THROWS, "leaks": LEAKS}


def started(local: LocalDriver, blobs: Blobs) -> Started:  # noqa: F811
    files = {f"functions/{name}.ts": text for name, text in NAMES.items()}
    declared = [function(name, schedule="@daily") for name in NAMES]
    return Started(local, release(blobs, "functions", "", files, functions=declared))


def ran(one: Started, run: str, name: str, **more: str) -> dict[str, Any]:
    fields = {f"Greenlane_Run_{key.capitalize()}": value for key, value in more.items()}
    _, body = get(one.instance.endpoint, "/any", "POST", Greenlane_Run=run, Greenlane_Function=name, **fields)
    return dict(json.loads(body))


def heard(one: Started, words: bytes) -> int:
    """How often it said something, once it said it: what is printed comes by another way than the answer."""
    deadline = time.monotonic() + 10
    while words not in one.said and time.monotonic() < deadline:
        time.sleep(0.01)
    return one.said.count(words)


def test_a_run_ends_with_what_came_of_it_and_its_lines_carry_its_id(local: LocalDriver, blobs: Blobs) -> None:  # noqa: F811
    one = started(local, blobs)
    assert ran(one, "run_1", "echo", attempt="2") == {"outcome": "done", "status": 200, "why": ""}
    assert heard(one, b"run_1 said  2")
    assert heard(one, b"run_1 waited for"), "what it waits until belongs to the run"
    told = ran(one, "run_2", "throws")
    assert told == {"outcome": "failed", "status": 500, "why": "It threw Error."}, (
        "words may hold a secret: they stay in the log"
    )
    assert heard(one, b"run_2 Error: the reason")
    assert ran(one, "run_3", "leaks")["outcome"] == "failed", "what it lets fall ends the run"
    assert ran(one, "run_4", "echo")["outcome"] == "done", "and nothing else"


def test_a_run_that_never_ends_is_ended_in_its_time(local: LocalDriver, blobs: Blobs) -> None:  # noqa: F811
    one = started(local, blobs)
    assert ran(one, "run_1", "endless", seconds="0.3")["outcome"] == "late"
    assert ran(one, "run_2", "echo")["outcome"] == "done"


def test_a_run_is_begun_once_and_can_be_asked_after(local: LocalDriver, blobs: Blobs) -> None:  # noqa: F811
    one = started(local, blobs)
    asking = threading.Thread(target=ran, args=(one, "run_1", "slow"))
    asking.start()
    again = ran(one, "run_1", "slow")
    asking.join()
    assert again["outcome"] == "done"
    assert heard(one, b"at it") == 1
    assert ran(one, "run_1", "slow", again="1")["outcome"] == "done"
    assert ran(one, "run_other", "slow", again="1")["outcome"] == "unknown"
    assert ran(one, "run_2", "nothing")["outcome"] == "unknown"


def test_what_runs_by_itself_answers_at_no_path(local: LocalDriver, blobs: Blobs) -> None:  # noqa: F811
    one = started(local, blobs)
    for path in ("/.netlify/functions/echo", "/functions/echo", "/echo"):
        assert get(one.instance.endpoint, path, "POST")[0].status == 404


def test_a_function_is_handed_the_context_that_the_docs_name(local: LocalDriver, blobs: Blobs) -> None:  # noqa: F811
    files = {"functions/c.ts": CONTEXT}
    declared = [function("c", "/c/:id/:rest*")]
    variables = {"GREETING": "hello"}
    given = release(blobs, "functions", "", files, functions=declared, variables=variables)
    one = Started(local, given)
    fields = {"X_Forwarded_Host": "app.example", "X_Forwarded_For": "192.0.2.1", "X_Request_Id": "req-1"}
    _, body = get(one.instance.endpoint, "/c/7/a/b", Cookie="one=1; two=2", **fields)
    told = json.loads(body)
    assert told == {
        "params": {"id": "7", "rest": "a/b"},
        "one": "1",
        "none": None,
        "geo": True,
        "identity": None,
        "ip": "192.0.2.1",
        "run": True,
        "site": {"name": given.key.app, "url": "http://app.example"},
        "deploy": "production",
        "url": "http://app.example/c/7/a/b",
        "id": "req-1",
        "env": "hello",
    }
