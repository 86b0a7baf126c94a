"""Coming in, going on to an app, and going out; and everything that somebody could try with forms and cookies."""

import re

import pytest
from tests.identity.sso.issuer import HERE, Issuer

from greenlane.govern.actor import Actor
from greenlane.identity import queries
from greenlane.identity.actions import MakeRecoveryCodes, SetPassword
from greenlane.identity.sso.actions import AddIdentityProvider
from greenlane.identity.tokens import Kind, mint
from greenlane.kit.errors import Unavailable
from greenlane.web.asked import SESSION_COOKIE

PLACE = "https://vendor-board.apps.example/about?tab=2"


def cookie_of(answer) -> str:
    """The session that an answer sets; empty when it sets none."""
    set_cookie = answer.headers.get("set-cookie", "")
    return set_cookie.split(";")[0].removeprefix(f"{SESSION_COOKIE}=") if set_cookie else ""


def test_a_link_signs_in_when_its_button_is_pressed_and_only_once(browser, house, ana):
    house.settle(ana)
    link = f"/sign-in/{house.hand_out(Kind.LINK, ana)}"
    for _ in range(3):
        assert browser.get(link).status_code == 200
    answer = browser.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    assert house.who(cookie_of(answer)) == ana.person
    assert browser.post(link).status_code == 410
    assert house.happened == [("sign-in", ana.person)]


def test_the_session_is_kept_in_a_host_only_cookie(browser, house, ana):
    house.settle(ana)
    answer = browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, ana)})
    first, again = answer.headers.get_list("set-cookie")
    assert again.startswith("__Host-greenlane-browser=")
    name, *attributes = first.split("; ")
    assert name.startswith("__Host-greenlane=gls_")
    assert {a.lower() for a in attributes} == {"httponly", "secure", "path=/", "samesite=lax"}


@pytest.mark.parametrize("around", ["{}", "  {}\n", "https://console.example/sign-in/{}", "Sign in here: <{}>. Bye"])
@pytest.mark.parametrize("kind", [Kind.LINK, Kind.API])
def test_a_link_or_a_token_is_found_in_what_was_pasted(browser, house, ana, kind, around):
    house.settle(ana)
    answer = browser.post("/sign-in", data={"secret": around.format(house.hand_out(kind, ana))})
    assert (answer.status_code, house.who(cookie_of(answer))) == (303, ana.person)


PASTED = {
    "nothing": "",
    "a word": "hello",
    "a piece": "glt_short",
    "a typing error": mint(Kind.API).secret[:-1] + "~",
    "something else": mint(Kind.SESSION).secret,
    "an unknown link": mint(Kind.LINK).secret,
}


@pytest.mark.parametrize("pasted", PASTED.values(), ids=PASTED)
def test_what_does_not_sign_in_is_said_beside_the_field_and_never_printed_back(browser, pasted):
    answer = browser.post("/sign-in", data={"secret": pasted, "to": PLACE})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "autofocus" in answer.text
    assert f'value="{PLACE}"' in answer.text
    assert "set-cookie" not in answer.headers
    if len(pasted) > 10:
        assert pasted not in answer.text


def test_an_invitation_pasted_as_a_sign_in_link_is_explained(browser, house):
    answer = browser.post("/sign-in", data={"secret": house.hand_out(Kind.INVITATION)})
    assert "This is an invitation." in answer.text


def test_signing_in_goes_on_to_where_you_wanted(browser, house, ana):
    house.settle(ana)
    answer = browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, ana), "to": PLACE})
    assert answer.status_code == 200
    seconds, _, way = answer.headers["refresh"].partition("; url=")
    assert seconds == "0"
    assert way == PLACE, "the app's host asks the console by itself"


def test_somebody_who_is_signed_in_sees_no_sign_in_page(browser, house, ana):
    browser.cookies.set(SESSION_COOKIE, house.settle(ana))
    assert browser.get("/sign-in").headers["location"] == "/"
    assert browser.get("/sign-in", params={"to": PLACE}).headers["location"] == PLACE
    assert browser.get("/sign-in", params={"to": "//evil.example"}).headers["location"] == "/"


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/", "https://vendor-board.apps.example@evil.example/", ""]
)
def test_no_door_leads_to_a_stranger(browser, house, ana, to):
    session = house.settle(ana)
    after = browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, ana), "to": to})
    assert (after.status_code, after.headers["location"]) == (303, "/")
    assert "refresh" not in after.headers
    browser.cookies.set(SESSION_COOKIE, session)
    answer = browser.get("/sign-in", params={"to": to})
    assert answer.headers.get("location", "/") == "/"
    assert "evil.example" not in answer.text


