"""What is typed becomes a verb's inputs, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Types
from tests.cli.fake_control import FakeControl

from greenlane.cli.moments import moment
from greenlane.govern.errors import WrongInput

ADA = {"id": "p_ada", "name": "Ada", "email": "ada@example.com"}


@pytest.mark.parametrize(
    ("typed", "verb", "inputs"),
    [
        ("publish board", "publish", {"app": "board"}),
        (
            "publish board --to staging --deploy k7q2m9x0aa --unlock -m why",
            "publish",
            {"app": "board", "environment": "staging", "deploy": "k7q2m9x0aa", "unlock": True, "message": "why"},
        ),
        (
            "publish board --audience named --people ada@example.com --people p_bo --teams sales",
            "publish",
            {"app": "board", "audience": "named", "people": ["p_ada", "p_bo"], "teams": ["sales"]},
        ),
        ("rollback board --to-deploy k7q2m9x0aa", "rollback", {"app": "board", "deploy": "k7q2m9x0aa"}),
        ("lock board --why audit", "lock", {"app": "board", "why": "audit"}),
        ("unlock board --environment staging", "unlock", {"app": "board", "environment": "staging"}),
        ("send-back req_1 --note shorter", "send-back", {"request": "req_1", "note": "shorter"}),
        ("decline req_1 --because no", "decline", {"request": "req_1", "because": "no"}),
        ("confirm req_1 --because checked", "confirm", {"request": "req_1", "because": "checked"}),
        ("withdraw req_1", "withdraw", {"request": "req_1"}),
        ("people add Bo --team sales --role reviewer", "add-person", {"name": "Bo", "team": "sales", "role": "reviewer"}),
        ("people suspend Ada", "suspend-person", {"person": "p_ada"}),
        ("role grant Ada reviewer --scope team:sales", "grant-role", {"person": "p_ada", "role": "reviewer", "scope": "team:sales"}),
        ("team join sales p_bo", "join-team", {"team": "sales", "person": "p_bo"}),
        ("token create ci --scopes deploy --days 3", "create-token", {"name": "ci", "scopes": ["deploy"], "days": 3}),
        ("apps audience board team", "set-audience", {"app": "board", "audience": "team"}),
        ("apps quota board 0", "set-quota", {"app": "board", "size": 0}),
        ("hosts add board api.example.com --for img", "declare-host", {"app": "board", "host": "api.example.com", "directives": ["img"]}),
        ("preview-token create board --hours 8", "create-preview-token", {"app": "board", "hours": 8}),
        ("ledger forget sha256:00", "forget", {"digest": "sha256:00"}),
        ("do archive-app app=board", "archive-app", {"app": "board"}),
        ("do set-audience app=board audience=named people=p_a people=p_b", "set-audience", {"app": "board", "audience": "named", "people": ["p_a", "p_b"]}),
        ("do sign-out everywhere=yes", "sign-out", {"everywhere": True}),
    ],
)  # fmt: skip
def test_a_command_asks_for_its_verb(types: Types, control: FakeControl, typed: str, verb: str, inputs: dict[str, Any]):
    control.reads["/v1/people"] = {"items": [ADA], "next": None}
    assert types(*typed.split()).code == 0
    assert control.sent(verb) == [inputs]


def test_approving_is_bound_to_what_is_there_now(types: Types, control: FakeControl):
    control.reads["/v1/approvals/req_1"] = {
        "id": "req_1",
        "sentence": "Bo wants to publish board.",
        "digest": "sha256:11",
        "changes": ["2 pages changed"],
    }
    ended = types("approve", "req_1", "--because", "fine")
    assert control.sent("approve") == [{"request": "req_1", "because": "fine", "seen": "sha256:11"}]
    assert "You approve: Bo wants to publish board." in ended.err


def test_approving_says_what_became_of_the_request(types: Types, control: FakeControl):
    resumed = {"state": "done", "sentence": "Bo published board.", **control.decided("publish")}
    control.answers["approve"] = {"request": "req_1", "outcome": "approved", "resumed": {**resumed, "answer": {}}}
    ended = types("approve", "req_1", "--because", "fine", "--seen", "sha256:11")
    assert "  Bo published board." in ended.lines


def test_approvals_say_what_is_asked_of_whom_by_when(types: Types, control: FakeControl):
    control.reads["/v1/approvals"] = {
        "items": [
            {
                "id": "req_1",
                "sentence": "Bo wants to publish board.",
                "changes": ["the whole internet could open it"],
                "reasons": [{"says": "The first time public."}],
                "risk": {"score": 40},
                "asked": ["Ada", "Cy"],
                "due": "2026-01-02T08:00:00Z",
                "url": "http://d--board.localhost/",
                "may_decide": True,
            }
        ],
        "next": None,
    }
    ended = types("approvals")
    assert ended.lines[0] == "req_1"
    assert "  Asked: Ada, Cy, by 2026-01-02T08:00:00Z" in ended.lines
    assert "http://d--board.localhost/" in ended.lines
    assert control.asked[-1]["query"] == {"state": "waiting"}
    types("approvals", "--all")
    assert control.asked[-1]["query"] == {"state": "all"}


def test_explain_takes_the_arguments_of_the_verbs_own_command(types: Types, control: FakeControl):
    control.lanes["publish"] = "red"
    control.explained = {
        "would_be_green": [
            {"says": "If only the team could open it.", "lane": "green"},
            {"says": "If a reviewer agrees.", "lane": "red, then a person"},
        ]
    }
    ended = types("explain", "publish", "vendor-board", "--audience", "public")
    assert control.asked[-1]["path"] == "/v1/explain/publish"
    assert control.asked[-1]["body"] == {"app": "vendor-board", "audience": "public"}
    assert "⬣ needs a person" in ended.lines
    assert "Decided by: a-policy" in ended.lines
    assert "Risk: 12 of 100" in ended.lines
    assert "  - If only the team could open it." in ended.lines
    assert ended.lines[-1] == "Nothing was changed."


def test_explaining_a_value_asks_for_none(types: Types, control: FakeControl):
    assert types("explain", "put-variable", "API_KEY", "--app", "board").code == 0
    assert control.asked[-1]["body"]["value"] == "-"


def test_a_value_comes_in_at_standard_input(types: Types, control: FakeControl):
    ended = types("variables", "put", "API_KEY", "--app", "board", stdin=b"very-secret\n")
    assert control.sent("put-variable") == [
        {"app": "board", "name": "API_KEY", "environment": "preview", "value": "very-secret"}
    ]
    assert "very-secret" not in ended.out + ended.err


def test_a_secret_is_never_an_argument_of_do(types: Types, control: FakeControl):
    ended = types("do", "put-variable", "app=board", "name=API_KEY", "value=very-secret")
    assert ended.code == 2
    assert control.sent("put-variable") == []
    assert types("do", "put-variable", "app=board", "name=API_KEY", stdin=b"very-secret").code == 0
    assert control.sent("put-variable")[0]["value"] == "very-secret"


def test_an_env_file_is_imported_value_by_value(types: Types, control: FakeControl, site: Path):
    ended = types("variables", "import", str(site / ".env"), "--app", "board")
    assert ended.code == 0
    assert [one["name"] for one in control.sent("put-variable")] == ["API_KEY", "REGION"]
    assert "very-secret" not in ended.out
    keys = {one["headers"]["idempotency-key"] for one in control.asked if "idempotency-key" in one["headers"]}
    assert len(keys) == 2


def test_an_import_stops_where_it_is_refused(types: Types, control: FakeControl, site: Path):
    control.lanes["put-variable"] = "closed"
    ended = types("variables", "import", str(site / ".env"), "--app", "board")
    assert ended.code == 3
    assert len(control.sent("put-variable")) == 1


def test_do_names_what_a_verb_takes(types: Types):
    assert "It takes: app." in types("do", "archive-app", "nap=board").err
    assert types("do", "no-such-verb").code == 2
    assert types("do", "archive-app").code == 2


def test_somebody_unknown_or_ambiguous_is_not_guessed(types: Types, control: FakeControl):
    control.reads["/v1/people"] = {"items": [ADA, {"id": "p_2", "name": "Ada"}], "next": None}
    assert types("people", "suspend", "Grace").code == 5
    ended = types("people", "suspend", "Ada")
    assert ended.code == 2
    assert "p_ada, p_2" in ended.err
    assert control.sent("suspend-person") == []


def test_receipts_are_sentences(types: Types, control: FakeControl):
    control.reads["/v1/receipts"] = {
        "receipts": [
            {"seq": 3, "at": "2026-01-01T09:30:00.000000Z", "lane": "amber", "sentence": "Ada published board."}
        ],
        "next": 3,
    }
    ended = types("receipts", "--app", "board", "--after", "0")
    assert ended.lines[0] == "     3  2026-01-01 09:30:00  ◆ Ada published board."
    assert control.asked[-1]["query"] == {"app": "board", "after": "0", "limit": "50"}
    assert types("receipts", "--json").document["receipts"][0]["seq"] == 3


def test_long_lists_are_read_to_their_end(types: Types, control: FakeControl):
    pages = [{"items": [{"name": "a"}], "next": "a"}, {"items": [{"name": "b"}], "next": None}]
    control.reads["/v1/apps"] = pages[0]

    def second(request):
        if request.url.path == "/v1/apps" and request.query_params.get("after") == "a":
            control.reads["/v1/apps"] = pages[1]

    control.trouble.append(second)
    assert [one["name"] for one in types("apps", "--json").document["items"]] == ["a", "b"]


def test_policies_are_checked_and_tried_without_a_server(types: Types, control: FakeControl, tmp_path: Path):
    wrong = tmp_path / "ours.cedar"
    wrong.write_text("permit (principal, action, resource")
    ended = types("policy", "check", str(wrong))
    assert ended.code == 2
    assert "ours.cedar, line 1" in ended.err
    assert control.asked == []


def test_a_replay_with_a_difference_ends_with_1(types: Types, control: FakeControl):
    control.reads["/v1/ledger/replay"] = {"replayed": 9, "differences": []}
    assert types("ledger", "replay").lines == ["All 9 decisions come out the same."]
    control.reads["/v1/ledger/replay"] = {"replayed": 9, "differences": ["receipt 4: green, now red"]}
    assert types("ledger", "replay").code == 1


def test_local_commands_get_only_what_was_typed(types: Types, tmp_path: Path):
    assert types("up", "--port", "0", "--data", str(tmp_path)).out == f"{{'data': {tmp_path!r}, 'port': 0}}\n"
    assert types("backup", "b.tar", "--json").document["given"] == ["None", "b.tar"]
    assert types("version", "--json").document.keys() == {"version"}
    assert types("version", "--json").document["version"] in types("--version").out


def test_a_time_may_be_a_span_or_a_date():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert moment("2h", now) == "2026-01-01T02:00:00Z"
    assert moment("3d", now) == "2026-01-04T00:00:00Z"
    assert moment("2026-12-24T09:00:00+01:00") == "2026-12-24T08:00:00Z"
    assert datetime.fromisoformat(moment("1w")) - datetime.now(UTC) > timedelta(days=6)
    with pytest.raises(WrongInput, match="'soon' is no time"):
        moment("soon")
