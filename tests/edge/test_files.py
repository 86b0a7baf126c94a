"""How files are served: addresses, codings, parts, and the fields that go with them."""

from __future__ import annotations

import gzip
import json
import socket
from hashlib import sha256

import brotli
import pytest
from tests.edge.conftest import SITE, World

HOST = "open.localhost"


def content(path: str) -> bytes:
    found = SITE[path]
    return found[0] if isinstance(found, tuple) else found


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/", "index.html"),
        ("/index.html", "index.html"),
        ("/about", "about.html"),
        ("/about.html", "about.html"),
        ("/about?x=1", "about.html"),
        ("/docs/", "docs/index.html"),
        ("/docs/a%20b.txt", "docs/a b.txt"),
        ("/%64ocs/", "docs/index.html"),
        ("/caf%C3%A9.txt", "caf\u00e9.txt"),
        ("/large.bin", "large.bin"),
        ("/logo.png", "logo.png"),
    ],
)
def test_an_address_leads_to_its_file(world: World, address: str, path: str) -> None:
    for _ in range(2):
        answer = world.get(HOST, address)
        assert answer.status == 200
        assert answer.body == content(path)
        assert answer.headers["ETag"] == '"' + sha256(content(path)).hexdigest() + '"'


def test_a_folder_gets_its_final_slash(world: World) -> None:
    answer = world.get(HOST, "/docs?x=1")
    assert answer.status == 302
    assert answer.headers["Location"] == "/docs/?x=1"


