"""What administrators say about data, and what the platform keeps, as the gateway gets it: rules, marks, sizes, approvals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.house import Doorway

from greenlane.catalog.actions import CreateApp
from greenlane.gateway.actions import AddProvider, RemoveDataRule, SetDataRule
from greenlane.gateway.budgets.actions import SetModelSettings
from greenlane.gateway.perimeter.asking import Asking
from greenlane.gateway.perimeter.marks import marks_of
from greenlane.gateway.perimeter.perimeter import Perimeter
from greenlane.govern.actions import Approve
from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import WrongInput
from greenlane.main.models import Models
from greenlane.secrets.actions import PutVariable, RemoveVariable

VALUE = "Tr0ub4dor-and-3-more"
PROMPT = "sha256:" + "5e" * 32


@dataclass
class Desk:
    """An organisation, and control's side of its gateway."""

    doorway: Doorway
    models: Models

    def does(self, actor: Actor, action: Any) -> Answer:
        return self.doorway.does(actor, action)

    @property
    def owner(self) -> Actor:
        return self.doorway.owner


@pytest.fixture
def desk(doorway: Doorway, tmp_path: Path) -> Desk:
    control = doorway.control
    models = Models(
        database=control.database,
        ledger=control.ledger,
        sealing=control.sealing,
        blobs=control.blobs,
        clock=control.clock,
        secret=b"s" * 32,
        perimeter_key=b"p" * 32,
        content_key=b"c" * 32,
        door=control.door,
        console=control.addresses.console,
        token_keys=control.coming_in.exchange.issuer.keys,
        socket=tmp_path / "feed.sock",
        journals=tmp_path / "journal",
        content=tmp_path / "content",
        later=lambda task: task(),
        slots=1,
        exporting=None,
        spans=lambda: None,
    )
    doorway.door.subscribe(models.hear)
    return Desk(doorway, models)


def section(desk: Desk, name: str) -> Mapping[str, Any]:
    return desk.models.following.authority.entries(name)


def key(desk: Desk) -> bytes:
    return bytes.fromhex(section(desk, "perimeter")["key"]["says"])


def test_secrets_are_masked_from_the_beginning_and_told_by_marks_alone(desk: Desk) -> None:
    assert section(desk, "rules")["secret"]["action"] == "mask"
    desk.does(desk.owner, CreateApp("vendor-board"))
    put = PutVariable(app="vendor-board", environment="production", name="DB_PASSWORD", value=VALUE)
    desk.does(desk.owner, put)
    assert section(desk, "marks").keys() == marks_of(VALUE, key(desk))
    assert VALUE not in str([section(desk, name) for name in ("marks", "rules", "perimeter", "patterns")])
    desk.does(desk.owner, AddProvider(name="openai", kind="openai", key="sk-of-the-platform-0123456789"))
    assert section(desk, "marks").keys() > marks_of("sk-of-the-platform-0123456789", key(desk))
    gone = RemoveVariable(app="vendor-board", environment="production", name="DB_PASSWORD")
    desk.does(desk.owner, gone)
    assert not section(desk, "marks").keys() & marks_of(VALUE, key(desk))


def test_a_rule_with_a_pattern_holds_from_the_next_call_on(desk: Desk) -> None:
    rule = SetDataRule(data="project", action="mask", pattern="Project [A-Z][a-z]+", answers="mask")
    desk.does(desk.owner, rule)
    looking = Perimeter(section(desk, "rules"), section(desk, "patterns"), (), key(desk))
    seen = looking.look(b'{"messages":[{"role":"user","content":"On Project Falcon"}]}')
    assert seen.masked == {"project": 1}
    assert looking.answers
    desk.does(desk.owner, SetDataRule(data="national-id", action="refuse", countries=("NL",)))
    assert section(desk, "rules")["national-id"]["countries"] == ["NL"]
    desk.does(desk.owner, RemoveDataRule(data="project"))
    assert "project" not in section(desk, "rules")
    assert "project" not in section(desk, "patterns")
    desk.does(desk.owner, SetDataRule(data="secret", action="allow"))
    assert section(desk, "rules")["secret"]["action"] == "allow"


def test_sizes_hold_from_the_next_call_on(desk: Desk) -> None:
    desk.does(desk.owner, SetModelSettings(prompt_bytes="200000", attachment_bytes="5000000"))
    assert section(desk, "perimeter")["prompt_bytes"] == {"says": 200_000}
    desk.does(desk.owner, SetModelSettings(prompt_bytes="none"))
    assert section(desk, "perimeter")["prompt_bytes"] == {"says": None}
    assert section(desk, "perimeter")["attachment_bytes"] == {"says": 5_000_000}


def test_a_prompt_that_somebody_approved_goes_through_at_once(desk: Desk) -> None:
    builder, reviewer = (
        desk.doorway.hire("Ben Builder", "builder"),
        desk.doorway.hire("Rita", "reviewer", everywhere=True),
    )
    message = {
        "key": "gk_1",
        "prompt": PROMPT,
        "data": ["card"],
        "model": "fast",
        "actor": [{"kind": "person", "id": builder.id}],
    }
    request = Asking(desk.doorway.door).ask(message)["request"]
    assert section(desk, "let_through") == {}
    desk.does(reviewer, Approve(str(request), "test data"))
    assert section(desk, "let_through").keys() == {f"gk_1|{PROMPT}"}


@pytest.mark.parametrize(
    "rule",
    [
        {"data": "attachment", "action": "mask"},
        {"data": "attachment", "answers": "refuse"},
        {"data": "email", "pattern": "x"},
        {"data": "mine", "pattern": "(a)\\1"},
        {"data": "mine", "pattern": "x*"},
        {"data": "9mine", "pattern": "x"},
        {"data": "email", "countries": ("DE",)},
        {"data": "national-id", "countries": ("XX",)},
        {"data": "email", "answers": "ask"},
    ],
)
def test_a_rule_that_cannot_be_followed_is_none(rule: dict[str, Any]) -> None:
    with pytest.raises(WrongInput) as refused:
        SetDataRule(**rule)
    assert refused.value.next_step


def test_a_class_that_nobody_knows_needs_a_pattern(desk: Desk) -> None:
    with pytest.raises(WrongInput, match="Nobody knows what mine is"):
        desk.does(desk.owner, SetDataRule(data="mine", action="mask"))
