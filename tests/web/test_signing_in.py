"""Coming in, going on to an app, and going out; and everything that somebody could try with forms and cookies."""

import pytest

from greenlane.identity.tokens import Kind, mint, sha256
from greenlane.kit.errors import Unavailable
from greenlane.web.asked import SESSION_COOKIE

PLACE = "https://vendor-board.apps.example/about?tab=2"


def cookie_of(answer) -> str:
    """The session that an answer sets; empty when it sets none."""
    set_cookie = answer.headers.get("set-cookie", "")
    return set_cookie.split(";")[0].removeprefix(f"{SESSION_COOKIE}=") if set_cookie else ""


def test_a_link_signs_in_when_its_button_is_pressed_and_only_once(browser, house, ana):
    house.settle(ana)
    link = f"/sign-in/{house.hand_out(Kind.LINK, 'p_ana')}"
    for _ in range(3):
        assert browser.get(link).status_code == 200
    answer = browser.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert house.who(cookie_of(answer)) == ana
    assert browser.post(link).status_code == 410
    assert house.happened == [("sign-in", "p_ana")]


def test_the_session_is_kept_in_a_host_only_cookie(browser, house, ana):
    house.settle(ana)
    answer = browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, "p_ana")})
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-greenlane=gls_")
    assert {a.lower() for a in attributes} == {"httponly", "secure", "path=/", "samesite=lax"}


@pytest.mark.parametrize("around", ["{}", "  {}\n", "https://console.example/sign-in/{}", "Sign in here: <{}>. Bye"])
@pytest.mark.parametrize("kind", [Kind.LINK, Kind.API])
def test_a_link_or_a_token_is_found_in_what_was_pasted(browser, house, ana, kind, around):
    house.settle(ana)
    answer = browser.post("/sign-in", data={"secret": around.format(house.hand_out(kind, "p_ana"))})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


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
    answer = browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, "p_ana"), "to": PLACE})
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
    after = browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, "p_ana"), "to": to})
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
    fresh = cookie_of(browser.post("/sign-in", data={"secret": house.hand_out(Kind.API, "p_ana")}))
    assert fresh not in {"", planted}
    assert house.who(planted) is None


def test_every_sign_in_is_a_session_of_its_own(browser, house, ana):
    house.settle(ana)
    token = house.hand_out(Kind.API, "p_ana")
    sessions = {cookie_of(browser.post("/sign-in", data={"secret": token})) for _ in range(3)}
    assert len(sessions) == 3


def test_a_cookie_that_cannot_be_a_session_is_not_even_looked_up(browser, house, monkeypatch):
    monkeypatch.setattr(house, "who", lambda session: pytest.fail("it was looked up"))
    browser.cookies.set(SESSION_COOKIE, mint(Kind.API).secret)
    assert browser.get("/sign-out").headers["location"] == "/signed-out"


def test_somebody_new_joins_with_their_name(browser, house):
    invitation = f"/invitation/{house.hand_out(Kind.INVITATION)}"
    answer = browser.post(invitation, data={"name": " Zoë Ångström ", "email": "zoe@example.com"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert house.happened == [("accept-invitation", "Zoë Ångström", "zoe@example.com")]
    browser.cookies.set(SESSION_COOKIE, cookie_of(answer))
    assert "Zoë Ångström" in browser.get("/sign-out").text
    assert browser.post(invitation, data={"name": "Zoë"}).headers.get("location") is None


def test_somebody_who_is_here_already_joins_as_themselves(browser, house, ana):
    session = house.settle(ana)
    browser.cookies.set(SESSION_COOKIE, session)
    invitation = f"/invitation/{house.hand_out(Kind.INVITATION)}"
    assert 'name="name"' not in browser.get(invitation).text
    assert cookie_of(browser.post(invitation, data={"name": "Somebody else"})) == session
    assert house.happened == [("accept-invitation", "", "")]


def test_a_used_invitation_says_what_to_do(browser):
    answer = browser.post(f"/invitation/{mint(Kind.INVITATION).secret}", data={"name": "Zoë"})
    assert answer.status_code == 410
    assert "Ask for a new invitation." in answer.text


def test_a_link_for_one_thing_does_not_open_another(browser, house):
    assert browser.get(f"/sign-in/{house.hand_out(Kind.INVITATION)}").status_code == 400
    assert browser.get(f"/sign-in/{house.hand_out(Kind.API)}").status_code == 400
    assert browser.get(f"/invitation/{house.hand_out(Kind.LINK)}").status_code == 400


def test_signing_out_ends_the_session_and_forgets_the_cookie(browser, house, ana):
    session = house.settle(ana)
    browser.cookies.set(SESSION_COOKIE, session)
    assert "Sign out" in browser.get("/sign-out").text
    assert sha256(session) in house.sessions
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signed-out")
    assert cookie_of(answer) in {"", '""'}
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert house.sessions == {}


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
        "/sign-in": {"secret": house.hand_out(Kind.API, "p_ana")},
        f"/sign-in/{house.hand_out(Kind.LINK, 'p_ana')}": {},
        f"/invitation/{house.hand_out(Kind.INVITATION)}": {"name": "Zoë"},
    }
    for address, typed in forms.items():
        answer = browser.post(address, data=typed, headers=headers)
        assert answer.status_code == 403
        assert "Nothing was done" in answer.text
        assert "set-cookie" not in answer.headers
    assert house.happened == []
    assert sha256(session) in house.sessions


def test_an_old_browser_proves_itself_by_its_origin(browser, house, ana):
    browser.cookies.set(SESSION_COOKIE, house.settle(ana))
    del browser.headers["sec-fetch-site"]
    assert browser.post("/sign-out", headers={"origin": "https://console.example"}).status_code == 303
    assert house.happened == [("sign-out", "p_ana")]


def test_a_form_of_another_kind_or_size_is_refused(browser, house):
    assert browser.post("/sign-in", json={"secret": "x"}).status_code == 400
    assert browser.post("/sign-in", files={"secret": b"x"}).status_code == 400
    assert browser.post("/sign-in", data={"secret": "x" * 20_000}).status_code == 413
    assert browser.post("/sign-in", data={str(n): "x" for n in range(300)}).status_code == 400
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/sign-in", content=b"secret=\xff", headers=form).status_code == 400
    assert browser.post("/sign-in", content=b"secret=%ff", headers=form).status_code == 400


def test_the_database_away_is_said_and_the_link_is_not_used_up(browser, house, ana, monkeypatch):
    house.settle(ana)
    link = f"/sign-in/{house.hand_out(Kind.LINK, 'p_ana')}"

    def away(secret):
        raise Unavailable("The database is away.", next_step="Press the button again in a minute.")

    with monkeypatch.context() as patched:
        patched.setattr(house, "sign_in", away)
        answer = browser.post(link)
        assert answer.status_code == 503
        assert "Press the button again in a minute." in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert browser.post(link).status_code == 303
