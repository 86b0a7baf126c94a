"""Terminals that ask: only what was allowed is fetched, once, by whoever asked; and everything that could be tried."""

from __future__ import annotations

import pytest
from tests.house import Doorway

from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, NotFound, TooSoon, WrongInput
from greenlane.identity import queries as people
from greenlane.identity.actions import SignOut, SuspendPerson
from greenlane.identity.delegation.exchange import NotExchanged
from greenlane.identity.login import flows, queries
from greenlane.identity.login.actions import AllowLogin, RefuseLogin
from greenlane.identity.login.asking import MOST_OF_ADDRESS, Logins, Wanted, sweep

BACK = "http://127.0.0.1:49152/callback"
VERIFIER = "v" * 64
WANTED = Wanted(flows.CLIENT, ("read", "deploy"), 7, "laptop", "192.0.2.7")


class Desk:
    """A person with a browser, and terminals that ask them."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.logins: Logins = doorway.control.coming_in.logins
        self.ada = doorway.hire("Ada Builder", "builder")
        self.here = self.in_browser(self.ada)

    def in_browser(self, who: Actor) -> Actor:
        secret = self.doorway.session(who)
        with self.doorway.control.database.read() as connection:
            signed = people.who_is(connection, secret, self.doorway.clock.now())
        assert signed is not None
        return signed.actor

    def opens(self, wanted: Wanted = WANTED) -> str:
        return self.logins.by_browser(wanted, BACK, "s", flows.challenge_of(VERIFIER), self.ada.id)

    def allows(self, login: str) -> str:
        answer = self.doorway.does(self.here, AllowLogin(login))
        assert answer.state == "done"
        return str(answer.answer.get("code", ""))

    def types(self, code: str) -> str:
        return self.logins.find(code, "192.0.2.9", self.ada.id).id

    def refusal(self, code: str, redirect: str = BACK, verifier: str = VERIFIER, client: str = flows.CLIENT) -> str:
        with pytest.raises(NotExchanged) as error:
            self.logins.fetch_by_code(client, code, redirect, verifier)
        return error.value.oauth

    def polls(self, secret: str) -> str:
        with pytest.raises(NotExchanged) as error:
            self.logins.fetch_by_device(flows.CLIENT, secret)
        return error.value.oauth

    def who(self, token: str) -> people.Signed | None:
        with self.doorway.control.database.read() as connection:
            return people.who_is(connection, token, self.doorway.clock.now())


@pytest.fixture
def desk(doorway: Doorway) -> Desk:
    return Desk(doorway)


def test_a_terminal_gets_exactly_what_was_read_and_allowed(desk: Desk) -> None:
    got = desk.logins.fetch_by_code(flows.CLIENT, desk.allows(desk.opens()), BACK, VERIFIER)
    signed = desk.who(got.token)
    assert signed is not None
    assert (signed.actor.person, signed.scopes, got.scopes) == (desk.ada.id, ("read", "deploy"), ("read", "deploy"))
    assert 6 * 86_400 < got.seconds <= 7 * 86_400
    [made] = desk.doorway.receipts("create-token")
    [allowed] = desk.doorway.receipts("allow-login")
    assert made.cause == allowed.action["id"]
    assert made.actor[-1]["credential"] == desk.here.credential


def test_a_code_counts_once_for_its_own_terminal_and_a_short_time(desk: Desk) -> None:
    code = desk.allows(desk.opens())
    assert desk.refusal(code, verifier="w" * 64) == "invalid_grant"
    assert desk.refusal(code, redirect="http://127.0.0.1:1/callback") == "invalid_grant"
    assert desk.refusal(code, client="another") == "invalid_client"
    assert desk.refusal("glo_nothing") == "invalid_grant"
    desk.logins.fetch_by_code(flows.CLIENT, code, BACK, VERIFIER)
    assert desk.refusal(code) == "invalid_grant"
    late = desk.allows(desk.opens())
    desk.doorway.clock.forward(121)
    assert desk.refusal(late) == "invalid_grant"
    assert len(desk.doorway.receipts("create-token")) == 1


def test_a_device_waits_and_is_told_to_wait_longer(desk: Desk) -> None:
    begun = desk.logins.by_device(WANTED)
    assert desk.polls(begun.secret) == "authorization_pending"
    assert desk.polls(begun.secret) == "slow_down"
    desk.doorway.clock.forward(6)
    assert desk.polls(begun.secret) == "slow_down", "every early question makes the wait five seconds longer"
    desk.doorway.clock.forward(16)
    assert desk.polls(begun.secret) == "authorization_pending"
    desk.allows(desk.types(begun.user_code))
    got = desk.logins.fetch_by_device(flows.CLIENT, begun.secret)
    assert desk.who(got.token) is not None
    assert desk.polls(begun.secret) == "invalid_grant"


def test_nobody_answers_and_it_is_over(desk: Desk) -> None:
    begun = desk.logins.by_device(WANTED)
    desk.doorway.clock.forward(flows.OPEN_FOR.total_seconds() + 1)
    assert desk.polls(begun.secret) == "expired_token"
    with pytest.raises(NotFound):
        desk.types(begun.user_code)


def test_a_refusal_is_heard_and_stays(desk: Desk) -> None:
    begun = desk.logins.by_device(WANTED)
    login = desk.types(begun.user_code)
    assert desk.doorway.does(desk.here, RefuseLogin(login)).state == "done"
    assert desk.polls(begun.secret) == "access_denied"
    with pytest.raises(Conflict):
        desk.doorway.does(desk.here, AllowLogin(login))


@pytest.mark.parametrize("ends", ["the session", "the person"])
def test_what_ends_before_the_token_is_fetched_leaves_nothing(desk: Desk, ends: str) -> None:
    code = desk.allows(desk.opens())
    if ends == "the session":
        desk.doorway.does(desk.here, SignOut())
    else:
        desk.doorway.does(desk.doorway.owner, SuspendPerson(desk.ada.id))
    assert desk.refusal(code) == "access_denied"
    assert desk.doorway.receipts("create-token")[-1].happened["state"] == "refused"


def test_a_question_of_a_browser_is_answered_by_its_own_person_alone(desk: Desk) -> None:
    other = desk.in_browser(desk.doorway.hire("Ben Builder", "builder"))
    assert desk.doorway.does(other, AllowLogin(desk.opens())).state == "refused"


def test_an_agent_lets_no_terminal_in(desk: Desk) -> None:
    agent = Actor("agent", "codex", on_behalf_of=desk.ada.id)
    assert desk.doorway.does(agent, AllowLogin(desk.opens())).state == "refused"


def test_codes_cannot_be_guessed_quickly(desk: Desk) -> None:
    def guesses() -> None:
        for _ in range(10):
            with pytest.raises(NotFound):
                desk.types("BBBB-BBBB")

    with pytest.raises(TooSoon):
        guesses()


def test_an_address_has_few_questions_open_at_once(desk: Desk) -> None:
    for _ in range(MOST_OF_ADDRESS):
        desk.logins.by_device(WANTED)
    with pytest.raises(NotExchanged) as error:
        desk.logins.by_device(WANTED)
    assert error.value.oauth == "slow_down"


def test_what_is_over_is_forgotten_with_where_it_came_from(desk: Desk) -> None:
    login = desk.opens()
    desk.doorway.clock.forward(3600)
    desk.doorway.control.ledger.write(sweep(desk.doorway.clock.now()))
    with desk.doorway.control.database.read() as connection, pytest.raises(NotFound):
        queries.login(connection, login)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/callback",
        "http://evil.example:80/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8080@evil.example/callback",
        "http://127.0.0.1.evil.example:80/callback",
        "http://127.0.0.1:80\\.evil.example/callback",
        "http://127.0.0.1:80/callback?to=1",
        "http://127.0.0.1:80/callback#x",
        "http://127.0.0.1:80/callback;url=https://evil.example",
        "http://localhost:80/callback",
        "http://127.0.0.1:80/call\nback",
        "javascript:alert(1)",
        "",
    ],
)
def test_no_answer_goes_anywhere_but_to_this_machine(elsewhere: str) -> None:
    with pytest.raises(WrongInput):
        flows.check_redirect(elsewhere)


@pytest.mark.parametrize("here", [BACK, "http://[::1]:1/", "http://127.0.0.1:65535/a/b-c"])
def test_an_address_of_this_machine_is_taken(here: str) -> None:
    flows.check_redirect(here)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (Wanted("another", ("read",), 7, "", ""), "invalid_client"),
        (Wanted(flows.CLIENT, ("everything",), 7, "", ""), "invalid_scope"),
        (Wanted(flows.CLIENT, ("read",), 0, "", ""), "invalid_request"),
        (Wanted(flows.CLIENT, ("read",), 7, "x\u202ey", ""), "invalid_request"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(desk: Desk, wrong: Wanted, error: str) -> None:
    with pytest.raises(NotExchanged) as refused:
        desk.logins.by_device(wrong)
    assert refused.value.oauth == error


def test_the_challenge_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert flows.challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
