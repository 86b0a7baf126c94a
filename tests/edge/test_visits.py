"""Who may open an app, how a visit begins and ends, and what happens when control cannot be asked."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.edge.conftest import BEGUN, HTML, World, hashed

TEAM = "board.localhost"
PREVIEW = "d1aaaaaaa--board.localhost"


def test_a_browser_without_a_session_is_led_to_sign_in_and_back(world: World) -> None:
    answer = world.get(f"{TEAM}:4180", "/docs/?a=1&b=2", Accept=HTML)
    assert answer.status == 302
    place = urlsplit(answer.headers["Location"])
    assert (place.scheme, place.netloc, place.path) == ("http", "localhost:4180", "/visit")
    nonce = answer.cookie.removeprefix("__Host-greenlane-begun=")
    assert parse_qs(place.query) == {"to": [f"http://{TEAM}:4180/docs/?a=1&b=2"], "begun": [hashed(nonce)]}
    assert answer.headers["Greenlane-Deploy"] == "d1aaaaaaa"

    code = world.code(f"{TEAM}:4180", begun=hashed(nonce))
    path = f"/.greenlane/visit?code={code}&to=/docs/%3Fa=1"
    back = world.get(f"{TEAM}:4180", path, Accept=HTML, Cookie=answer.cookie)
    assert (back.status, back.headers["Location"]) == (302, "/docs/?a=1")
    cookie = back.headers["Set-Cookie"]
    assert cookie.startswith("__Host-greenlane-visit=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert world.get(TEAM, "/docs/", Accept=HTML, Cookie=f"other=1; {back.cookie}").status == 200


def test_a_code_that_somebody_else_fetched_signs_nobody_in(world: World) -> None:
    """Without this, whoever sends somebody a link with a code of their own has them work under another name."""
    code = world.code(TEAM)
    for cookie in ("", "__Host-greenlane-begun=" + "c1" * 16, "greenlane-begun=" + BEGUN):
        answer = world.get(TEAM, f"/.greenlane/visit?code={code}&to=/", Accept=HTML, Cookie=cookie)
        assert answer.status == 400
        assert "Set-Cookie" not in answer.headers
        assert "only in the browser in which it was asked for" in answer.text
    assert world.back(TEAM, code).status == 302


def test_two_tabs_that_are_sent_to_sign_in_both_come_back(world: World) -> None:
    first = world.get(TEAM, "/", Accept=HTML)
    second = world.get(TEAM, "/docs/", Accept=HTML, Cookie=first.cookie)
    assert second.cookie == first.cookie
    hostile = world.get(TEAM, "/", Accept=HTML, Cookie="__Host-greenlane-begun=short")
    assert len(hostile.cookie.partition("=")[2]) == 32


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_without_a_session_is_told_so_and_never_redirected(world: World, accept: str) -> None:
    answer = world.get(TEAM, "/", Accept=accept)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.problem["code"] == "sign-in-needed"


def test_a_script_of_a_page_is_no_navigation(world: World) -> None:
    assert world.get(TEAM, "/", Accept=HTML, Sec_Fetch_Mode="cors").status == 401
    assert world.get(TEAM, "/", Accept=HTML, Sec_Fetch_Mode="navigate").status == 302
    assert world.ask("POST", TEAM, "/", body=b"", Accept=HTML).status == 401


def test_somebody_outside_the_audience_may_not_open_it(world: World) -> None:
    for who in ("bob", "eve"):
        cookie = world.sign_in(TEAM, who)
        page = world.get(TEAM, "/", Accept=HTML, Cookie=cookie)
        assert page.status == 403
        assert "You are not in this app’s audience" in page.text
        assert '<a class="go" href="http://localhost:4180/ask/board">Ask its owner to let you in</a>' in page.text
        assert "vendors" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        problem = world.get(TEAM, "/", Cookie=cookie).problem
        assert problem["code"] == "outside-audience"
        assert "ask" in problem["next_step"]


@pytest.mark.parametrize(
    ("audience", "ada", "bob"),
    [
        ({"rung": "me", "people": ["p_ada"], "teams": []}, 200, 403),
        ({"rung": "named", "people": ["p_bob"], "teams": []}, 403, 200),
        ({"rung": "team", "people": [], "teams": ["t_sales"]}, 200, 403),
        ({"rung": "named", "people": ["p_bob"], "teams": ["t_sales"]}, 200, 200),
        ({"rung": "everyone", "people": [], "teams": []}, 200, 200),
        ({"rung": "public", "people": [], "teams": []}, 200, 200),
        ({"rung": "a rung to come", "people": [], "teams": []}, 403, 403),
    ],
)
def test_the_ladder(world: World, audience: dict, ada: int, bob: int) -> None:
    world.change(hosts={TEAM: {**world.table["hosts"][TEAM], "audience": audience}})
    for who, wanted in (("ada", ada), ("bob", bob)):
        assert world.get(TEAM, Cookie=world.sign_in(TEAM, who)).status == wanted
    everybody = 200 if audience["rung"] == "public" else 401
    assert world.get(TEAM).status == everybody
    suspended = 200 if audience["rung"] == "public" else 403
    assert world.get(TEAM, Cookie=world.sign_in(TEAM, "eve")).status == suspended


def test_control_hears_once_that_somebody_works_with_a_session(world: World) -> None:
    for who in ("ada", "bob", "ada"):
        cookie = world.sign_in(TEAM, who)
        for path in ("/", "/?again"):
            world.get(TEAM, path, Cookie=cookie)
    world.change(hosts={TEAM: world.table["hosts"][TEAM]})  # everybody is looked up anew after a change
    ada = world.sign_in(TEAM, "ada")
    assert world.get(TEAM, Cookie=ada).status == 200
    world.call(world.control.until(lambda: len(world.control.seen) >= 1))
    assert world.control.seen == [ada.partition("=")[2].partition(".")[0]], "bob may not open it, so he did not"


def test_a_cookie_works_on_its_own_host_alone(world: World) -> None:
    cookie = world.sign_in(TEAM)
    assert world.get(TEAM, Cookie=cookie).status == 200
    assert world.get(PREVIEW, Cookie=cookie).status == 401


def test_a_forged_cookie_is_no_session(world: World) -> None:
    name, _, value = world.sign_in(TEAM).partition("=")
    session, _, seal = value.partition(".")
    forged = [
        f"{hashed('ada')}.",
        hashed("ada"),
        f"{hashed('bob')}.{seal}",
        f"{session}.{'0' * 64}",
        f"{session}.{seal}0",
        f"{session}.{seal.upper()}",
        ".",
        "",
        "\u00e9.x",
    ]
    for one in forged:
        answer = world.raw(
            f"GET / HTTP/1.1\r\nHost: {TEAM}\r\nCookie: {name}={one}\r\nConnection: close\r\n\r\n".encode()
        )
        assert answer.startswith(b"HTTP/1.1 401 "), one


def test_a_code_is_good_once_here_and_now(world: World) -> None:
    def begin(code: str) -> int:
        return world.back(TEAM, code).status

    code = world.code(TEAM)
    assert begin(code) == 302
    assert begin(code) == 400
    assert begin(world.code(PREVIEW, jti="2")) == 400
    assert begin(world.code(TEAM, jti="3", exp=time.time() - 1)) == 400
    assert begin(world.code(TEAM, jti="4", key="00" * 32)) == 400
    right = world.code(TEAM, jti="5")
    assert begin(right[:-1] + ("0" if right[-1] != "0" else "1")) == 400
    assert begin(world.code(TEAM, jti="6", exp="never")) == 400
    for broken in ("", ".", "a.b", "%00", "eyJ9." + "0" * 64):
        assert begin(broken) == 400


@pytest.mark.parametrize(
    ("to", "wanted"),
    [
        ("/a%3Fb=1", "/a?b=1"),
        ("//evil.test/", "/evil.test/"),
        ("/%5Cevil.test", "/%5Cevil.test"),
        ("https://evil.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a%0d%0aSet-Cookie:x", "/a%0D%0ASet-Cookie:x"),
        ("", "/"),
    ],
)
def test_a_visit_leads_to_a_path_of_this_host_and_nowhere_else(world: World, to: str, wanted: str) -> None:
    answer = world.back(TEAM, world.code(TEAM), to)
    assert answer.headers["Location"] == wanted
    assert "x" not in (answer.headers.get_all("Set-Cookie") or [""])[1:]


def test_an_ended_session_and_a_suspension_count_at_once(world: World) -> None:
    cookie = world.sign_in(TEAM)
    connection = world.connect()
    for _ in range(3):
        connection.request("GET", "/", headers={"Host": TEAM, "Cookie": cookie})
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    world.change(people={"p_ada": {"teams": ["t_sales"], "active": False}})
    assert world.get(TEAM, Cookie=cookie).status == 403
    world.change(people={"p_ada": {"teams": ["t_sales"], "active": True}})
    assert world.get(TEAM, Cookie=cookie).status == 200
    world.change(drop={"sessions": [hashed("ada")]})
    assert world.get(TEAM, Cookie=cookie).status == 401
    connection.close()


def test_a_token_opens_an_app_for_its_person(world: World) -> None:
    world.token("glt_good")
    world.token("glt_bob", person="p_bob")
    world.token("glt_narrow", scopes=["deploy"])
    world.token("glt_old", expires=time.time() - 1)
    wanted = {"glt_good": 200, "glt_bob": 403, "glt_narrow": 403, "glt_old": 401, "glt_unknown": 401, "": 401}
    for secret, status in wanted.items():
        assert world.get(TEAM, Authorization=f"Bearer {secret}").status == status
    assert world.get(TEAM, Authorization="bearer glt_good").status == 200
    assert world.get(TEAM, Authorization="Basic glt_good").status == 401
    unknown = world.get(TEAM, Accept=HTML, Authorization="Bearer glt_unknown", Cookie=world.sign_in(TEAM))
    assert unknown.status == 401
    assert 'error="invalid_token"' in unknown.headers["WWW-Authenticate"]
    assert world.get("open.localhost", Authorization="Bearer glt_unknown").status == 200


def test_a_token_ends_on_time_even_when_its_answer_is_remembered(world: World) -> None:
    world.token("glt_short", expires=time.time() + 1.0)
    begun = time.monotonic()
    while world.get(TEAM, Authorization="Bearer glt_short").status == 200:
        assert time.monotonic() - begun < 5
    assert time.monotonic() - begun > 0.3


def test_a_preview_token_opens_its_preview_and_nothing_else(world: World) -> None:
    previews = {
        hashed("pv_good"): {"deploy": "d1aaaaaaa", "id": "pvt_1", "expires": time.time() + 60},
        hashed("pv_other"): {"deploy": "d2", "id": "pvt_2", "expires": time.time() + 60},
        hashed("pv_old"): {"deploy": "d1aaaaaaa", "id": "pvt_3", "expires": time.time() - 1},
    }
    world.change(previews=previews)
    for _ in range(3):
        assert world.get(PREVIEW, "/style.css", Greenlane_Preview="pv_good").status == 200
    for secret in ("pv_other", "pv_old", "pv_unknown", ""):
        assert world.get(PREVIEW, Greenlane_Preview=secret).status == 401
        assert world.get(PREVIEW, f"/?greenlane-preview={secret}", Accept=HTML).status in (401, 302)
    assert world.get(TEAM, Greenlane_Preview="pv_good").status == 401

    answer = world.get(PREVIEW, "/docs/?a=1&greenlane-preview=pv_good&b=2", Accept=HTML)
    assert (answer.status, answer.headers["Location"]) == (302, "/docs/?a=1&b=2")
    assert "pv_good" not in answer.headers["Set-Cookie"]
    assert world.get(PREVIEW, "/docs/", Cookie=answer.cookie).status == 200
    assert world.get(TEAM, "/", Cookie=answer.cookie).status == 401

    world.call(world.edge.stop())
    counted = {view.who: view.count for view in world.sink.views}
    assert counted == {"preview:pvt_1": 4}
    world.start_edge()


def test_a_share_link_opens_production_of_its_app_until_it_ends(world: World) -> None:
    link = {"app": "board", "id": "shr_1", "expires": time.time() + 3600}
    world.change(shares={hashed("glv_good"): link})
    begun = world.get(TEAM, "/docs/?greenlane-share=glv_good&a=1", Accept=HTML)
    assert (begun.status, begun.headers["Location"]) == (302, "/docs/?a=1")
    assert begun.cookie.startswith("__Host-greenlane-share=")
    assert "glv_good" not in begun.headers["Set-Cookie"]
    assert world.get(TEAM, "/docs/", Cookie=begun.cookie).status == 200
    assert world.get(PREVIEW, "/", Cookie=begun.cookie).status == 401
    assert world.get(PREVIEW, "/?greenlane-share=glv_good", Accept=HTML).status == 401
    assert world.get(TEAM, "/?greenlane-share=glv_bad", Accept=HTML).status == 401

    # somebody who is signed in, and outside, comes in by the link; and is counted as the link
    outside = world.sign_in(TEAM, "bob")
    assert world.get(TEAM, "/", Cookie=outside).status == 403
    assert world.get(TEAM, "/", Cookie=f"{outside}; {begun.cookie}").status == 200
    inside = world.sign_in(TEAM, "ada")
    assert world.get(TEAM, "/", Cookie=f"{inside}; {begun.cookie}").status == 200

    world.change(drop={"shares": [hashed("glv_good")]})
    assert world.get(TEAM, "/docs/", Cookie=begun.cookie).status == 401
    world.change(shares={hashed("glv_old"): {**link, "expires": time.time() - 1}})
    assert world.get(TEAM, "/?greenlane-share=glv_old", Accept=HTML).status == 401
    world.change(shares={hashed("glv_other"): {**link, "app": "open"}})
    assert world.get(TEAM, "/?greenlane-share=glv_other", Accept=HTML).status == 401

    world.call(world.edge.stop())
    counted = {view.who: view.count for view in world.sink.views}
    assert counted == {"share:shr_1": 2, "p_ada": 1}
    world.start_edge()


def test_leaving_is_asked_first_and_then_done(world: World) -> None:
    cookie = world.sign_in(TEAM)
    asked = world.get(TEAM, "/.greenlane/leave", Accept=HTML, Cookie=cookie)
    assert asked.status == 200
    assert 'method="post" action="/.greenlane/leave"' in asked.text
    assert "Set-Cookie" not in asked.headers
    forced = world.ask("POST", TEAM, "/.greenlane/leave", b"", Cookie=cookie, Sec_Fetch_Site="cross-site")
    assert "Set-Cookie" not in forced.headers
    left = world.ask("POST", TEAM, "/.greenlane/leave", b"", Cookie=cookie, Sec_Fetch_Site="same-origin")
    assert any("greenlane-visit=;" in one and "Max-Age=0" in one for one in left.headers.get_all("Set-Cookie"))


def test_every_refusal_says_what_to_do_next(world: World) -> None:
    for status, answer in (
        (401, world.get(TEAM)),
        (403, world.get(TEAM, Cookie=world.sign_in(TEAM, "bob"))),
        (404, world.get("open.localhost", "/.greenlane/nothing")),
        (404, world.get("nobody.localhost")),
        (404, world.get("localhost", "/.greenlane/nothing")),
        (405, world.ask("POST", "open.localhost", "/", b"x")),
        (400, world.get("open.localhost", "/..%2fx")),
    ):
        problem = answer.problem
        assert (answer.status, bool(problem["next_step"])) == (status, True), problem


def test_a_host_that_is_reached_over_https_stays_so(world: World) -> None:
    world.table["scheme"] = "https"
    host = "board.apps.example"
    entry = world.host(host, "d1aaaaaaa", "public")
    world.change(scheme="https", console_host="console.example", apps_domain="apps.example", hosts={host: entry})
    assert world.get(host).headers["Strict-Transport-Security"] == "max-age=31536000"
    assert world.get(host, "/nowhere").headers["Strict-Transport-Security"]
    assert world.get("console.example", "/.greenlane/x").headers["Strict-Transport-Security"]
    assert world.get("console.example", "/echo").headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in world.get("open.localhost").headers


def test_an_unknown_host_is_said_to_be_unknown(world: World) -> None:
    page = world.get("nobody.localhost", "/x", Accept=HTML)
    assert page.status == 404
    assert "There is no app here" in page.text
    assert 'lang="en"' in page.text
    assert world.get("nobody.localhost").problem["code"] == "not-found"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4180", "[::1]:4180"])
def test_a_bare_address_leads_browsers_to_the_console(world: World, host: str) -> None:
    answer = world.get(host, "/apps?x=1", Accept=HTML)
    assert (answer.status, answer.headers["Location"]) == (302, "http://localhost:4180/apps?x=1")
    assert world.get(host, "/apps").status == 404


class TestWithoutABeat:
    """Leases of half a second and none."""

    @pytest.fixture(autouse=True)
    def short(self, world: World) -> None:
        world.token("glt_good")
        world.change(lease={"page": 0.6, "token": 0.3})

    def test_private_apps_close_after_the_lease_and_public_ones_stay_open(self, world: World) -> None:
        cookie = world.sign_in(TEAM)
        assert world.get(TEAM, Cookie=cookie).status == 200
        assert world.get(TEAM, Authorization="Bearer glt_good").status == 200
        world.control.beating = False
        begun = time.monotonic()
        connection = world.connect()
        closed: dict[str, float] = {}
        while len(closed) < 2:
            assert time.monotonic() - begun < 10
            for name, fields in (("token", {"Authorization": "Bearer glt_good"}), ("page", {"Cookie": cookie})):
                connection.request("GET", "/", headers={"Host": TEAM, **fields})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    assert answer.status == 503
                    assert answer.headers["Retry-After"]
                    closed.setdefault(name, time.monotonic() - begun)
        connection.close()
        assert closed["token"] < closed["page"]
        assert closed["page"] > 0.3
        page = world.get(TEAM, Accept=HTML, Cookie=cookie)
        assert "cannot confirm who you are just now" in page.text
        assert world.get(TEAM, Cookie=cookie).problem["code"] == "unconfirmed"
        assert world.get("open.localhost").status == 200

        world.control.beating = True
        while world.get(TEAM, Cookie=cookie).status != 200:
            assert time.monotonic() - begun < 20


def test_over_plain_http_outside_localhost_the_cookie_is_not_secure(world: World) -> None:
    world.change(
        apps_domain="apps.example", hosts={"b.apps.example": world.host("b.apps.example", "d1aaaaaaa", "team")}
    )
    answer = world.back("b.apps.example", world.code("b.apps.example"))
    assert answer.headers["Set-Cookie"].startswith("greenlane-visit=")
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert world.get("b.apps.example", Cookie=answer.cookie).status == 200
