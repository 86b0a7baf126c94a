"""Providers, keys, routes and budgets are set up by verbs; what the gateway hears of them follows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from tests.house import Doorway

from greenlane.catalog.actions import TransferApp
from greenlane.gateway import deploy_keys, queries
from greenlane.gateway.actions import (
    AddProvider,
    AddProviderKey,
    AllowModels,
    ChangeProvider,
    EndProviderKey,
    MakeGatewayKey,
    RemoveProvider,
    RemoveRoute,
    RevokeGatewayKey,
    SetDataRule,
    SetRoute,
    SetUsualProvider,
)
from greenlane.gateway.budgets.actions import (
    EndBudget,
    SetBudget,
    SetHiddenBound,
    SetModelSettings,
    SetPrice,
    SetRateLimit,
)
from greenlane.gateway.compile import Compiler
from greenlane.gateway.following import ModelFollowing
from greenlane.gateway.perimeter.asking import Asking
from greenlane.gateway.perimeter.compiling import PerimeterCompiler
from greenlane.gateway.prices.compiling import compile_list
from greenlane.gateway.prices.listed import Listed
from greenlane.gateway.prices.money import PICO
from greenlane.gateway.prices.table import Table
from greenlane.gateway.serving.standing import Standing
from greenlane.gateway.swapping.actions import SetRoutes
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity.actions import CreateTeam, SuspendPerson
from greenlane.insights import sentences, undoing

SECRET = bytes(range(32))
KEY = "sk-proj-0123456789abcdefghijklmnop"
OPENAI = AddProvider("openai", "openai", key=KEY)
PRICES = Table(Listed.of(**compile_list()))


class World:
    """The doorway, and a gateway's table that follows what is done behind it. Nobody follows it further."""

    def __init__(self, doorway: Doorway, socket: Any) -> None:
        self.doorway = doorway
        self.placed: dict[str, list[tuple[str, str, str, str]]] = {}
        control = doorway.control
        self.compiler = Compiler(
            control.sealing,
            control.clock,
            SECRET,
            lambda _connection, app: self.placed.get(app.name, ()),
            PerimeterCompiler(control.sealing, control.clock, SECRET),
            SECRET,
        )
        self.following = ModelFollowing(
            database=control.database,
            write=control.ledger.write,
            compiler=self.compiler,
            socket=socket,
            later=lambda task: task(),
            ask=Asking(control.door).ask,
            clock=control.clock,
        )
        control.door.subscribe(self.following.hear)

    def does(self, action: Any, who: Actor | None = None) -> Any:
        return self.doorway.does(who or self.doorway.owner, action)

    def undo(self, verb: str) -> Any:
        """Take the last action of a verb back, as its receipt offers."""
        done = [one for one in self.doorway.receipts(verb) if one.happened.get("state") == "done"]
        found = undoing.undo(done[-1], {})
        assert found is not None
        return self.does(REGISTRY.named(found.verb).build(dict(found.inputs)))

    def table(self) -> dict[str, dict[str, Any]]:
        authority = self.following.authority
        return {section: dict(authority.entries(section)) for section in SECTIONS}

    def reads(self, ask: Callable[..., Any], *given: Any) -> Any:
        with self.doorway.control.database.read() as connection:
            return ask(connection, *given)


SECTIONS = (
    *("keys", "providers", "routes", "usual", "allowed", "rules", "patterns", "budgets", "accounts", "limits"),
    *("prices", "bounds", "settings"),
)


@pytest.fixture
def world(doorway: Doorway, tmp_path: Any) -> World:
    return World(doorway, tmp_path / "feed")


def test_a_provider_is_there_for_the_next_call_and_its_key_for_nobody(world: World) -> None:
    answer = world.does(OPENAI)
    entry = world.table()["providers"]["openai"]
    assert (entry["base_url"], entry["prices"], entry["on"]) == ("https://api.openai.com/v1", "openai", True)
    assert [one["secret"] for one in entry["credentials"]] == [KEY]
    assert world.table()["usual"] == {"openai": "openai", "anthropic": "openai", "gemini": "openai"}
    told = str(world.doorway.receipts("add-provider")) + str(answer) + repr(OPENAI)
    assert KEY not in told
    assert world.reads(queries.provider, "openai").credentials[0].ending == "mnop"
    with world.doorway.control.database.read() as connection:
        for table in ("model_credential", "action"):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()
            assert KEY not in str(rows)


