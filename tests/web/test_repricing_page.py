"""Earlier calls are counted anew on a page: what would change, one button, and every recount before with its receipt."""

from __future__ import annotations

from html import unescape

import pytest
from tests.gateway import setting_up
from tests.gateway.recorded import written
from tests.house import Doorway
from tests.web.conftest import Visitor
from tests.web.test_swap_page import form_of

from greenlane.gateway import queries as gateway
from greenlane.gateway.budgets.actions import SetPrice


@pytest.fixture
def priced_late(doorway: Doorway) -> Doorway:
    """Three calls to a model that had no price then, and has one now."""
    now = doorway.clock.now()

    def rows(connection):
        setting_up.provider(connection, "local", "compatible", prices="")
        for number in range(3):
            written(connection, f"call_{number}", now, provider="local", model="llama3")

    doorway.control.ledger.write(rows)
    doorway.does(doorway.owner, SetPrice("local", "llama3", "1", "2"))
    return doorway


def asked(doorway: Doorway, **more: str) -> str:
    today = doorway.clock.now().date().isoformat()
    chosen = {"since": today, "until": today, "provider": "", "model": "", **more}
    return "/models/prices?" + "&".join(f"{name}={value}" for name, value in chosen.items())


def spent(doorway: Doorway) -> int:
    with doorway.control.database.read() as connection:
        return sum(gateway.call(connection, f"call_{number}").pico for number in range(3))


def test_the_page_says_what_would_change_and_one_button_does_it(console: Visitor, priced_late: Doorway) -> None:
    visitor = console.as_(priced_late.owner)
    before = spent(priced_late)
    page = unescape(visitor.get(asked(priced_late)).text).replace("\xa0", " ")
    assert "3 calls were looked at. 3 of them would cost something else" in page
    assert spent(priced_late) == before, "looking changes nothing"
    assert "Nothing yet." in page
    visitor.post("/do/reprice-calls", data=form_of(page, "reprice-calls"))
    assert spent(priced_late) != before
    after = unescape(visitor.get(asked(priced_late)).text)
    assert "All of them cost what was charged." in after
    assert "/do/reprice-calls" not in after
    assert 'data-head="Of"><bdi>Every model</bdi>' in after
    assert 'data-head="Calls" class="num">3</td>' in after


def test_days_that_cannot_be_are_told(console: Visitor, priced_late: Doorway) -> None:
    page = console.as_(priced_late.owner).get(asked(priced_late, until="2020-01-01")).text
    assert "The last day comes before the first." in page
    assert "/do/reprice-calls" not in page


def test_who_sees_every_call_reads_it_and_who_keeps_the_platform_does_it(
    console: Visitor, priced_late: Doorway
) -> None:
    auditor = priced_late.hire("Ada Auditor", "auditor", everywhere=True)
    page = console.as_(auditor).get(asked(priced_late)).text
    assert "would cost something else" in page
    assert "/do/reprice-calls" not in page
    assert "/models/prices" in console.as_(auditor).get("/models").text
    bea = priced_late.hire("Bea Builder", "builder")
    assert console.as_(bea).get(asked(priced_late)).status_code == 404
    assert "/models/prices" not in console.as_(bea).get("/models").text
