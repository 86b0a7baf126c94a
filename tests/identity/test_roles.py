from __future__ import annotations

import os
from pathlib import Path

import pytest

import greenlane.catalog.actions
import greenlane.deploys.actions
import greenlane.deploys.runs.actions
import greenlane.gateway.actions
import greenlane.gateway.alerts.actions
import greenlane.gateway.budgets.actions
import greenlane.gateway.content.actions
import greenlane.gateway.perimeter.actions
import greenlane.gateway.repricing.actions
import greenlane.gateway.swapping.actions
import greenlane.govern.actions
import greenlane.identity.actions
import greenlane.identity.break_glass.actions
import greenlane.identity.custom_roles.actions
import greenlane.identity.delegation.actions
import greenlane.identity.duties.actions
import greenlane.identity.elevation.actions
import greenlane.identity.federation.actions
import greenlane.identity.groups.actions
import greenlane.identity.login.actions
import greenlane.identity.provisioning.actions
import greenlane.identity.reviews.actions
import greenlane.identity.sso.actions
import greenlane.notices.actions
import greenlane.secrets.actions
import greenlane.store.actions
from greenlane.govern.action import REGISTRY
from greenlane.identity import roles
from greenlane.identity.names import check_role, check_token_scopes

GOLDEN = Path(__file__).with_name("roles.golden.txt")
DOCUMENT = Path(__file__).parents[2] / "docs" / "roles.md"
FEATURES = (
    greenlane.catalog.actions,
    greenlane.deploys.actions,
    greenlane.deploys.runs.actions,
    greenlane.govern.actions,
    greenlane.identity.actions,
    greenlane.identity.custom_roles.actions,
    greenlane.identity.duties.actions,
    greenlane.identity.break_glass.actions,
    greenlane.identity.delegation.actions,
    greenlane.identity.elevation.actions,
    greenlane.identity.login.actions,
    greenlane.identity.reviews.actions,
    greenlane.identity.sso.actions,
    greenlane.identity.groups.actions,
    greenlane.identity.provisioning.actions,
    greenlane.identity.federation.actions,
    greenlane.notices.actions,
    greenlane.secrets.actions,
    greenlane.store.actions,
    greenlane.gateway.actions,
    greenlane.gateway.alerts.actions,
    greenlane.gateway.budgets.actions,
    greenlane.gateway.content.actions,
    greenlane.gateway.perimeter.actions,
    greenlane.gateway.repricing.actions,
    greenlane.gateway.swapping.actions,
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
    assert _verbs_of_the_program() - roles.BY_NO_ROLE - set(roles.VERBS) == set()


def test_the_table_names_no_verb_that_does_not_exist() -> None:
    reads = {line.verb for line in roles.TABLE if line.reads}
    assert set(roles.VERBS) - reads - _verbs_of_the_program() == set()
    assert set(roles.VERBS) >= roles.NEVER_BY_AN_AGENT | roles.NEVER_BY_THE_PLATFORM


def test_every_scope_names_verbs_that_exist() -> None:
    for verbs in roles.SCOPES.values():
        assert verbs <= set(roles.VERBS)


def test_an_owner_may_whatever_anybody_may() -> None:
    others = frozenset().union(*(roles.ALLOWED[role] for role in roles.ROLES if role != roles.OWNER))
    assert others < roles.ALLOWED[roles.OWNER]


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    mine = {verb for role, verb, _ in roles.RIGHTS if role == roles.AUDITOR}
    assert mine == {
        "read-receipts",
        "read-all-receipts",
        "read-people",
        "read-variables",
        "read-policy",
        "read-settings",
        "read-spending",
        "read-model-calls",
        "read-all-model-calls",
        "export-ledger",
    }


def test_a_publisher_brings_out_what_others_built_and_builds_nothing() -> None:
    mine = {verb for role, verb, _ in roles.RIGHTS if role == roles.PUBLISHER}
    assert mine - {verb for verb in mine if verb.startswith("read-")} == {
        *("publish", "rollback", "lock", "unlock", "set-audience"),
        *("add-guest", "remove-guest", "create-share-link", "revoke-share-link"),
    }
    assert not mine & {"deploy", "create-app", "read-variables"}


def test_a_billing_viewer_reads_what_models_cost_and_nothing_else() -> None:
    assert {verb for role, verb, _ in roles.RIGHTS if role == roles.BILLING_VIEWER} == {"read-spending"}


def test_power_over_others_is_seen_in_what_a_role_allows() -> None:
    powerful = {role for role in roles.ROLES if roles.powerful(roles.ALLOWED[role])}
    assert powerful == {"owner", "platform-engineer", "reviewer", "auditor"}
    assert {role for role in roles.ROLES if roles.keeps(roles.ALLOWED[role])} == {"owner", "platform-engineer"}


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
    with pytest.raises(Exception, match="no role 'The King'"):
        check_role("The King")
    with pytest.raises(Exception, match="no scope 'everything'"):
        check_token_scopes(("read", "everything"))
