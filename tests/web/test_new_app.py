"""New app without a script: one form, one file, one question; and the addresses to which the page's script sends."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient
from tests.house import PAGE
from tests.web.conftest import Visitor

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp, TransferApp
from greenlane.deploys import queries as deploys
from greenlane.govern.actor import Actor
from greenlane.identity.actions import CreateTeam

SITE = {
    "index.html": b"<!doctype html><title>Vendor board</title><h1>Vendors</h1>",
    "css/main.css": b"h1 { color: #175e54 }",
    "js/board.js": b"document.title += '!'",
}


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file.getvalue()


def settled(browser: TestClient, answer: Any) -> Any:
    """What a page without a script shows in the end: it asks again until nothing goes on any more."""
    for _ in range(400):
        if answer.status_code == 303 and answer.headers["location"].startswith("/new/"):
            answer = browser.get(answer.headers["location"])
        elif "is being looked at" in answer.text:
            answer = browser.get(str(answer.url))
        else:
            return answer
    raise AssertionError("it never ends")


def drop(browser: TestClient, name: str, content: bytes, **typed: str) -> Any:
    """Choose a file in the plain form and press its button."""
    return settled(browser, browser.post("/new", data=typed, files={"file": (name, content)}))


@pytest.fixture
def ana(console: Visitor) -> Actor:
    return console.doorway.hire("Ana Costa", "builder")


def newest(console: Visitor, app: str) -> deploys.DeployView:
    with console.doorway.control.database.read() as connection:
        return deploys.meant(connection, app, "")


def apps(console: Visitor) -> list[str]:
    with console.doorway.control.database.read() as connection:
        return catalog.names(connection)


def test_a_zip_becomes_a_preview_with_a_guessed_name_and_title(console: Visitor, ana: Actor) -> None:
    answer = drop(console.as_(ana), "site.zip", zipped(SITE), audience="team")
    deploy = newest(console, "vendor-board")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/apps/vendor-board/deploys/{deploy.id}?audience=team"
    app = console.doorway.app("vendor-board")
    assert (app.title, app.owner, app.rung) == ("Vendor board", ana.person, "me")
    assert deploy.files == 3


def test_creating_the_app_and_deploying_it_are_one_process(console: Visitor, ana: Actor) -> None:
    drop(console.as_(ana), "vendors.zip", zipped(SITE))
    made, deployed = console.doorway.receipts("create-app")[-1], console.doorway.receipts("deploy")[-1]
    assert made.process == deployed.process
    assert console.doorway.app("vendors").title == "Vendor board"


def test_a_single_page_becomes_an_app(console: Visitor, ana: Actor) -> None:
    answer = drop(console.as_(ana), "off-site.html", b"<!doctype html><h1>Hello</h1>", audience="me")
    assert "/apps/off-site/deploys/" in answer.headers["location"]
    assert console.doorway.app("off-site").title == "Off site"


def test_what_is_typed_wins_over_a_guess(console: Visitor, ana: Actor) -> None:
    drop(console.as_(ana), "site.zip", zipped(SITE), app="my-vendors", title="Vendors of mine", team="home")
    assert console.doorway.app("my-vendors").title == "Vendors of mine"


def test_a_whole_folder_comes_by_the_plain_form_too(console: Visitor, ana: Actor) -> None:
    files = [("folder", (f"My board/{path}", content)) for path, content in SITE.items()]
    files += [
        ("folder", ("My board/.git/HEAD", b"ref: refs/heads/main")),
        ("folder", ("My board/.env", b"TOKEN=a")),
        ("file", ("", b"")),
    ]
    mine = console.as_(ana)
    answer = settled(mine, mine.post("/new", data={"audience": "team"}, files=files))
    assert "/apps/my-board/deploys/" in answer.headers["location"]
    assert newest(console, "my-board").files == 3
    assert not console.doorway.control.blobs.has("sha256:" + hashlib.sha256(b"TOKEN=a").hexdigest())


def test_pressing_twice_makes_one_app(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    upload = sent(mine, SITE)
    typed = {"app": "vendor-board", "key": "k1", "audience": "team"}
    first, second = (settled(mine, mine.post(f"/new/{upload}", data=typed)) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(console.doorway.receipts("deploy")) == 1


REFUSED = {
    "nothing": (None, "No file was chosen."),
    "an empty file": (b"", "The upload is empty."),
    "a PDF": (b"%PDF-1.7 ...", "is a PDF document."),
    "a way out": (zipped({"../evil.html": b"x"}), "points outside of the upload"),
    "only what is set aside": (zipped({".env": b"A=1"}), "Nothing is left to serve"),
    "a broken zip": (zipped(SITE)[:-30], "archive"),
    "hostile letters": (zipped({"a\u202etxt.html": b"x"}), "turns the writing direction around"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken_is_refused_with_what_to_do(console: Visitor, ana: Actor, what: str) -> None:
    content, says = REFUSED[what]
    mine = console.as_(ana)
    answer = mine.post("/new", data={"audience": "me"}, files={"file": ("", b"")}) if content is None else None
    answer = answer or drop(mine, "site.zip", content or b"", title="Kept <b>", audience="me")
    assert answer.status_code in (400, 413)
    assert says in answer.text
    assert 'type="file"' in answer.text
    assert 'value="me" checked' in answer.text
    assert apps(console) == []


def test_a_leaked_credential_is_named_and_no_app_is_made(console: Visitor, ana: Actor) -> None:
    key = "AKIA" + "Z7XQ4NPL2M5RTVWK"
    answer = drop(console.as_(ana), "site.zip", zipped({**SITE, "js/config.js": f"\nconst a = '{key}'".encode()}))
    assert answer.status_code == 422
    assert "js/config.js" in answer.text
    assert "line 2" in answer.text
    assert key not in answer.text
    assert apps(console) == []


def test_a_name_that_is_taken_is_said_at_its_field_and_nothing_is_lost(console: Visitor, ana: Actor) -> None:
    console.doorway.deploys(console.doorway.owner, "vendor-board")
    answer = drop(console.as_(ana), "site.zip", zipped(SITE), app="vendor-board", title="Mine", audience="everyone")
    assert answer.status_code == 409
    assert 'aria-invalid="true"' in answer.text
    assert 'value="Mine"' in answer.text
    assert 'value="everyone" checked' in answer.text
    assert 'enctype="multipart/form-data"' not in answer.text  # what was sent is here already


def test_names_from_builders_are_text(console: Visitor, ana: Actor) -> None:
    hostile = b"<!doctype html><title>&lt;img src=x onerror=alert(1)&gt;\"'</title>"
    mine = console.as_(ana)
    upload = sent(mine, {"index.html": hostile, "<script>.js": b"1"}, called="<b>x</b>")
    page = mine.get(f"/new/{upload}?called=%3Cb%3Ex%3C/b%3E").text
    assert "<b>x" not in page
    assert "<img src=x" not in page


# -- a new version


def test_what_resembles_an_app_of_mine_asks_first(console: Visitor, ana: Actor) -> None:
    console.doorway.deploys(ana, "vendor-board", PAGE)
    mine = console.as_(ana)
    answer = drop(mine, "site.zip", zipped(SITE))
    assert answer.status_code == 200
    assert "Is this a new version of" in answer.text
    assert len(console.doorway.receipts("deploy")) == 1
    upload = answer.text.partition('formaction="/new/')[2].partition('"')[0]
    yes = settled(mine, mine.post(f"/new/{upload}", data={"for": "vendor-board", "key": "k"}))
    assert "/apps/vendor-board/deploys/" in yes.headers["location"]
    assert len(console.doorway.receipts("create-app")) == 1


def test_no_makes_an_app_of_another_name(console: Visitor, ana: Actor) -> None:
    console.doorway.deploys(ana, "vendor-board", PAGE)
    mine = console.as_(ana)
    upload = sent(mine, SITE)
    page = mine.get(f"/new/{upload}?new=yes").text
    assert "Is this a new version of" not in page
    assert 'value="vendor-board-2"' in page
    no = settled(mine, mine.post(f"/new/{upload}", data={"new": "yes", "key": "k"}))
    assert "/apps/vendor-board-2/deploys/" in no.headers["location"]


def test_nobody_is_asked_about_an_app_that_they_may_not_change(console: Visitor, ana: Actor) -> None:
    console.doorway.deploys(console.doorway.owner, "other-board", SITE)
    console.doorway.does(console.doorway.owner, CreateTeam("sales"))
    console.doorway.does(console.doorway.owner, TransferApp("other-board", team="sales"))
    answer = drop(console.as_(ana), "site.zip", zipped(SITE))
    assert "/apps/vendor-board/deploys/" in answer.headers["location"]


def test_somebody_who_may_make_no_app_is_told_so(console: Visitor) -> None:
    vera = console.as_(console.doorway.hire("Vera Visitor", "visitor"))
    assert "You may not make apps here yet." in vera.get("/new").text
    assert drop(vera, "site.zip", zipped(SITE), app="mine").status_code == 403
    assert apps(console) == []


def test_a_file_on_the_app_s_page_becomes_its_preview(console: Visitor, ana: Actor) -> None:
    console.doorway.deploys(ana, "vendor-board", PAGE)
    answer = drop(console.as_(ana), "x.zip", zipped(SITE), **{"for": "vendor-board"})
    deploy = newest(console, "vendor-board")
    assert answer.headers["location"] == f"/apps/vendor-board/deploys/{deploy.id}"
    assert deploy.files == 3


def test_the_title_of_an_app_that_one_may_not_read_is_not_told(console: Visitor, ana: Actor) -> None:
    console.doorway.does(console.doorway.owner, CreateTeam("sales"))
    console.doorway.does(console.doorway.owner, CreateApp("merger", team="sales", title="Merger with Acme"))
    assert "Acme" in console.as_(console.doorway.owner).get("/new?for=merger").text
    assert "Acme" not in console.as_(ana).get("/new?for=merger").text
    refused = drop(console.as_(ana), "site.zip", zipped(SITE), **{"for": "merger"})
    assert refused.status_code == 403
    assert "Acme" not in refused.text


# -- what the script sends


def sent(browser: TestClient, files: Mapping[str, bytes], called: str = "", look: bool = True) -> str:
    """Everything as the script sends it: the list, what is missing, and the look."""
    named = {path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in files.items()}
    lacking = browser.post("/new/uploads", content=json.dumps({"files": named})).json()
    by_digest = {named[path]["sha256"]: data for path, data in files.items()}
    if lacking["missing"]:
        load = {digest: ("blob", by_digest[digest]) for digest in lacking["missing"]}
        assert browser.post(f"/new/{lacking['upload']}/files", files=load).status_code == 204
    if look:
        looked = browser.post(f"/new/{lacking['upload']}/look?called={called}")
        while looked.status_code == 202:
            looked = browser.post(f"/new/{lacking['upload']}/look?called={called}")
        assert looked.status_code == 200
    return str(lacking["upload"])


def test_what_arrived_once_is_not_asked_for_again(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    first = sent(mine, SITE, look=False)
    named = {path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in SITE.items()}
    again = mine.post("/new/uploads", content=json.dumps({"files": named, "again": first})).json()
    assert (again["upload"], again["missing"], again["have"]) == (first, [], 3)
    other = mine.post("/new/uploads", content=json.dumps({"files": {**named, "b.html": NEW}, "again": first})).json()
    assert other["upload"] != first
    assert other["missing"] == [NEW["sha256"]]


NEW = {"sha256": "ab" * 32, "size": 3}


def test_a_large_file_goes_on_where_it_stopped(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    data = b"<!doctype html><title>Long</title>" + bytes(range(32, 127)) * 2000
    digest = hashlib.sha256(data).hexdigest()
    sheet = {"archive": {"sha256": digest, "size": len(data), "name": "long.html"}}
    lacking = mine.post("/new/uploads", content=json.dumps(sheet)).json()
    where = f"/new/{lacking['upload']}/files/{digest}"
    assert mine.put(f"{where}?from=0", content=data[:1000]).status_code == 204
    again = mine.post("/new/uploads", content=json.dumps({**sheet, "again": lacking["upload"]})).json()
    assert (again["upload"], again["begun"]) == (lacking["upload"], {digest: 1000})
    assert mine.put(f"{where}?from=0", content=data[:1000]).status_code == 409
    assert mine.put(f"{where}?from=1000", content=data[1000:]).status_code == 204
    assert mine.post("/new/uploads", content=json.dumps({**sheet, "again": lacking["upload"]})).json()["missing"] == []


def test_bytes_that_are_not_what_was_named_are_not_kept(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    digest = hashlib.sha256(b"right").hexdigest()
    sheet = {"files": {"index.html": {"sha256": digest, "size": 5}}}
    lacking = mine.post("/new/uploads", content=json.dumps(sheet)).json()
    where = f"/new/{lacking['upload']}/files"
    for answer in (
        mine.put(f"{where}/{digest}?from=0", content=b"wrong"),
        mine.put(f"{where}/{digest}?from=0", content=b"right and more"),
        mine.post(where, files={digest: ("blob", b"wrong")}),
        mine.post(where, files={"ab" * 32: ("blob", b"right")}),
        mine.post(where, files={"no digest": ("blob", b"right")}),
        mine.put(f"{where}/{digest}?from=-1", content=b"right"),
    ):
        assert 400 <= answer.status_code < 500
        assert answer.json()["message"]
        assert answer.json()["next_step"]
    assert not console.doorway.control.blobs.has(f"sha256:{digest}")


def test_an_upload_is_its_sender_s_alone(console: Visitor, ana: Actor) -> None:
    upload = sent(console.as_(ana), SITE)
    other = console.as_(console.doorway.owner)
    for answer in (
        other.get(f"/new/{upload}"),
        other.post(f"/new/{upload}", data={"app": "mine"}),
        other.post(f"/new/{upload}/files", files={NEW["sha256"]: ("blob", b"x")}),
        other.put(f"/new/{upload}/files/{NEW['sha256']}?from=0", content=b"x"),
    ):
        assert answer.status_code == 404
    assert other.get(f"/new/{upload}/stream").status_code == 204


def test_another_page_cannot_send_anything(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    upload = sent(mine, SITE)
    away = {"sec-fetch-site": "same-site"}
    for answer in (
        mine.post("/new", files={"file": ("a.zip", zipped(SITE))}, headers=away),
        mine.post("/new/uploads", content="{}", headers=away),
        mine.post(f"/new/{upload}", data={"app": "x"}, headers=away),
        mine.post(f"/new/{upload}/look", headers=away),
        mine.post(f"/new/{upload}/files", headers=away),
        mine.put(f"/new/{upload}/files/{NEW['sha256']}", content=b"x", headers=away),
    ):
        assert answer.status_code == 403
        assert "Nothing was done" in answer.text
    assert apps(console) == []


def test_a_half_sent_upload_says_what_is_missing(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    named = {path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in SITE.items()}
    upload = mine.post("/new/uploads", content=json.dumps({"files": named})).json()["upload"]
    page = mine.get(f"/new/{upload}")
    assert page.status_code == 200
    assert "Sending stopped before the end." in page.text
    assert f'data-upload="{upload}"' in page.text


def test_a_form_with_many_fields_is_none_of_ours(console: Visitor, ana: Actor) -> None:
    fields = {f"field-{number}": "x" for number in range(300)}
    answer = console.as_(ana).post("/new", data=fields, files={"file": ("site.zip", zipped(SITE))})
    assert answer.status_code == 400
    assert apps(console) == []


def test_the_beginning_of_a_file_is_forgotten_after_a_day(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    sheet = {"archive": {"sha256": hashlib.sha256(b"12345").hexdigest(), "size": 5, "name": "a.html"}}
    lacking = mine.post("/new/uploads", content=json.dumps(sheet)).json()
    digest = lacking["missing"][0]
    mine.put(f"/new/{lacking['upload']}/files/{digest}?from=0", content=b"123")
    (part,) = (console.doorway.control.blobs.path_of(f"sha256:{digest}").parents[2] / "uploads").glob("*.part")
    os.utime(part, (0, 0))
    mine.post("/new/uploads", content=json.dumps(sheet))
    assert not part.exists()


def test_too_much_is_refused_before_a_byte_is_sent(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    many = {f"{number}.html": {"sha256": "0" * 64, "size": 0} for number in range(54_001)}
    answer = mine.post("/new/uploads", content=json.dumps({"files": many}))
    assert answer.status_code == 413
    assert "54,000" in answer.json()["message"]
    big = {"archive": {"sha256": "0" * 64, "size": 600 * 1024 * 1024, "name": "a.zip"}}
    assert mine.post("/new/uploads", content=json.dumps(big)).status_code == 413


def test_the_address_keeps_what_was_typed(console: Visitor, ana: Actor) -> None:
    mine = console.as_(ana)
    upload = sent(mine, SITE, called="board")
    page = mine.get(f"/new/{upload}?title=T%26T&app=tt&audience=public&called=board").text
    assert 'value="T&amp;T"' in page
    assert 'value="tt"' in page
    assert 'value="public" checked' in page
    assert parse_qs(urlsplit("?called=board").query)["called"] == ["board"]
