"""Wherever a credential hides in a file, it is found there, named by its place, and what is packed is bounded."""

import base64
import gzip
import io
import json
import random
import string
import tarfile
import time
import zipfile

import pytest

from greenlane.deploys.inspection import inspect_file
from greenlane.deploys.inspection.finding import mark_of
from greenlane.deploys.inspection.known_values import KnownValues, is_everyday
from greenlane.deploys.inspection.pieces import unpacked

DICE = random.Random(20261122)
LETTERS = string.ascii_letters + string.digits
VALUE = "".join(DICE.choice(LETTERS + "+/-_") for _ in range(40))
SPECIAL = "pa\"ss\\w/ö r+d&<x>'1%"
GITHUB = "ghp_" + "".join(DICE.choice(LETTERS) for _ in range(36))
KEY = b"this installation"


def known(data, value=VALUE):
    return [(one.weight, one.line, one.where) for one in KnownValues({"TOKEN": value}, KEY).find(data)]


def leaked(path, data):
    return [one for one in inspect_file(path, data, KEY).findings if one.weight == "leaked"]


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


HALF = len(VALUE) // 2
WRITTEN = {
    "two strings with a plus": f'const k = "{VALUE[:HALF]}" + "{VALUE[HALF:]}"',
    "two strings over two lines": f"const k =\n  '{VALUE[:HALF]}' +\n  '{VALUE[HALF:]}'",
    "strings that Python joins": f'k = (\n    "{VALUE[:HALF]}"\n    "{VALUE[HALF:]}"\n)',
    "a concat call": f'var k="{VALUE[:HALF]}".concat("{VALUE[HALF:]}")',
    "a list that is joined": f"const k = ['{VALUE[:10]}', '{VALUE[10:20]}', '{VALUE[20:]}'].join('')",
    "one letter at a time": "k = [" + ", ".join(f"'{one}'" for one in VALUE) + "]",
    "lines of a shell": f"KEY={VALUE[:HALF]}\\\n{VALUE[HALF:]}",
    "lines of 20": "\n".join(VALUE[start : start + 20] for start in range(0, 40, 20)),
    "numbers of letters": f"String.fromCharCode({', '.join(str(ord(one)) for one in VALUE)})",
    "hexadecimal escapes": '"' + "".join(f"\\x{ord(one):02x}" for one in VALUE) + '"',
    "unicode escapes": '"' + "".join(f"\\u{ord(one):04X}" for one in VALUE).lower().replace("\\u", "\\u") + '"',
    "percent signs throughout": "".join(f"%{ord(one):02X}" for one in VALUE),
    "bytes with colons": ":".join(f"{ord(one):02x}" for one in VALUE),
    "a C array": ", ".join(f"0x{ord(one):02x}" for one in VALUE),
    "numbers in HTML": "".join(f"&#{ord(one)};" for one in VALUE),
    "Base64 in lines": base64.encodebytes(
        b"the token is " + VALUE.encode() + b" and nothing else at all in it"
    ).decode(),
    "Base64 of Base64": base64.b64encode(base64.b64encode(VALUE.encode())).decode(),
    "Base64 of UTF-16": base64.b64encode(VALUE.encode("utf-16-le")).decode(),
    "a source in a source map": json.dumps({"sourcesContent": [f'k = "{VALUE[:HALF]}" +\n  "{VALUE[HALF:]}"']}),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_value_of_the_platform_is_found_however_it_is_written(how):
    found = known(f"first line\n{WRITTEN[how]}\nlast".encode())
    assert [(weight, line >= 2) for weight, line, _ in found] == [("leaked", True)], how


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8"])
def test_a_value_is_found_in_every_encoding_of_text(encoding):
    assert known(f"a\nkey {VALUE} x".encode(encoding))


@pytest.mark.parametrize(
    "write",
    [
        lambda value: value,
        json.dumps,
        lambda value: json.dumps(json.dumps(value)),
        lambda value: "pa&quot;ss\\w/ö r+d&amp;&lt;x&gt;&#x27;1%",
        lambda value: "pa%22ss%5Cw%2F%C3%B6%20r%2Bd%26%3Cx%3E%271%25",
        lambda value: "pa%22ss%5cw%2f%c3%b6%20r%2bd%26%3cx%3e%271%25",
    ],
)
def test_a_value_with_every_kind_of_sign_is_found_as_each_language_escapes_it(write):
    assert known(b"line\n" + write(SPECIAL).encode(), SPECIAL)


def test_a_private_key_of_many_lines_is_found_when_a_script_holds_it_in_one():
    pem = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(
        "".join(DICE.choice(LETTERS) for _ in range(64)) for _ in range(20)
    )
    assert known(json.dumps({"private_key": pem}).encode(), pem)
    assert known(("k = '" + pem.replace("\n", "\\n") + "'").encode(), pem)


def test_a_value_is_found_in_archives_and_in_archives_in_them_with_the_name_inside():
    inner = zipped(config__json=f'{{"k": "{VALUE}"}}')
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        entry = tarfile.TarInfo("etc/app.ini")
        entry.size = len(VALUE)
        archive.addfile(entry, io.BytesIO(VALUE.encode()))
    assert known(zipped(lib__jar=inner)) == [("leaked", 1, "lib.jar: config.json")]
    assert known(tar.getvalue()) == [("leaked", 1, "etc/app.ini")]
    assert known(gzip.compress(VALUE.encode())) == [("leaked", 1, "what is packed in it")]


def test_a_value_in_a_binary_is_found():
    assert known(bytes(DICE.randrange(256) for _ in range(5000)) + VALUE.encode() + b"\0\1\2" * 500)


@pytest.mark.parametrize(
    "value",
    [
        "https://api.example.com/v1",
        "localhost:5432",
        "production",
        "db.internal.example.com",
        "ana@example.com",
        "12345678",
    ],
)
def test_an_everyday_value_is_no_leak_because_it_stands_in_files_that_tell_nothing(value):
    assert is_everyday(value)
    assert {weight for weight, _, _ in known(f"x\n{value}\n".encode(), value)} == {"random"}


@pytest.mark.parametrize(
    "value", ["hunter2hunter2", "correcthorsebattery", "123456789012", "postgres://u:p4ssw0rd@db.example.com/x", VALUE]
)
def test_what_could_be_a_secret_is_none_of_them(value):
    assert not is_everyday(value)


def test_a_file_full_of_a_value_is_told_once_and_takes_no_time():
    began = time.perf_counter()
    assert len(known(b"aaaaaaaaaa" * 2_000_000, "aaaaaaaaaa")) == 1
    assert time.perf_counter() - began < 8


def test_many_values_take_hardly_longer_than_one():
    data = "".join(DICE.choice(LETTERS + " \n\"'+") for _ in range(2_000_000)).encode()
    values = {f"V{number}": "".join(DICE.choice(LETTERS) for _ in range(32)) for number in range(300)}
    took = []
    for some in ({"V0": values["V0"]}, values):
        searched = KnownValues(some)
        began = time.perf_counter()
        searched.find(data)
        took.append(time.perf_counter() - began)
    assert took[1] < 12 * took[0] + 1


def test_the_same_value_has_the_same_mark_wherever_it_stands_and_nobody_can_try_values_out_on_it():
    first = leaked("a.js", f"k='{GITHUB}'".encode())[0]
    second = leaked("b.js", f"\n\nother = `{GITHUB}`".encode())[0]
    assert first.mark == second.mark == mark_of(GITHUB, KEY) != mark_of(GITHUB, b"another installation")
    assert (second.line, second.column) == (3, 10)


def test_a_credential_in_a_source_map_is_named_by_its_source_and_line():
    sheet = {
        "version": 3,
        "sources": ["../src/api.ts"],
        "sourcesContent": [f"// api\n\nconst key = '{GITHUB}'\n"],
        "mappings": "AAAA",
    }
    [found] = leaked("main.js.map", json.dumps(sheet).encode())
    assert (found.where, found.line) == ("../src/api.ts", 3)


def test_a_source_map_that_is_none_is_read_as_the_text_it_is():
    for sheet in (f"k='{GITHUB}'", json.dumps([GITHUB]), json.dumps({"sources": 3, "sourcesContent": f"'{GITHUB}'"})):
        assert len(leaked("main.js.map", sheet.encode())) == 1


@pytest.mark.parametrize(
    "text",
    [
        f'const k = "{GITHUB[:12]}" + "{GITHUB[12:]}"',
        f"k = ('{GITHUB[:20]}'\n     '{GITHUB[20:]}')",
        f'var k="{GITHUB[:9]}".concat("{GITHUB[9:]}")',
        f'k = "{GITHUB[:9]}" +\n    "{GITHUB[9:22]}" +\n    "{GITHUB[22:]}"',
        f"secret: {base64.b64encode(f'token={GITHUB}'.encode()).decode()}",
        f'atob("{base64.b64encode(GITHUB.encode()).decode()}")',
    ],
)
def test_a_kind_of_credential_is_found_in_parts_and_in_base64(text):
    found = leaked("config.js", f"// one\n{text}\n".encode())
    assert "GitHub personal access token" in {one.kind for one in found}
    assert {one.line for one in found} == {2}


def test_a_kind_of_credential_is_found_in_a_zip_a_program_and_the_notes_in_a_picture():
    noise = bytes(DICE.randrange(256) for _ in range(4000))
    assert [one.where for one in leaked("site.zip", zipped(conf__env=f"TOKEN={GITHUB}\n"))] == ["conf.env"]
    assert leaked("tool.exe", b"MZ\0\0" + noise + GITHUB.encode() + noise)
    assert leaked("tool.dll", b"MZ\0\0" + noise + GITHUB.encode("utf-16-le") + noise)
    assert leaked("logo.png", b"\x89PNG\r\n\x1a\n" + noise + b"\0tEXtComment\0" + GITHUB.encode() + b"\0" + noise)


def test_a_credential_far_into_a_large_file_is_found_at_its_line():
    lines = "const nothing = 1\n" * 600_000
    [found] = leaked("large.js", f"{lines}k='{GITHUB}'\n".encode())
    assert (found.line, found.column) == (600_001, 4)


def test_an_archive_that_becomes_enormous_is_read_to_a_bound():
    bomb = zipped(zeros=b"\0" * 200_000_000)
    began = time.perf_counter()
    assert sum(len(content) for _, content in unpacked(bomb)) <= 130 * 1024 * 1024
    assert inspect_file("bomb.zip", bomb).findings == ()
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04" + b"x" * 100,
        b"\x1f\x8b" + b"x" * 100,
        b"BZh9" + b"x" * 100,
        b"\xfd7zXZ\0" + b"x" * 50,
        b"\0" * 257 + b"ustar" + b"\xff" * 500,
    ],
)
def test_a_damaged_archive_is_no_error(data):
    assert list(unpacked(data)) in ([], [("what is packed in it", b"")])
    assert inspect_file("a.bin", data).findings == ()