@pytest.mark.parametrize(
    "address",
    [
        "/../secret",
        "/docs/../index.html",
        "/docs/%2e%2e/index.html",
        "/%2e",
        "/./index.html",
        "/docs%2fa",
        "/%",
        "/%zz",
        "/%00",
        "/docs\\index.html",
        "/%5cindex.html",
        "/%ff",
        "/a%0d%0ab",
        "/..%c0%af",
    ],
)
def test_an_address_that_no_browser_sends_is_refused(world: World, address: str) -> None:
    answer = world.raw(f"GET {address} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("address", ["//index.html", "//evil.test/", "/docs//", "/About", "/index.html/"])
def test_an_address_that_is_only_similar_is_not_found(world: World, address: str) -> None:
    answer = world.raw(f"GET {address} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")


def test_what_is_not_there_is_the_apps_own_404(world: World) -> None:
    answer = world.get(HOST, "/nothing", Range="bytes=0-1", If_None_Match="*")
    assert answer.status == 404
    assert answer.body == content("404.html")


def test_without_its_own_404_there_is_ours(world: World) -> None:
    world.deploy("d2", {"index.html": b"hello"})
    world.change(deploys=world.table["deploys"], hosts={"bare.localhost": world.host("bare.localhost", "d2")})
    assert world.get("bare.localhost", "/nothing").problem["code"] == "not-found"
    page = world.get("bare.localhost", "/nothing", Accept="text/html")
    assert page.status == 404
    assert "There is no such page" in page.text
    assert page.headers["Greenlane-Deploy"] == "d2"


def other(world: World, files: dict[str, bytes]) -> str:
    """A host that shows these files instead."""
    world.deploy("d2", files)
    world.change(deploys=world.table["deploys"], hosts={"other.localhost": world.host("other.localhost", "d2")})
    return "other.localhost"


@pytest.mark.parametrize(
    "said",
    [{"200.html": b"routes"}, {"_redirects": b"# ours\n/old /new 301\n/*  /index.html   200 # all\n"}],
    ids=["a page for it", "a rule"],
)
def test_a_front_end_with_routes_of_its_own_answers_at_each_of_them(world: World, said: dict[str, bytes]) -> None:
    host = other(world, {"index.html": b"routes", "404.html": b"lost", "a.js": b"1", **said})
    for address in ("/orders/7", "/orders/", "/deep/er/still"):
        answer = world.get(host, address)
        assert (answer.status, answer.body) == (200, b"routes")
    assert world.get(host, "/a.js").body == b"1"
    assert world.get(host, "/assets/gone-1a2b.js").status == 404, "who asks for a script is not given a page"


@pytest.mark.parametrize(
    "rules", [b"/* /index.html 301", b"/* https://elsewhere.example/ 200", b"/a /index.html 200", b"\xff\x00"]
)
def test_other_rules_lead_nowhere(world: World, rules: bytes) -> None:
    assert world.get(other(world, {"index.html": b"home", "_redirects": rules}), "/orders/7").status == 404


def test_the_same_thing_is_not_sent_twice(world: World) -> None:
    first = world.get(HOST, "/style.css")
    tag = first.headers["ETag"]
    for known in (tag, "W/" + tag, f'"other", {tag}', "*"):
        again = world.get(HOST, "/style.css", If_None_Match=known)
        assert again.status == 304
        assert again.body == b""
        assert again.headers["ETag"] == tag
        assert "Content-Length" not in again.headers
    assert world.get(HOST, "/style.css", If_None_Match='"other"').status == 200
    assert world.get(HOST, "/large.bin", If_None_Match=world.get(HOST, "/large.bin").headers["ETag"]).status == 304


@pytest.mark.parametrize("path", ["logo.png", "large.bin"])
def test_one_part_can_be_asked_for(world: World, path: str) -> None:
    whole = content(path)
    size = len(whole)
    parts = {"bytes=0-99": (0, 100), "bytes=100-": (100, size), "bytes=-50": (size - 50, size)}
    parts |= {f"bytes=10-{size + 9}": (10, size), f"bytes=-{size + 9}": (0, size)}
    for asked, (start, end) in parts.items():
        answer = world.get(HOST, "/" + path, Range=asked)
        assert answer.status == 206
        assert answer.body == whole[start:end]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    for asked in ("bytes=5-1", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-"):
        answer = world.get(HOST, "/" + path, Range=asked)
        assert (answer.status, len(answer.body)) == (200, size)
    for asked in (f"bytes={size}-", "bytes=-0"):
        answer = world.get(HOST, "/" + path, Range=asked)
        assert answer.status == 416
        assert answer.headers["Content-Range"] == f"bytes */{size}"


def test_a_part_of_something_that_has_changed_is_the_whole(world: World) -> None:
    tag = world.get(HOST, "/logo.png").headers["ETag"]
    assert world.get(HOST, "/logo.png", Range="bytes=0-1", If_Range=tag).status == 206
    assert world.get(HOST, "/logo.png", Range="bytes=0-1", If_Range='"old"').status == 200
    assert world.get(HOST, "/logo.png", Range="bytes=0-1", If_Range="W/" + tag).status == 200


def test_a_part_is_never_compressed(world: World) -> None:
    answer = world.get(HOST, "/style.css", Range="bytes=0-9", Accept_Encoding="br")
    assert answer.status == 206
    assert answer.body == content("style.css")[:10]
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0", None),
        ("identity", None),
        ("br;q=nonsense", None),
        ("", None),
    ],
)
def test_text_is_sent_in_the_best_coding(world: World, accepted: str, coding: str | None) -> None:
    for path in ("style.css", "index.html", "data.json"):
        answer = world.get(HOST, "/" + path, Accept_Encoding=accepted)
        assert answer.headers["Content-Encoding"] == coding
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
        assert unpack(answer.body) == content(path)
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["ETag"].endswith(f'-{coding}"' if coding else '"')


def test_each_coding_has_its_own_tag(world: World) -> None:
    small = world.get(HOST, "/style.css", Accept_Encoding="br")
    assert world.get(HOST, "/style.css", Accept_Encoding="br", If_None_Match=small.headers["ETag"]).status == 304
    assert world.get(HOST, "/style.css", If_None_Match=small.headers["ETag"]).status == 200


def test_pictures_and_small_texts_are_left_as_they_are(world: World) -> None:
    for path in ("/logo.png", "/noise.txt"):
        assert "Content-Encoding" not in world.get(HOST, path, Accept_Encoding="br").headers


@pytest.mark.parametrize("path", ["", "style.css", "large.bin"])
def test_head_says_what_get_would(world: World, path: str) -> None:
    got = world.get(HOST, "/" + path)
    head = world.ask("HEAD", HOST, "/" + path)
    assert head.body == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control", "Greenlane-Deploy"):
        assert head.headers[name] == got.headers[name]


def test_types_say_their_letters(world: World) -> None:
    wanted = {
        "/": "text/html; charset=utf-8",
        "/style.css": "text/css; charset=utf-8",
        "/tiny.js": "text/javascript; charset=utf-8",
        "/data.json": "application/json; charset=utf-8",
        "/logo.png": "image/png",
        "/large.bin": "application/octet-stream",
    }
    for path, kind in wanted.items():
        assert world.get(HOST, path).headers["Content-Type"] == kind