def test_the_newest_key_comes_first_and_ends_alone(world: World) -> None:
    world.does(OPENAI)
    second = world.does(AddProviderKey("openai", "sk-second-0123456789abcdef")).answer["credential"]
    secrets = [one["secret"] for one in world.table()["providers"]["openai"]["credentials"]]
    assert secrets == ["sk-second-0123456789abcdef", KEY]
    world.undo("add-provider-key")
    assert [one["secret"] for one in world.table()["providers"]["openai"]["credentials"]] == [KEY]
    with pytest.raises(NotFound):
        world.does(EndProviderKey("openai", second))


def test_a_provider_changes_and_goes(world: World) -> None:
    world.does(OPENAI)
    with pytest.raises(Conflict):
        world.does(OPENAI)
    world.does(ChangeProvider("openai", region="eu", on=False))
    entry = world.table()["providers"]["openai"]
    assert (entry["region"], entry["on"]) == ("eu", False)
    assert world.table()["usual"] == {}
    world.undo("change-provider")
    assert world.table()["providers"]["openai"] == {**entry, "region": "us", "on": True}
    world.undo("add-provider")
    assert world.table()["providers"] == {}
    with pytest.raises(NotFound):
        world.does(RemoveProvider("openai"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Open AI"},
        {"kind": "skynet"},
        {"kind": "compatible"},
        {"kind": "openai", "responses": True},
        {"timeout": -1},
        {"timeout": 601},
        {"base_url": "ftp://models.example.com"},
        {"base_url": "https://user:pass@models.example.com"},
        {"base_url": "https://models.example.com/v1?key=x"},
        {"networks": ("10.0.0.0/99",)},
        {"key": "two words"},
        {"key": "a\nb"},
    ],
)
def test_what_is_no_provider_is_refused_when_it_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongInput):
        replace(OPENAI, **wrong)


def test_a_provider_that_imitates_openai_may_serve_its_responses(world: World) -> None:
    world.does(OPENAI)
    world.does(AddProvider("local", "compatible", base_url="http://localhost:11434/v1"))
    assert not world.table()["providers"]["local"]["responses"]
    world.does(ChangeProvider("local", responses=True))
    assert world.table()["providers"]["local"]["responses"]
    world.undo("change-provider")
    assert not world.table()["providers"]["local"]["responses"]
    with pytest.raises(WrongInput, match="kind openai"):
        world.does(ChangeProvider("openai", responses=True))


def test_a_provider_and_a_route_say_how_long_silence_is_borne(world: World) -> None:
    world.does(replace(OPENAI, timeout=30))
    assert world.table()["providers"]["openai"]["timeout"] == 30
    world.does(ChangeProvider("openai", timeout=10))
    world.undo("change-provider")
    assert world.table()["providers"]["openai"]["timeout"] == 30
    world.does(SetRoute("fast", ("openai/gpt-5-mini",), ("openai/gpt-5",), timeout=5))
    world.does(SetRoute("fast", ("openai/gpt-5-mini",)))
    assert world.table()["routes"]["fast"]["timeout"] == 0
    world.undo("set-route")
    assert world.table()["routes"]["fast"]["timeout"] == 5
    world.does(SetRoutes(("fast openai/gpt-5",)))
    assert world.table()["routes"]["fast"]["timeout"] == 5, "a swap changes where a name leads, and nothing else of it"
    with pytest.raises(WrongInput):
        SetRoute("fast", ("openai/gpt-5",), timeout=601)


def test_an_alias_leads_where_it_is_told_and_back(world: World) -> None:
    world.does(OPENAI)
    world.does(AddProvider("local", "compatible", base_url="http://localhost:11434/v1"))
    with pytest.raises(NotFound):
        world.does(SetRoute("fast", ("nobody/gpt-5",)))
    world.does(SetRoute("Fast", ("openai/gpt-5-mini=3", "local/llama3"), ("local/phi",)))
    first = world.table()["routes"]["fast"]
    assert first["targets"][0] == {"provider": "openai", "model": "gpt-5-mini", "weight": 3}
    world.does(SetRoute("fast", ("local/llama3",)))
    world.undo("set-route")
    assert world.table()["routes"]["fast"] == first
    world.does(RemoveRoute("fast"))
    assert world.table()["routes"] == {}
    world.undo("remove-route")
    assert world.table()["routes"]["fast"] == first
    world.does(SetUsualProvider("openai", "local"))
    assert world.table()["usual"]["openai"] == "local"
    world.undo("set-usual-provider")
    assert world.table()["usual"]["openai"] == "openai"


