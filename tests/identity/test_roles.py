from __future__ import annotations

import os
from pathlib import Path

import pytest

import greenlane.catalog.actions
import greenlane.deploys.actions
import greenlane.govern.actions
import greenlane.identity.actions
import greenlane.notices.actions
import greenlane.secrets.actions
from greenlane.govern.action import REGISTRY
from greenlane.identity import roles
from greenlane.identity.names import check_role, check_token_scopes

GOLDEN = Path(__file__).with_name("roles.golden.txt")
DOCUMENT = Path(__file__).parents[2] / "docs" / "roles.md"
FEATURES = (
    greenlane.catalog.actions,
    greenlane.deploys.actions,
    greenlane.govern.actions,
    greenlane.identity.actions,
    greenlane.notices.actions,
    greenlane.secrets.actions,
)
REGENERATE = "GREENLANE_WRITE_GOLDEN"
"""Set this to 1 to write the golden file and the table in the document anew."""


def _verbs_of_the_program() -> set[str]:
    modules = {feature.__name__ for feature in FEATURES}
    return {verb.name for verb in REGISTRY if verb.action.__module__ in modules}


def test_the_matrix_is_the_one_that_was_reviewed() -> None:
    if os.environ.get(REGENERATE):
        GOLDEN.write_text(roles.matrix())
    assert GOLDEN.read_text() == roles.matrix(), f"{REGENERATE}=1 pytest tests/identity writes it; review the diff"


def test_the_document_shows_the_same_matrix() -> None:
    head, _, rest = DOCUMENT.read_text().partition("```text\n")
    _, _, tail = rest.partition("```")
    if os.environ.get(REGENERATE):
        DOCUMENT.write_text(f"{head}```text\n{roles.matrix()}```{tail}")
        rest = DOCUMENT.read_text().partition("```text\n")[2]
    assert rest.partition("```")[0] == roles.matrix()


def test_the_document_says_what_each_role_and_scope_is_for() -> None:
    text = DOCUMENT.read_text()
    for word in (*roles.ROLES, *roles.SCOPES):
        assert f"**{word}**" in text


def test_every_verb_says_who_may() -> None:
    assert _verbs_of_the_program() - roles.PLATFORM_ONLY - set(roles.VERBS) == set()


def test_the_table_names_no_verb_that_does_not_exist() -> None:
    reads = {verb for verb in roles.VERBS if verb.startswith(("read-", "export-"))}
    assert set(roles.VERBS) - reads - _verbs_of_the_program() == set()
    assert set(roles.VERBS) >= roles.NEVER_BY_AN_AGENT | roles.NEVER_BY_THE_PLATFORM


def test_every_scope_names_verbs_that_exist() -> None:
    for verbs in roles.SCOPES.values():
        assert verbs <= set(roles.VERBS)


def test_an_owner_may_whatever_anybody_may() -> None:
    everything = frozenset(roles.ROLES)
    assert roles.covers(frozenset({roles.OWNER}), everything)
    assert not roles.covers(everything - {roles.OWNER}, frozenset({roles.OWNER}))


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    mine = {verb for role, verb, _ in roles.RIGHTS if role == roles.AUDITOR}
    assert mine == {
        "read-receipts",
        "read-all-receipts",
        "read-people",
        "read-policy",
        "read-settings",
        "export-ledger",
    }


def test_a_visitor_only_visits() -> None:
    assert not any(role == roles.VISITOR for role, _, _ in roles.RIGHTS)


def test_only_approvers_approve() -> None:
    assert {role for role, verb, _ in roles.RIGHTS if verb == "approve"} == {
        "owner",
        "platform-engineer",
        "reviewer",
    }


def test_no_scope_but_admin_judges_or_gives_ways_in() -> None:
    careful = {"approve", "confirm", "grant-role", "create-token", "create-sign-in-link", "set-policy", "invite"}
    for scope, verbs in roles.SCOPES.items():
        assert (careful & verbs == set()) == (scope != "admin")


def test_an_unknown_role_or_scope_is_refused_by_name() -> None:
    with pytest.raises(Exception, match="no role 'king'"):
        check_role("king")
    with pytest.raises(Exception, match="no scope 'everything'"):
        check_token_scopes(("read", "everything"))
