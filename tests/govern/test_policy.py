"""A pack is read policy by policy, so that what is wrong is said with file, line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenlane.govern.cedar import PackError
from greenlane.govern.facts import Facts, vocabulary
from greenlane.govern.policy import SAFEGUARDS, Pack, describe

GOOD = """// A comment; with a semicolon, and a "quote.
@id("may-publish")
@lane("green")
@says("You may; go on.") // not the end
@instead("")
@owner("Platform")
permit (principal, action == Action::"publish", resource)
when { context.may };
"""


def policy(**changes: str) -> str:
    """One policy with some of its parts replaced; an empty annotation is left out."""
    parts = {
        "id": "mine",
        "lane": "closed",
        "says": "No.",
        "instead": "Do not.",
        "owner": "Risk",
        "effect": "forbid",
        "action": 'action == Action::"publish"',
        "when": "context.locked",
    } | changes
    notes = "\n".join(
        f'@{name}("{parts[name]}")'
        for name in ("id", "lane", "says", "instead", "owner", "safeguards", "fixed", "mood")
        if parts.get(name)
    )
    return f"{notes}\n{parts['effect']} (principal, {parts['action']}, resource)\nwhen {{ {parts['when']} }};\n"


def error(*layers: dict[str, str]) -> PackError:
    with pytest.raises(PackError) as caught:
        Pack.load(*layers, verbs=["publish", "deploy"])
    return caught.value


def test_a_good_policy_is_read_with_all_its_notes():
    (one,) = Pack.load({"a.cedar": GOOD}, verbs=["publish"]).policies
    assert (one.id, one.lane, one.owner, one.file, one.line) == ("may-publish", "green", "Platform", "a.cedar", 2)
    assert one.says == "You may; go on."
    assert one.verbs == ("publish",)
    assert one.reads == {"may"}
    assert one.text.startswith('@id("may-publish")')
    assert one.text.endswith(";")


def test_a_syntax_error_names_file_and_line():
    wrong = error({"a.cedar": GOOD + GOOD.replace("may-publish", "b").replace("context.may", "context.may = true")})
    assert (wrong.file, wrong.line) == ("a.cedar", 16)
    assert "'=' is not a valid operator" in wrong.message
    assert "have not changed" in wrong.next_step


def test_a_lost_semicolon_is_named():
    wrong = error({"a.cedar": GOOD.rstrip().rstrip(";")})
    assert wrong.line == 2
    assert "semicolon" in wrong.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"action": 'action == Action::"publsh"'}, "publsh"),
        ({"when": "context.lokced"}, "lokced"),
        ({"when": '[Action::"publsh"].contains(action)'}, "publsh"),
        ({"when": "context.locked > 3"}, "Long"),
        ({"when": "principal is Persn"}, "Persn"),
        ({"owner": ""}, "no @owner"),
        ({"instead": ""}, "no @instead"),
        ({"says": ""}, "no @says"),
        ({"lane": ""}, "no @lane"),
        ({"id": ""}, "no @id"),
        ({"mood": "grim"}, "no annotation @mood"),
        ({"lane": "yellow"}, "no lane 'yellow'"),
        ({"says": "New host: {new_host}."}, "'new_host'"),
        ({"effect": "permit", "lane": "red"}, "a permit cannot be 'red'"),
        ({"effect": "permit", "lane": "closed"}, "a permit cannot be 'closed'"),
        ({"effect": "permit", "lane": "amber"}, "names its @safeguards"),
        ({"effect": "permit", "lane": "green", "safeguards": "tell-owner"}, "a green one has none"),
        ({"effect": "permit", "lane": "amber", "safeguards": "pray"}, "no safeguard 'pray'"),
        ({"effect": "permit", "lane": "green", "when": "context.approved"}, "cannot ask for an approval"),
        ({"lane": "green"}, "a forbid cannot be 'green'"),
        ({"lane": "red"}, "must end with '&& !context.approved'"),
        ({"lane": "red", "when": "context.locked || !context.approved"}, "must end with"),
        ({"lane": "closed", "when": "context.locked && !context.approved"}, "nothing lifts it"),
        ({"safeguards": "tell-owner"}, "a forbid has no @safeguards"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_reason(change: dict[str, str], reason: str):
    wrong = error({"a.cedar": GOOD, "b.cedar": "\n\n" + policy(**change)})
    assert wrong.file == "b.cedar"
    assert wrong.line >= 3
    assert reason in wrong.message


def test_the_line_is_the_one_with_the_mistake():
    assert error({"b.cedar": "\n\n" + policy(action='action == Action::"publsh"')}).line == 8
    assert error({"b.cedar": policy(when="context.lokced")}).line == 7


def test_a_duplicate_id_names_where_the_first_one_stands():
    wrong = error({"a.cedar": GOOD, "b.cedar": GOOD})
    assert (wrong.file, wrong.line) == ("b.cedar", 2)
    assert "a.cedar, line 2" in wrong.reason


def test_a_template_is_refused():
    assert "template" in error({"a.cedar": GOOD.replace("principal,", "principal == ?principal,")}).reason


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path):
    (tmp_path / "a.cedar").write_bytes(b"// fine\n// \xff\n")
    with pytest.raises(PackError, match=r"a.cedar, line 2: the file is not written in UTF-8"):
        Pack.load(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(PackError, match="no folder with policies"):
        Pack.load(tmp_path / "none")


def test_an_organisation_adds_and_replaces_policies(tmp_path: Path):
    (tmp_path / "ours.cedar").write_text(
        policy(id="over-quota", says="Ours.", when="context.quota_exceeded") + policy(id="new-one")
    )
    pack = Pack.default(tmp_path)
    assert pack.policy("over-quota").says == "Ours."
    assert pack.policy("over-quota").file == "ours.cedar"
    assert pack.policy("new-one").lane == "closed"
    assert len(pack.policies) == len(Pack.default().policies) + 1
    assert pack.digest != Pack.default().digest


@pytest.mark.parametrize(
    "id", ["agent-never-judges", "own-work", "missing-right", "suspended", "not-alone", "outdated"]
)
def test_what_the_platform_promises_cannot_be_replaced(id: str):
    with pytest.raises(PackError, match=f'"{id}" cannot be replaced'):
        Pack.default({"ours.cedar": policy(id=id)})


def test_the_stored_texts_build_the_very_pack_again():
    pack = Pack.default({"ours.cedar": policy()})
    again = Pack.load(*pack.texts())
    assert again.digest == pack.digest
    assert again.policies == pack.policies
    assert again.scorecard.digest == pack.scorecard.digest


def test_the_digest_follows_every_letter_but_not_the_order_of_files():
    one = Pack.load({"a.cedar": GOOD, "b.cedar": policy()})
    assert Pack.load({"b.cedar": policy(), "a.cedar": GOOD}).digest == one.digest
    assert Pack.load({"a.cedar": GOOD + "\n", "b.cedar": policy()}).digest != one.digest
    assert one.policy("may-publish").digest == Pack.load({"z.cedar": GOOD}).policy("may-publish").digest


def test_a_changed_scorecard_is_another_pack():
    mine = '[[part]]\nname = "size"\nfact = "files"\nsteps = [[1, 5]]\nsays = "Big."\n'
    assert Pack.load({"a.cedar": GOOD, "risk.toml": mine}).digest != Pack.load({"a.cedar": GOOD}).digest


def test_every_fact_says_what_it_is():
    rows = vocabulary()
    assert [name for name, _, _ in rows] == list(Facts().as_dict())
    assert all(says for _, _, says in rows)


def test_describe_lists_every_policy_with_its_words():
    rows = describe(Pack.default())
    assert len(rows) == len(Pack.default().policies)
    assert all(row["says"] and row["owner"] for row in rows)
    assert {name for row in rows for name in row["safeguards"]} == SAFEGUARDS.keys()