def test_a_session_planted_beforehand_is_worth_nothing_after_signing_in(browser, house, ana):
    planted = mint(Kind.SESSION).secret
    house.settle(ana)
    browser.cookies.set(SESSION_COOKIE, planted)
    fresh = cookie_of(browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, ana)}))
    assert fresh not in {"", planted}
    assert house.who(planted) is None


def test_every_sign_in_is_a_session_of_its_own(browser, house, ana):
    house.settle(ana)
    token = house.hand_out(Kind.API, ana)
    sessions = {cookie_of(browser.post("/sign-in", data={"secret": token})) for _ in range(3)}
    assert len(sessions) == 3


def test_a_cookie_that_cannot_be_a_session_is_not_even_looked_up(browser, house, monkeypatch):
    monkeypatch.setattr(queries, "who_is", lambda *_: pytest.fail("it was looked up"))
    browser.cookies.set(SESSION_COOKIE, mint(Kind.API).secret)
    assert browser.get("/sign-out").headers["location"] == "/signed-out"


def test_somebody_new_joins_with_their_name(browser, house):
    invitation = f"/invitation/{house.hand_out(Kind.INVITATION)}"
    answer = browser.post(invitation, data={"name": " Zoë Ångström ", "email": "zoe@example.com"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    assert [verb for verb, _ in house.happened] == ["accept-invitation"]
    browser.cookies.set(SESSION_COOKIE, cookie_of(answer))
    assert "Zoë Ångström" in browser.get("/sign-out").text
    assert browser.post(invitation, data={"name": "Zoë"}).headers.get("location") is None


def test_somebody_who_is_here_already_joins_as_themselves(browser, house, ana):
    session = house.settle(ana)
    browser.cookies.set(SESSION_COOKIE, session)
    invitation = f"/invitation/{house.hand_out(Kind.INVITATION)}"
    assert 'name="name"' not in browser.get(invitation).text
    assert cookie_of(browser.post(invitation, data={"name": "Somebody else"})) == ""
    assert house.happened == [("accept-invitation", ana.person)]
    assert house.who(session) == ana.person


def test_a_used_invitation_says_what_to_do(browser):
    answer = browser.post(f"/invitation/{mint(Kind.INVITATION).secret}", data={"name": "Zoë"})
    assert answer.status_code == 410
    assert "Ask whoever invited you for a new one." in answer.text


def test_a_link_for_one_thing_does_not_open_another(browser, house):
    assert browser.get(f"/sign-in/{house.hand_out(Kind.INVITATION)}").status_code == 400
    assert browser.get(f"/sign-in/{house.hand_out(Kind.API)}").status_code == 400
    assert browser.get(f"/invitation/{house.hand_out(Kind.LINK)}").status_code == 400


def test_signing_out_ends_the_session_and_forgets_the_cookie(browser, house, ana):
    session = house.settle(ana)
    browser.cookies.set(SESSION_COOKIE, session)
    assert "Sign out" in browser.get("/sign-out").text
    assert house.who(session) == ana.person
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signed-out")
    assert cookie_of(answer) in {"", '""'}
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert house.who(session) is None


def test_signing_out_twice_is_no_error(browser):
    assert browser.post("/sign-out").headers["location"] == "/signed-out"


STRANGERS = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "same-site", "origin": "https://console.example"},
    {"origin": "https://evil.example"},
    {"origin": "https://vendor-board.apps.example"},
    {"origin": "http://console.example"},
    {"origin": "https://console.example:8443"},
    {"origin": "https://console.example.evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"referer": "https://console.example/"},
    {},
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_a_form_that_another_page_sent_does_nothing(browser, house, ana, headers):
    session = house.settle(ana)
    browser.cookies.set(SESSION_COOKIE, session)
    del browser.headers["sec-fetch-site"]
    forms = {
        "/sign-out": {},
        "/sign-in": {"secret": house.hand_out(Kind.API, ana)},
        f"/sign-in/{house.hand_out(Kind.LINK, ana)}": {},
        f"/invitation/{house.hand_out(Kind.INVITATION)}": {"name": "Zoë"},
    }
    for address, typed in forms.items():
        answer = browser.post(address, data=typed, headers=headers)
        assert answer.status_code == 403
        assert "Nothing was done" in answer.text
        assert "set-cookie" not in answer.headers
    assert house.happened == []
    assert house.who(session) == ana.person


def test_an_old_browser_proves_itself_by_its_origin(browser, house, ana):
    browser.cookies.set(SESSION_COOKIE, house.settle(ana))
    del browser.headers["sec-fetch-site"]
    assert browser.post("/sign-out", headers={"origin": "https://console.example"}).status_code == 303
    assert house.happened == [("sign-out", ana.person)]


def test_a_form_of_another_kind_or_size_is_refused(browser, house):
    assert browser.post("/sign-in", json={"secret": "x"}).status_code == 400
    assert browser.post("/sign-in", files={"secret": b"x"}).status_code == 400
    assert browser.post("/sign-in", data={"secret": "x" * 70_000}).status_code == 413
    assert browser.post("/sign-in", data={str(n): "x" for n in range(300)}).status_code == 400
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/sign-in", content=b"secret=\xff", headers=form).status_code == 400
    assert browser.post("/sign-in", content=b"secret=%ff", headers=form).status_code == 400


def test_the_database_away_is_said_and_the_link_is_not_used_up(browser, house, ana, monkeypatch):
    house.settle(ana)
    link = f"/sign-in/{house.hand_out(Kind.LINK, ana)}"

    def away(*_):
        raise Unavailable("The database is away.", next_step="Press the button again in a minute.")

    with monkeypatch.context() as patched:
        patched.setattr(house.control.coming_in.arrivals, "by_secret", away)
        answer = browser.post(link)
        assert answer.status_code == 503
        assert "Press the button again in a minute." in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert browser.post(link).status_code == 303


GOOD = "wandering lamp forty crows"


@pytest.fixture
def with_password(house, ana):
    house.doorway.does(Actor("person", ana.person), SetPassword(GOOD))
    return ana


def test_a_name_and_a_password_sign_in(browser, house, with_password):
    answer = browser.post("/sign-in", data={"name": "Ana Costa", "password": GOOD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert house.who(cookie_of(answer)) == with_password.person


def test_a_wrong_password_is_said_at_its_field_the_name_stays_and_the_password_does_not(browser, with_password):
    answer = browser.post("/sign-in", data={"name": "Ana Costa", "password": f"{GOOD}!", "next": "/ledger"})
    assert answer.status_code == 422
    assert 'value="Ana Costa"' in answer.text
    assert GOOD not in answer.text
    assert 'value="/ledger"' in answer.text
    assert "set-cookie" not in answer.headers


def test_spaces_around_a_password_belong_to_it(browser, house, with_password):
    assert browser.post("/sign-in", data={"name": "Ana Costa", "password": f" {GOOD}"}).status_code == 422


def test_too_many_attempts_are_told_with_the_time_to_wait(browser, house, with_password):
    answers = [browser.post("/sign-in", data={"name": "Ana Costa", "password": "x"}) for _ in range(6)]
    assert [one.status_code for one in answers] == [422] * 6
    assert "retry-after" in answers[-1].headers
    assert "Try again in" in answers[-1].text


def test_signing_in_leads_to_the_page_that_was_wanted_and_never_elsewhere(browser, house, with_password):
    for wanted, place in (
        ("/ledger?lane=red", "/ledger?lane=red"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ):
        answer = browser.post("/sign-in", data={"name": "Ana Costa", "password": GOOD, "next": wanted})
        assert answer.headers["location"] == place
        browser.cookies.clear()


def test_signing_in_once_more_ends_the_session_before(browser, house, with_password):
    before = house.settle(with_password)
    browser.cookies.set(SESSION_COOKIE, before)
    assert "Sign in once more" in browser.get("/sign-in?again=1&next=/account").text
    answer = browser.post("/sign-in", data={"name": "Ana Costa", "password": GOOD, "next": "/account"})
    assert answer.headers["location"] == "/account"
    assert house.who(before) is None
    assert house.who(cookie_of(answer)) == with_password.person


def test_a_recovery_code_signs_in_and_offers_a_new_way(browser, house, ana):
    codes = house.doorway.does(Actor("person", ana.person), MakeRecoveryCodes()).answer["codes"]
    answer = browser.post("/sign-in/recover", data={"code": codes[3].upper()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    again = browser.post("/sign-in/recover", data={"code": codes[3]})
    assert again.status_code == 422
    assert codes[3] not in again.text


def test_the_page_is_ready_for_the_company_sign_in(browser, house):
    assert "Sign in with Okta" not in browser.get("/sign-in").text
    house.control.coming_in.books.wire = Issuer(house.control.clock)
    house.doorway.does(house.doorway.owner, AddIdentityProvider("okta", issuer=HERE, client_id="greenlane"))
    page = browser.get("/sign-in").text
    assert '<a class="button" href="/sso/oidc/okta/begin">Sign in with <bdi>Okta</bdi></a>' in page


def test_the_account_lists_sessions_with_the_one_in_use_and_ends_another(browser, house, with_password):
    other = house.settle(with_password)
    browser.cookies.set(SESSION_COOKIE, house.settle(with_password))
    page = browser.get("/account").text
    assert page.count("Sign this browser out") >= 1
    assert "(this browser)" in page
    with house.database.read() as connection:
        signed = queries.who_is(connection, other, house.control.clock.now())
    ended = browser.post("/do/end-session", data={"session": signed.actor.credential, "back": "/account"})
    assert (ended.status_code, ended.headers["location"]) == (303, "/account")
    assert house.who(other) is None


def test_a_password_is_set_on_the_account_page_and_a_weak_one_is_explained(browser, house, ana):
    browser.cookies.set(SESSION_COOKIE, house.settle(ana))
    weak = browser.post("/account/password", data={"password": "password1234"})
    assert weak.status_code == 422
    assert "guessed" in weak.text
    assert "password1234" not in weak.text
    assert browser.post("/account/password", data={"password": GOOD}).headers["location"] == "/account"
    browser.cookies.clear()
    assert browser.post("/sign-in", data={"name": "Ana Costa", "password": GOOD}).status_code == 303


def test_after_a_while_the_account_asks_to_sign_in_once_more(browser, house, with_password):
    browser.cookies.set(SESSION_COOKIE, house.settle(with_password))
    house.control.clock.forward(901)
    page = browser.get("/account").text
    assert "/sign-in?again=1" in page
    assert 'action="/account/password"' not in page
    answer = browser.post("/account/password", data={"password": GOOD})
    assert answer.status_code == 403
    assert "Sign in once more" in answer.text


def test_recovery_codes_and_tokens_are_shown_once(browser, house, ana):
    browser.cookies.set(SESSION_COOKIE, house.settle(ana))
    codes = browser.post("/do/make-recovery-codes", data={"back": "/account", "key": "one"}).text
    assert len(re.findall(r"\b(?:[0-9a-z]{5}-){3}[0-9a-z]{5}\b", codes)) == 10
    token = browser.post("/do/create-token", data={"name": "ci", "scopes": ["read"], "days": "7", "back": "/account"})
    assert "glt_" in token.text
    page = browser.get("/account").text
    assert "10 of your codes work still" in page
    assert not re.search(r"glt_[0-9A-Za-z]{20}", page)


def test_single_letter_keys_can_be_turned_off_without_a_script(browser, house, ana):
    browser.cookies.set(SESSION_COOKIE, house.settle(ana))
    browser.cookies.set("__Host-greenlane-keys", "", domain="console.example")
    off = browser.post("/account/keys", data={"keys": "off"})
    assert "__Host-greenlane-keys=off" in off.headers["set-cookie"]


def test_fields_can_be_filled_by_a_password_manager_and_pasted_into(browser, house):
    page = browser.get("/sign-in").text
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page
    assert 'autocomplete="one-time-code"' in browser.get("/sign-in/recover").text
