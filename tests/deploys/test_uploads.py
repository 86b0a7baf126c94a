"""What comes out of an upload that is meant well: files, what was set aside, and what is offered."""

import io
import zipfile

import orjson
import pytest

from greenlane.deploys.bundle import Bundle, check_paths
from greenlane.deploys.limits import Limits
from greenlane.deploys.unpack import unpack
from greenlane.deploys.variables import parse
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit import digest
from greenlane.kit.blobs import Blobs

PEM = b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


def packed(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def unpacked(tmp_path, blobs, data, name="site.zip"):
    path = tmp_path / "upload"
    path.write_bytes(data)
    return unpack(path, name, blobs)


def test_the_single_folder_around_a_site_is_taken_off_and_said(tmp_path, blobs):
    bundle = unpacked(tmp_path, blobs, packed({"site/index.html": "x", "site/a/b.css": "y", "__MACOSX/._site": "z"}))
    assert list(bundle.files) == ["a/b.css", "index.html"]
    assert bundle.top_folder == "site"


def test_only_one_folder_is_ever_taken_off(tmp_path, blobs):
    bundle = unpacked(tmp_path, blobs, packed({"a/b/index.html": "x"}))
    assert list(bundle.files) == ["b/index.html"]


def test_history_secrets_packages_and_system_files_are_set_aside_and_named(tmp_path, blobs):
    files = {
        "index.html": "x", ".git/config": "c", ".git/HEAD": "h", ".env": "A=1", ".ENV.local": "B=2", "sub/.npmrc": "t",
        "node_modules/a/b.js": "x", ".aws/credentials": "k", "Thumbs.db": "t", "keys/id_rsa": "k", "server.pem": PEM,
        "public.pem": "-----BEGIN CERTIFICATE-----", "._index.html": "m", "a/.DS_Store": "d",
    }  # fmt: skip
    bundle = unpacked(tmp_path, blobs, packed(files))
    assert list(bundle.files) == ["index.html", "public.pem"]
    assert {one.path: one.why for one in bundle.set_aside} == {
        ".git/": "the history of the source code",
        ".env": "variables and secrets, which belong to the app's settings",
        ".ENV.local": "variables and secrets, which belong to the app's settings",
        ".aws/": "credentials of the person who packed it",
        "sub/.npmrc": "credentials of the person who packed it",
        "node_modules/": "installed packages, which a built site does not need",
        "Thumbs.db": "notes that an operating system keeps about files",
        "._index.html": "notes that an operating system keeps about files",
        "a/.DS_Store": "notes that an operating system keeps about files",
        "keys/id_rsa": "a private key",
        "server.pem": "a private key",
    }


def test_what_is_set_aside_is_never_stored(tmp_path, blobs):
    unpacked(tmp_path, blobs, packed({"index.html": "x", ".env": "SECRET=hunter2", "k.pem": PEM}))
    assert not blobs.has(digest.sha256(b"SECRET=hunter2"))
    assert not blobs.has(digest.sha256(PEM))


def test_values_of_env_are_offered_and_never_printed(tmp_path, blobs):
    files = {
        "s/index.html": "x",
        "s/.env": "A=first\nB=two",
        "s/.env.local": "A=hunter2",
        "s/.env.example": "C=your_key",
    }
    bundle = unpacked(tmp_path, blobs, packed(files))
    assert bundle.variables == {"A": "hunter2", "B": "two"}
    assert "hunter2" not in repr(bundle)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A = spaced ", "spaced"),
        ("A=x # note", "x"),
        ("A=x#y", "x#y"),
        ("A=", ""),
        ("A=# note", ""),
        ('A="two\\nlines"', "two\nlines"),
        ('A="real\nline"', "real\nline"),
        ("A='as $it is\\n'", "as $it is\\n"),
        ("A=${B}$(rm)", "${B}$(rm)"),
        ("\ufeffA=1", "1"),
        ("A=1\r\n", "1"),
    ],
)
def test_a_line_of_env_is_read_as_it_is_written(line, value):
    assert parse(line) == {"A": value}


