"""What calls cost is told by whom and by day, budgets say when they run out, and each call says why it went where it went."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient
from tests.gateway import setting_up
from tests.gateway.recorded import RULES, written
from tests.house import Doorway, InOneProcess
from tests.web.conftest import Visitor

from greenlane.api.app import create
from greenlane.gateway import tables
from greenlane.gateway.actions import MakeGatewayKey
from greenlane.gateway.budgets.account import Account, Budget, Kind
from greenlane.gateway.budgets.actions import SetPrice
from greenlane.gateway.budgets.books import Lease, write_hours, write_leases
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.period import Period, window
from greenlane.gateway.budgets.setting import put_accounts, put_budget
from greenlane.gateway.prices.money import PICO
from greenlane.gateway.repricing.actions import RepriceCalls
from greenlane.govern.actor import Actor
from greenlane.identity.actions import CreateToken
from greenlane.kit.clock import stamp
from greenlane.ledger.batches import Journal
from greenlane.ledger.journal import Sealer


@pytest.fixture
def calling(doorway: Doorway) -> Doorway:
    """An app and a person call models: today, yesterday, and once in vain."""
    now = doorway.control.clock.now()

    def rows(connection):
        for number in range(3):
            written(connection, f"call_{number}", now - timedelta(hours=number))
        written(connection, "call_old", now - timedelta(days=8), pico=PICO)
        own = {"app": "", "environment": "", "person": doorway.owner.id, "key": "gk_1"}
        claude = {"provider": "anthropic", "model": "claude-haiku-4-5", "asked": "fast", "pico": 2 * PICO}
        actor = [{"kind": "person", "id": doorway.owner.id}]
        written(connection, "call_ana", now, **own, **claude, begun={"actor": actor, "because": "fast leads here"})
        refused = {"state": "refused", "status": 402, "code": "budget-spent", "provider": "", "model": "", "pico": 0}
        written(connection, "call_vain", now, **refused)
        written(connection, "call_odd", now, **refused | {"asked": "", "code": "not-understood", "status": 400})
        written(connection, "call_open", now, state="open", pico=9_000_000_000, ended_in="", outcome="")
        connection.execute(
            insert(tables.RULES).values(digest=RULES, rules={"limits": {}}, told_in="models-0_000000000001/0")
        )

    doorway.control.ledger.write(rows)
    return doorway


def shown(console: Visitor, who: Actor, path: str) -> str:
    page = console.as_(who).get(path)
    assert page.status_code == 200, (path, page.text)
    return unescape(page.text)


def test_an_owner_sees_everything_split_as_they_like(console: Visitor, calling: Doorway) -> None:
    page = shown(console, calling.owner, "/spend?days=7")
    assert "Models cost $2.02 in the last 7 days, in 5\u00a0calls." in page
    assert "The largest part is that of people’s own work: 99\u202f%." in page
    assert "1\u00a0call is still running" in page
    by_model = shown(console, calling.owner, "/spend?days=7&by=model")
    assert "claude-haiku-4-5" in by_model
    assert "/spend?model=gpt-5-mini&by=app&days=7" in by_model
    assert "Olga Owner" in shown(console, calling.owner, "/spend?days=7&by=person")
    assert "$3.02" in shown(console, calling.owner, "/spend?days=30"), "what is older counts as well"
    key = MakeGatewayKey(run="nightly review", budget="5", hours=8)
    run = calling.does(calling.owner, key).answer["run"]
    now = calling.control.clock.now()
    mine = {"app": "", "environment": "", "person": calling.owner.id, "run": run}
    calling.control.ledger.write(lambda connection: written(connection, "call_run", now, **mine))
    by_run = shown(console, calling.owner, "/spend?days=7&by=run")
    assert "nightly review" in by_run
    assert "Outside of runs" in by_run
    page = shown(console, calling.owner, "/calls/call_run")
    assert f'href="/spend?run={run}&by=model"' in page
    assert "None: a person’s own work counts for no team" in page


def test_others_see_their_own_and_what_apps_of_theirs_cost(console: Visitor, calling: Doorway) -> None:
    bea = calling.hire("Bea Builder", "builder")
    assert "No model was called in the last 30 days." in shown(console, bea, "/spend")
    assert "vendor-board" not in shown(console, bea, "/spend?by=app"), "what others spend is not hers to see"
    assert "No model was called" in shown(console, bea, f"/spend?person={calling.owner.id}")
    assert console.as_(bea).get("/calls/call_ana").status_code == 404


def test_a_billing_viewer_sees_sums_and_budgets_and_no_single_call(console: Visitor, calling: Doorway) -> None:
    viv = calling.hire("Viv Viewer", "billing-viewer", everywhere=True)
    page = shown(console, viv, "/spend?days=7&by=person")
    assert "Models cost $2.02 in the last 7 days" in page
    assert "Olga Owner" in page
    assert "/calls/call_ana" not in page
    assert "Each call stands here" in shown(console, viv, "/calls")
    for path in ("/calls/call_ana", "/apps/vendor-board", "/groups", "/policy", "/overview"):
        assert console.as_(viv).get(path).status_code in (403, 404), path
    assert "Olga" not in shown(console, viv, "/people")
    assert "vendor-board" not in shown(console, viv, "/")


def test_a_call_says_what_it_cost_why_it_went_there_and_its_proof(console: Visitor, calling: Doorway) -> None:
    page = shown(console, calling.owner, "/calls/call_1")
    assert "It was answered. It cost $0.0036 and took 1.2\u202fs, 310\u202fms of it until the first word." in page
    for told in ("1,000", "$2.00 a million", "$0.0020", "200", "$8.00 a million", "$0.0016"):
        assert told in page
    assert "the usual provider for openai-chat" in page
    assert "It went through, with safeguards. Data in its prompt was hidden before it left." in page
    assert '"limits": {}' in page, "the rules by which it was decided"
    assert "0.04 to 1.3\u202fWh" in page
    assert "Its records wait to be sealed." in page
    assert f"sha256:{'a' * 64}" in page


def test_the_rules_are_shown_to_who_sees_every_call(console: Visitor, doorway: Doorway) -> None:
    bea = doorway.hire("Bea Builder", "builder")

    def rows(connection):
        written(connection, "call_hers", doorway.control.clock.now(), app="", environment="", person=bea.id)
        connection.execute(insert(tables.RULES).values(digest=RULES, rules={"limits": {}}, told_in=""))

    doorway.control.ledger.write(rows)
    page = shown(console, bea, "/calls/call_hers")
    assert "It went through, with safeguards." in page
    assert '"limits"' not in page
    assert '"limits"' in shown(console, doorway.owner, "/calls/call_hers")


def test_what_was_refused_and_what_is_running_say_so(console: Visitor, calling: Doorway) -> None:
    page = shown(console, calling.owner, "/calls/call_vain")
    assert "It was refused before it left, and cost nothing." in page
    assert "Data found" not in page, "its record does not say, so neither does the page"
    assert "written before it left" not in page
    page = shown(console, calling.owner, "/calls/call_odd")
    assert "A call to a model without a name" in page.replace("<bdi>", "").replace("</bdi>", "")
    page = shown(console, calling.owner, "/calls/call_open")
    assert "It counts as $0.0090, the most that it can cost." in page
    listed = shown(console, calling.owner, "/calls")
    assert "Refused" in listed
    assert "Is running" in listed


def test_a_list_of_calls_goes_on_where_it_ended(console: Visitor, doorway: Doorway) -> None:
    now = doorway.control.clock.now()

    def rows(connection):
        for number in range(60):
            written(connection, f"call_{number:02}", now - timedelta(seconds=number // 2))

    doorway.control.ledger.write(rows)
    first = shown(console, doorway.owner, "/calls")
    (more,) = {part.partition('"')[0] for part in first.split('href="') if "before=" in part.partition('"')[0]}
    second = shown(console, doorway.owner, more)
    both = [{f"call_{n:02}" for n in range(60) if f"/calls/call_{n:02}" in page} for page in (first, second)]
    assert [len(one) for one in both] == [50, 10]
    assert not both[0] & both[1]


def budgeted(doorway: Doorway, spent: int, by_hour: int, *, hard: bool = True, instead: str = "") -> None:
    """A budget of 10 dollars a month for everybody, of which so much is spent, and so much of it in each hour today."""
    now = doorway.control.clock.now()
    budget = Budget("b_1", "organisation", 10 * PICO, Period.MONTH, hard=hard, instead=instead)
    key = Key("b_1", window(budget.period, budget.zone, now).since)

    def rows(connection):
        put_accounts(connection, [Account("organisation", Kind.ORGANISATION)], now)
        put_budget(connection, budget, "act_1", now)
        write_leases(connection, [(key, "worker_1", Lease(granted=10 * PICO, spent=spent, buried=True))])
        hours = [now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=ago) for ago in range(1, 5)]
        write_hours(connection, {("b_1", stamp(hour)): by_hour for hour in hours})

    doorway.control.ledger.write(rows)


def test_a_budget_says_on_which_day_it_runs_out(console: Visitor, doorway: Doorway) -> None:
    budgeted(doorway, 4 * PICO, PICO)
    page = shown(console, doorway.owner, "/spend")
    assert "$4.00 of $10.00" in page
    out = doorway.control.clock.now() + timedelta(hours=6)
    assert f"It runs out on {out.day} {out:%B %Y, %H:%M} UTC, if calls go on as in the last day." in page
    assert "1\u00a0budget is spent, or will be" in page


def test_a_budget_that_is_spent_says_what_becomes_of_calls(console: Visitor, doorway: Doorway) -> None:
    budgeted(doorway, 10 * PICO, PICO)
    assert "It is spent. New calls are refused. It begins anew on" in shown(console, doorway.owner, "/spend")
    budgeted(doorway, 11 * PICO, PICO, hard=False)
    assert "It is spent. Calls go on, for it only warns." in shown(console, doorway.owner, "/spend")
    budgeted(doorway, 11 * PICO, PICO, hard=False, instead="fast")
    assert "It is spent. Calls go on with fast." in shown(console, doorway.owner, "/spend")


def test_a_call_says_that_it_went_on_with_a_cheaper_name(console: Visitor, doorway: Doorway) -> None:
    budgeted(doorway, 11 * PICO, PICO, hard=False)
    instead = {"instead": {"name": "fast", "budget": "b_1"}}
    now = doorway.control.clock.now()
    doorway.control.ledger.write(lambda connection: written(connection, "call_1", now, asked="careful", begun=instead))
    page = shown(console, doorway.owner, "/calls/call_1").replace("<bdi>", "").replace("</bdi>", "")
    assert "It went on with fast, because the budget of everybody together was spent" in page


def test_a_call_leads_to_the_piece_of_work_that_it_belongs_to(console: Visitor, doorway: Doorway) -> None:
    now = doorway.control.clock.now()
    work = {"process": "prc_1"}
    doorway.control.ledger.write(lambda connection: written(connection, "call_1", now, begun=work))
    doorway.control.ledger.write(lambda connection: written(connection, "call_2", now))
    assert "/ledger?process=prc_1&decisions=yes" in shown(console, doorway.owner, "/calls/call_1")
    assert "/ledger?process=" not in shown(console, doorway.owner, "/calls/call_2")


def test_nobody_sees_budgets_of_others(console: Visitor, doorway: Doorway) -> None:
    budgeted(doorway, 4 * PICO, PICO)
    bea = doorway.hire("Bea Builder", "builder")
    assert "$10.00" not in shown(console, bea, "/spend")


def test_a_call_that_was_priced_anew_has_both_figures_and_all_receipts(console: Visitor, doorway: Doorway) -> None:
    today = doorway.control.clock.now()

    def rows(connection):
        setting_up.provider(connection, "local", "compatible", prices="")
        written(connection, "call_1", today, provider="local", model="llama3")

    doorway.control.ledger.write(rows)
    doorway.does(doorway.owner, SetPrice("local", "llama3", "1", "2"))
    doorway.does(doorway.owner, RepriceCalls(today.date().isoformat(), today.date().isoformat()))
    page = shown(console, doorway.owner, "/calls/call_1")
    assert "It cost $0.0014" in page
    assert "$0.0014, counted anew" in page
    assert "$0.0036, at the prices of that time. Budgets count that" in page
    assert "What it costs, counted anew: record 1 of 1" in page
    assert "$1.00 a million" in page


def test_each_record_of_a_call_is_proven_when_it_is_looked_at(
    console: Visitor, doorway: Doorway, tmp_path: Path
) -> None:
    control, now = doorway.control, doorway.clock.now()
    lines = [b'{"k":"begin","call":"call_1"}', b'{"call":"call_1","k":"end"}']
    sealed(control, tmp_path / "journal", lines)
    control.ledger.write(lambda connection: written(connection, "call_1", now, begun_in=AT[0], ended_in=AT[1]))
    page = shown(console, doorway.owner, "/calls/call_1")
    assert page.count("It is as it was recorded: that was checked just now.") == 2
    assert "record 2 of 2 in" in page
    assert '{"k":"begin","call":"call_1"}' in page
    receipt = re.findall(r'href="(/ledger/\d+)"', page)[0]
    assert console.as_(doorway.owner).get(receipt).status_code == 200


def test_a_batch_that_was_changed_does_not_pass_for_proof(console: Visitor, doorway: Doorway, tmp_path: Path) -> None:
    control, now = doorway.control, doorway.clock.now()
    blob = sealed(control, tmp_path / "journal", [b"one", b"two"])
    path = control.blobs.path_of(blob)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"one", b"uno"))
    control.ledger.write(lambda connection: written(connection, "call_1", now, begun_in=AT[0], ended_in=AT[1]))
    page = shown(console, doorway.owner, "/calls/call_1")
    assert "that was checked just now" not in page
    assert "The proof does not hold" in page or "is not kept any more" in page


def test_an_apps_page_and_the_overview_lead_to_what_models_cost(console: Visitor, calling: Doorway) -> None:
    calling.deploys(calling.owner)
    page = shown(console, calling.owner, "/apps/vendor-board")
    assert '/spend?app=vendor-board&by=model">$1.02 in 5\u00a0calls' in page
    assert '/spend?days=30">$3.02 in 6\u00a0calls' in shown(console, calling.owner, "/overview")


def test_the_api_rehearses_a_swap_as_the_page_does(doorway: Doorway) -> None:
    control, now = doorway.control, doorway.clock.now()

    def rows(connection):
        setting_up.provider(connection, "openai")
        setting_up.provider(connection, "anthropic")
        for number in range(3):
            written(connection, f"call_{number}", now)

    control.ledger.write(rows)
    token = str(doorway.does(doorway.owner, CreateToken("reads", scopes=("read",))).answer["token"])
    api = TestClient(create(control._api()), headers={"authorization": f"Bearer {token}"})
    asked = {"provider": "openai", "instead": "anthropic", "model": "gpt-5-mini=claude-haiku-4-5"}
    told = api.get("/v1/gateway/swap", params=asked).json()
    assert (told["calls"], told["moving"]) == (3, 3)
    assert (told["before"], told["after"]) == (3 * 3_600_000_000, 3 * 2_000_000_000)
    assert told["routes"] == ["gpt-5-mini anthropic/claude-haiku-4-5 else openai/gpt-5-mini"]
    assert api.get("/v1/gateway/swap", params=asked | {"model": "gpt-5-mini"}).status_code == 400
    assert api.get("/v1/gateway/swap", params=asked | {"instead": "nobody"}).status_code == 404


AT = ("models-0_000000000001/0", "models-0_000000000001/1")


def sealed(control: InOneProcess, folder: Path, lines: list[bytes]) -> str:
    """A journal of the gateway with these records, taken into the ledger; the digest of its batch."""
    journal = Journal(folder)
    for line in lines:
        journal.append(line)
    journal.seal()
    journal.close()
    sealer = Sealer(folder, control.ledger, control.database, series="models-0", keep=control.blobs.put)
    (entry,) = sealer.seal_all()
    return str(entry.receipt.happened["blob"])
