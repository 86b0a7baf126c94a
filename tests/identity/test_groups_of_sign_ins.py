"""Groups that a sign-in names, without rules: who is in which, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sqlalchemy import select
from tests.identity.household import Household

from greenlane.govern.actor import Actor
from greenlane.govern.errors import Refused
from greenlane.identity.groups import claims as groups
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER

OKTA, ENTRA = "idp_okta", "idp_entra"


@pytest.fixture
def ada(household: Household) -> Actor:
    return household.hire(household.found(), "Ada", "visitor")


def _syncs(household: Household, ada: Actor, provider: str, named: Iterable[str]) -> groups.Synced:
    with household.database.engine.begin() as connection:
        return groups.sync(connection, provider, ada.id, named, household.clock.now())


def _is_in(household: Household, ada: Actor) -> set[tuple[str, str]]:
    with household.database.read() as connection:
        rows = connection.execute(
            select(DIRECTORY_GROUP.c.source, DIRECTORY_GROUP.c.name)
            .join(GROUP_MEMBER, GROUP_MEMBER.c.group == DIRECTORY_GROUP.c.id)
            .where(GROUP_MEMBER.c.member == ada.id)
        )
        return {(row.source, row.name) for row in rows}


def test_what_the_sign_in_names_today_is_what_counts(household: Household, ada: Actor) -> None:
    first = _syncs(household, ada, OKTA, ["Sales", "Builders"])
    assert len(first.joined) == 2
    assert _is_in(household, ada) == {(OKTA, "Sales"), (OKTA, "Builders")}
    second = _syncs(household, ada, OKTA, ["Builders", "Finance"])
    assert (len(second.joined), len(second.left)) == (1, 1)
    assert _is_in(household, ada) == {(OKTA, "Builders"), (OKTA, "Finance")}


def test_the_same_again_changes_nothing(household: Household, ada: Actor) -> None:
    _syncs(household, ada, OKTA, ["Sales"])
    assert _syncs(household, ada, OKTA, ["Sales", " Sales "]) == groups.Synced((), ())


def test_one_provider_says_nothing_about_groups_of_another(household: Household, ada: Actor) -> None:
    _syncs(household, ada, OKTA, ["Sales"])
    _syncs(household, ada, ENTRA, ["Sales"])
    _syncs(household, ada, OKTA, [])
    assert _is_in(household, ada) == {(ENTRA, "Sales")}


def test_what_cannot_be_a_name_is_left_out(household: Household, ada: Actor) -> None:
    _syncs(household, ada, OKTA, ["", "  ", "a\u202eb", "x" * 257, "Sales"])
    assert _is_in(household, ada) == {(OKTA, "Sales")}


def test_a_sign_in_with_too_many_groups_is_refused(household: Household, ada: Actor) -> None:
    with pytest.raises(Refused, match="1001 groups"):
        _syncs(household, ada, OKTA, [f"g{number}" for number in range(1001)])