def test_a_persons_key_is_theirs_until_it_ends(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    world.does(OPENAI)
    answer = world.does(MakeGatewayKey(days=1), ana).answer
    hashed = sha256(answer["token"].encode()).hexdigest()
    entry = world.table()["keys"][hashed]
    assert (entry["person"], entry["spenders"], entry["kind"]) == (ana.id, [f"person:{ana.id}"], "person")
    assert entry["actor"] == [{"kind": "person", "id": ana.id, "credential": answer["key"]}]
    (made,) = world.doorway.receipts("make-gateway-key")
    assert answer["token"] not in str(made)
    assert entry["process"] == made.process
    bert = world.doorway.hire("Bert", "builder")
    assert world.does(RevokeGatewayKey(answer["key"]), bert).decision.lane is Lane.CLOSED
    assert world.does(RevokeGatewayKey(answer["key"], person=bert.id), bert).decision.lane is Lane.CLOSED
    world.does(RevokeGatewayKey(answer["key"]), ana)
    assert hashed not in world.table()["keys"]


def test_a_key_for_an_app_takes_the_right_to_work_on_it(world: World) -> None:
    ana, vic = world.doorway.hire("Ana", "builder"), world.doorway.hire("Vic", "visitor")
    world.does(OPENAI)
    world.doorway.deploys(ana)
    assert world.does(MakeGatewayKey("vendor-board"), vic).decision.lane is Lane.CLOSED
    answer = world.does(MakeGatewayKey("vendor-board"), ana).answer
    entry = world.table()["keys"][sha256(answer["token"].encode()).hexdigest()]
    assert entry["spenders"] == ["environment:vendor-board/dev", f"person:{ana.id}"]
    assert (entry["app"], entry["environment"], entry["deploy"]) == ("vendor-board", "dev", None)


def test_whoever_is_suspended_has_no_key_left_even_when_they_come_back(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    world.does(OPENAI)
    world.does(MakeGatewayKey(), ana)
    assert world.table()["keys"]
    world.does(SuspendPerson(ana.id))
    assert world.table()["keys"] == {}
    world.undo("suspend-person")
    assert world.table()["keys"] == {}


def test_a_deploys_key_is_there_while_it_is_placed(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    world.does(OPENAI)
    world.placed["vendor-board"] = [("preview", "dep_1", "run", "prc_1"), ("preview", "bld_1", "build", "prc_1")]
    world.doorway.deploys(ana)
    secret = deploy_keys.deploy_key(SECRET, "vendor-board", "preview", "dep_1")
    keys = world.table()["keys"]
    assert len(keys) == 2
    entry = keys[sha256(secret.encode()).hexdigest()]
    assert (entry["deploy"], entry["use"], entry["process"]) == ("dep_1", "run", "prc_1")
    assert entry["spenders"] == ["environment:vendor-board/preview"]
    assert [link["id"] for link in entry["actor"]] == [ana.id, "vendor-board"]
    del world.placed["vendor-board"]
    world.doorway.publishes(ana, audience="team")
    assert world.table()["keys"] == {}


def test_accounts_follow_apps_teams_and_people(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    world.doorway.deploys(ana)
    accounts = world.table()["accounts"]
    team = accounts["app:vendor-board"]["parent"]
    assert accounts["environment:vendor-board/staging"] == {"kind": "environment", "parent": "app:vendor-board"}
    assert accounts[team] == {"kind": "team", "parent": "organisation"}
    assert accounts[f"person:{ana.id}"] == {"kind": "person", "parent": "organisation"}
    world.does(CreateTeam("sales"))
    world.does(TransferApp("vendor-board", team="sales"))
    assert world.table()["accounts"]["app:vendor-board"]["parent"] not in (team, None)


def test_staging_previews_and_people_have_small_budgets_of_their_own(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    world.doorway.deploys(ana)
    assert world.table()["budgets"] == {}, "nobody needs one while there is no provider"
    world.does(OPENAI)
    world.does(MakeGatewayKey(), ana)
    amounts = {one["account"]: one["amount"] for one in world.table()["budgets"].values()}
    assert amounts == {
        "environment:vendor-board/preview": PICO,
        "environment:vendor-board/staging": 5 * PICO,
        f"person:{ana.id}": 10 * PICO,
    }
    world.does(SetModelSettings(previews="none", staging="0.25"))
    amounts = {one["account"]: one["amount"] for one in world.table()["budgets"].values()}
    assert "environment:vendor-board/preview" not in amounts
    assert amounts["environment:vendor-board/staging"] == PICO // 4
    world.does(SetBudget("3", "week", app="vendor-board", environment="staging"))
    held = [one for one in world.table()["budgets"].values() if one["account"].endswith("/staging")]
    assert [(one["amount"], one["period"]) for one in held] == [(3 * PICO, "week")]
    world.does(EndBudget("week", app="vendor-board", environment="staging"))
    held = [one for one in world.table()["budgets"].values() if one["account"].endswith("/staging")]
    assert [(one["amount"], one["period"]) for one in held] == [(PICO // 4, "day")]
    world.undo("set-model-settings")
    assert len(world.table()["budgets"]) == 3


def test_a_new_app_has_its_small_budgets_at_once(world: World) -> None:
    world.does(OPENAI)
    world.doorway.deploys(world.doorway.hire("Ana", "builder"))
    assert {one["account"] for one in world.table()["budgets"].values()} == {
        "environment:vendor-board/preview",
        "environment:vendor-board/staging",
    }


def test_a_budget_is_set_changed_and_ended(world: World) -> None:
    world.does(SetBudget("20.50", team="home"))
    world.does(SetBudget("30", team="home", soft=True))
    (entry,) = world.table()["budgets"].values()
    assert (entry["amount"], entry["hard"], entry["period"]) == (30 * PICO, False, "month")
    world.undo("set-budget")
    (entry,) = world.table()["budgets"].values()
    assert (entry["amount"], entry["hard"]) == (20_500_000_000_000, True)
    world.does(SetBudget("40", team="home", zone="Europe/Berlin"))
    (entry,) = world.table()["budgets"].values()
    assert (entry["amount"], entry["zone"]) == (40 * PICO, "Europe/Berlin")
    world.does(EndBudget(team="home"))
    assert world.table()["budgets"] == {}
    with pytest.raises(NotFound):
        world.does(EndBudget(team="home"))


def test_a_soft_budget_and_a_name_say_what_calls_go_on_with(world: World) -> None:
    world.does(OPENAI)
    with pytest.raises(NotFound, match="fast leads nowhere"):
        world.does(SetRoute("careful", ("openai/gpt-5",), when_spent="fast"))
    with pytest.raises(NotFound, match="fast leads nowhere"):
        world.does(SetBudget("5", soft=True, then="fast"))
    world.does(SetRoute("fast", ("openai/gpt-5-mini",)))
    world.does(SetRoute("careful", ("openai/gpt-5",), when_spent="Fast"))
    assert world.table()["routes"]["careful"]["when_spent"] == "fast"
    world.does(SetRoutes(("careful openai/gpt-5-pro",)))
    assert world.table()["routes"]["careful"]["when_spent"] == "fast", "a swap changes where a name leads, and no more"
    world.does(SetRoute("careful", ("openai/gpt-5",)))
    assert world.table()["routes"]["careful"]["when_spent"] == ""
    world.undo("set-route")
    assert world.table()["routes"]["careful"]["when_spent"] == "fast"
    world.does(SetBudget("5", soft=True, then="openai/gpt-5-nano"))
    world.does(SetBudget("6", soft=True))
    assert [one["instead"] for one in world.table()["budgets"].values()] == [""]
    world.undo("set-budget")
    assert [one["instead"] for one in world.table()["budgets"].values()] == ["openai/gpt-5-nano"]


def test_what_cannot_stand_in_is_refused_when_it_is_said() -> None:
    with pytest.raises(WrongInput, match="model's own name"):
        SetRoute("GPT-5", ("openai/gpt-5",), when_spent="fast")
    with pytest.raises(WrongInput, match="stand in for itself"):
        SetRoute("fast", ("openai/gpt-5",), when_spent="FAST")
    with pytest.raises(WrongInput, match="nothing that they could go on with"):
        SetBudget("5", then="fast")


@pytest.mark.parametrize("dollars", ["much", "-1", "9000001", "0.0000000000001", "NaN", "Infinity"])
def test_a_budget_is_an_amount_of_dollars(dollars: str) -> None:
    with pytest.raises(WrongInput):
        SetBudget(dollars)


def test_an_account_is_one_thing() -> None:
    with pytest.raises(WrongInput):
        SetBudget("1", app="board", team="home")
    with pytest.raises(WrongInput):
        SetBudget("1", environment="staging")
    with pytest.raises(WrongInput):
        SetBudget("1", app="board", environment="moon")


def test_limits_models_bounds_and_prices_hold_and_are_taken_back(world: World) -> None:
    world.does(OPENAI)
    before = world.table()
    world.does(AllowModels(("claude-*", "fast"), team="home"))
    world.does(SetRateLimit(requests=60, team="home"))
    world.does(SetHiddenBound("0.50"))
    world.does(SetPrice("openai", "GPT-Mine", input="2", output="8"))
    world.does(SetDataRule("email", "mask", regions=("eu",)))
    table = world.table()
    (team,) = table["allowed"]
    assert table["allowed"][team] == ["claude-*", "fast"]
    assert table["limits"] == {team: {"requests": 60, "tokens": None}}
    assert table["bounds"] == {"organisation": PICO // 2}
    assert table["prices"]["openai/gpt-mine"]["prices"] == {"input": 2_000_000, "output": 8_000_000}
    assert table["rules"]["email"] == {
        "regions": ["eu"],
        "keeps_nothing": False,
        "action": "mask",
        "answers": "allow",
        "countries": [],
    }
    for verb in ("allow-models", "set-rate-limit", "set-hidden-bound", "set-price", "set-data-rule"):
        world.undo(verb)
    assert world.table() == before


def test_the_gateway_understands_every_table(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    world.does(OPENAI)
    world.does(AddProvider("claude", "anthropic", key="sk-ant-0123456789abcdefgh"))
    world.does(SetRoute("careful", ("claude/claude-sonnet-4-5",)))
    world.does(SetPrice("openai", "gpt-mine", input="2", output="8"))
    world.does(SetBudget("20"))
    world.does(MakeGatewayKey(), ana)
    standing = Standing(PRICES)
    standing.replace({"version": 1, **world.table()})
    assert standing.providers["openai"].credentials[0].secret == KEY
    assert standing.priced_as("openai", "gpt-mine") == "openai"
    assert {one.account for one in standing.budgets.values()} == {"organisation", f"person:{ana.id}"}


def test_a_restart_compiles_what_the_steps_made(world: World, tmp_path: Any) -> None:
    world.placed["vendor-board"] = [("preview", "dep_1", "run", "prc_1")]
    ana = world.doorway.hire("Ana", "builder")
    world.does(OPENAI)
    world.doorway.deploys(ana)
    world.does(MakeGatewayKey("vendor-board"), ana)
    world.does(SetBudget("20", app="vendor-board"))
    again = World(world.doorway, tmp_path / "again")
    again.placed = world.placed
    again.following._refresh_app("vendor-board")
    assert again.table() == world.table()


def test_builders_set_nothing_up(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    for action in (OPENAI, SetBudget("1", person=ana.id), SetModelSettings(capture="on"), SetRateLimit(requests=9)):
        assert world.does(action, ana).decision.lane is Lane.CLOSED


def test_people_read_whose_budget_it_is(world: World) -> None:
    ana = world.doorway.hire("Ana", "builder")
    world.doorway.deploys(ana)
    told = []
    for action in (
        SetBudget("5", person=ana.id),
        SetBudget("6", app="vendor-board", environment="preview"),
        SetBudget("7"),
    ):
        world.does(action)
        block = world.doorway.receipts("set-budget")[-1].document()
        told.append(
            world.reads(
                lambda connection, block=block: sentences.receipt(block, sentences.Names.of(connection, [block]))
            )
        )
    assert [" ".join(one.split()[2:10]) for one in told] == [
        "set what Ana may spend on model calls:",
        "set what previews of vendor-board may spend on",
        "set what the organisation may spend on model",
    ]