def test_how_long_things_are_kept(world: World) -> None:
    assert world.get(HOST, "/").headers["Cache-Control"] == "public, no-cache"
    assert world.get(HOST, "/logo.png").headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    cookie = world.sign_in("board.localhost")
    private = world.get("board.localhost", "/logo.png", Cookie=cookie)
    assert private.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert "Cookie" in private.headers["Vary"]
    assert world.get("board.localhost", "/", Cookie=cookie).headers["Cache-Control"] == "private, no-cache"


def test_every_answer_protects_the_visitor_and_names_where_it_comes_from(world: World) -> None:
    for path in ("/", "/logo.png", "/large.bin", "/nothing", "/docs"):
        headers = world.get(HOST, path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"]
        assert headers["Permissions-Policy"]
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Cross-Origin-Opener-Policy"]
        assert headers["Greenlane-Deploy"] == "d1aaaaaaa"
        assert headers["Greenlane-Passport"].startswith("sha256:")
        policy = headers["Content-Security-Policy"]
        assert policy == "default-src 'self'; report-uri /.greenlane/csp-report; frame-ancestors 'self'"


def test_a_preview_only_reports_and_is_not_indexed(world: World) -> None:
    host = "d1aaaaaaa--board.localhost"
    headers = world.get(host, "/", Cookie=world.sign_in(host)).headers
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert headers["Content-Security-Policy-Report-Only"] == "default-src 'self'; report-uri /.greenlane/csp-report"
    assert world.get(host, "/").headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in world.get(HOST, "/").headers


def test_nothing_can_be_sent_to_files(world: World) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = world.ask(method, HOST, "/", body=b"x" if method != "TRACE" else None)
        assert answer.problem["code"] == "method-not-allowed"
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"
        assert answer.headers["Greenlane-Deploy"] == "d1aaaaaaa"


def test_a_passport_is_served_where_everybody_looks_for_it(world: World) -> None:
    passport = json.dumps({"passport": True}).encode()
    digest = world.blobs.put(passport)
    world.change(hosts={HOST: {**world.table["hosts"][HOST], "passport_file": digest}})
    for _ in range(2):
        answer = world.get(HOST, "/.well-known/greenlane/passport.json")
        assert answer.body == passport
        assert answer.headers["Content-Type"].startswith("application/json")
    assert world.get("board.localhost", "/.well-known/greenlane/passport.json").status == 401


def test_a_damaged_file_is_never_shown(world: World) -> None:
    for path in ("logo.png", "large.bin"):
        place = world.blobs.path_of("sha256:" + sha256(content(path)).hexdigest())
        assert place
        place.write_bytes(b"z" * len(content(path)))
        answer = world.get(HOST, "/" + path)
        assert answer.status == 503
        assert b"zzz" not in answer.body
    place.unlink()
    assert world.get(HOST, "/large.bin").status == 503


def test_a_missing_manifest_is_said(world: World) -> None:
    world.change(deploys={"gone": "sha256:" + "0" * 64}, hosts={"gone.localhost": world.host("gone.localhost", "gone")})
    assert world.get("gone.localhost").status == 503
    assert world.get(HOST).status == 200


def test_an_own_domain_is_one_more_host(world: World) -> None:
    world.change(hosts={"board.example.com": world.host("board.example.com", "d1aaaaaaa")})
    assert world.get("board.example.com").body == content("index.html")
    assert world.get("BOARD.Example.com.:8080").body == content("index.html")


@pytest.mark.parametrize(("state", "status"), [("asleep", 503), ("contained", 451), ("empty", 404)])
def test_a_host_that_is_not_live_says_why(world: World, state: str, status: int) -> None:
    entry = world.host("quiet.localhost", "", state=state, says="Ask <Ada> about it.", passport="")
    world.change(hosts={"quiet.localhost": entry})
    page = world.get("quiet.localhost", "/any", Accept="text/html")
    assert page.status == status
    assert "Ask &lt;Ada&gt; about it." in page.text
    assert world.get("quiet.localhost").problem["detail"] == "Ask <Ada> about it."


def test_a_slow_reader_of_a_large_file_gets_all_of_it(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.port), timeout=20) as peer:
        peer.sendall(f"GET /large.bin HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while data := peer.recv(8192):
            received += data
        assert received.endswith(content("large.bin"))