def test_lines_that_are_no_variables_are_passed_over():
    assert parse("# A=1\nno\n1A=2\n=3\nB=4") == {"B": "4"}


@pytest.mark.parametrize(
    "start", ["<!DOCTYPE html><p>x", "\ufeff<html>", "<!-- a --> <!-- b -->\n<div>x</div>", "<h1>x"]
)
def test_a_single_page_becomes_the_index(tmp_path, blobs, start):
    bundle = unpacked(tmp_path, blobs, start.encode(), "Offsite.html")
    assert {path: one.type for path, one in bundle.files.items()} == {"index.html": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The upload is empty."),
        (b"hello", "'x' is neither an archive nor an HTML page."),
        (b"%PDF-1.7", "'x' is a PDF document."),
        (b"7z\xbc\xaf\x27\x1c", "'x' is a 7z archive."),
        (b"Rar!\x1a\x07\x01", "'x' is a RAR archive."),
        ("<p>ü".encode("utf-16"), "'x' is written in UTF-16."),
        (b"<p>\xfc", "'x' is not written in UTF-8."),
        (b"<!-- " * 5000, "'x' is neither an archive nor an HTML page."),
    ],
)
def test_anything_else_is_refused_by_what_it_is(tmp_path, blobs, data, sentence):
    with pytest.raises(WrongInput) as caught:
        unpacked(tmp_path, blobs, data, "x")
    assert caught.value.message == sentence
    assert caught.value.next_step


def test_the_same_files_make_the_same_manifest_whatever_they_came_in(tmp_path, blobs):
    files = {"index.html": b"<p>x", "a.css": b"body{}"}
    from_zip = unpacked(tmp_path, blobs, packed(files))
    sent = {path: {"sha256": digest.bare(digest.sha256(data)), "size": len(data)} for path, data in files.items()}
    assert check_paths(dict(reversed(sent.items()))).manifest() == from_zip.manifest()
    assert orjson.loads(from_zip.manifest())["files"]["a.css"] == {
        "sha256": digest.sha256(b"body{}"), "size": 6, "type": "text/css; charset=utf-8"
    }  # fmt: skip


def test_a_manifest_reads_back_as_it_was_written(tmp_path, blobs):
    bundle = unpacked(tmp_path, blobs, packed({"index.html": "x"}))
    assert Bundle.from_manifest(bundle.manifest()).files == bundle.files


def sent(*paths, size=1):
    return {path: {"sha256": "0" * 64, "size": size} for path in paths}


@pytest.mark.parametrize("path", ["../a", "/a", "a\\b", "C:a", "a//b", "a\u202eb", "a.", "con.txt", "a/", ""])
def test_a_folder_upload_is_held_to_the_same_names(path):
    with pytest.raises(WrongInput):
        check_paths(sent("index.html", path))


def test_a_folder_upload_sets_the_same_things_aside():
    bundle = check_paths(sent("index.html", ".git/config", ".env"))
    assert list(bundle.files) == ["index.html"]
    assert [one.path for one in bundle.set_aside] == [".env", ".git/"]


@pytest.mark.parametrize(
    "said", [{}, {"sha256": "x", "size": 1}, {"sha256": "0" * 64, "size": -1}, {"sha256": "0" * 64, "size": True}]
)
def test_a_file_without_a_proper_digest_and_size_is_refused(said):
    with pytest.raises(WrongInput, match="has no proper digest and size"):
        check_paths({"a.html": said})


def test_a_folder_upload_is_held_to_the_limits():
    with pytest.raises(TooLarge, match="more than 2 files"):
        check_paths(sent("a", "b", "c"), Limits(files=2))
    with pytest.raises(TooLarge, match="'a' is larger than 5 bytes"):
        check_paths(sent("a", size=6), Limits(file=5))
    with pytest.raises(TooLarge, match="holds more than 5 bytes"):
        check_paths(sent("a", "b", size=3), Limits(total=5))


def test_decomposed_names_are_kept_composed():
    assert list(check_paths(sent("e\u0301.html")).files) == ["é.html"]
