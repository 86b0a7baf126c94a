"""A build's log: whatever a build prints, people can read what is kept of it, and no known value is in it."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from greenlane.runtime.building.log import FIRST, LAST, LONGEST_LINE, MASK, BuildLog, Masks

SECRET = "correct-horse/battery+staple=9"


def logged(path: Path, *pieces: bytes, values: tuple[str, ...] = ()) -> str:
    log = BuildLog(path / "log", Masks(values))
    for piece in pieces:
        log.write(piece)
    log.close()
    return (path / "log").read_text()


@pytest.mark.parametrize(
    "printed",
    [
        SECRET,
        SECRET[::-1],
        quote(SECRET, safe=""),
        json.dumps({"key": SECRET}),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"x" + SECRET.encode() + b"y").decode(),
        base64.b64encode(b"xy" + SECRET.encode()).decode(),
        base64.urlsafe_b64encode(b"Basic:" + SECRET.encode()).decode(),
        f"https://me:{SECRET}@example.com",
    ],
)
def test_a_known_value_is_masked_in_every_form(tmp_path, printed):
    text = logged(tmp_path, f"the key is {printed} ok\n".encode(), values=(SECRET,))
    assert MASK in text
    assert SECRET not in text
    for step in range(len(SECRET) // 2):
        assert SECRET[step : step + 16] not in text


def test_a_value_that_arrives_in_pieces_is_masked(tmp_path):
    pieces = [bytes([letter]) for letter in f"a {SECRET} b\n".encode()]
    assert logged(tmp_path, *pieces, values=(SECRET,)) == f"a {MASK} b\n"


def test_a_value_of_several_lines_is_masked_line_by_line(tmp_path):
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----"
    text = logged(tmp_path, f"{key}\n".encode(), values=(key,))
    assert "MIIE" not in text
    assert "hkiG" not in text


def test_a_value_at_the_cut_of_an_endless_line_is_masked(tmp_path):
    text = logged(tmp_path, b"x" * (LONGEST_LINE - 10) + SECRET.encode() + b"y" * 50_000 + b"\n", values=(SECRET,))
    assert SECRET[:8] not in text


def test_a_short_value_does_not_blacken_the_log(tmp_path):
    assert logged(tmp_path, b"1 + 1 = 2\n", values=("1",)) == "1 + 1 = 2\n"


def test_a_log_cannot_drive_a_terminal(tmp_path):
    text = logged(tmp_path, b"\x1b[2J\x1b]0;owned\x07\x1b[31mred\x1b[0m \x00\x08\xe2\x80\xae ok\n")
    assert text == "red  ok\n"


def test_only_the_end_of_a_line_that_was_written_over_is_kept(tmp_path):
    assert logged(tmp_path, b"1%\r50%\r100%\r\n") == "100%\n"


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path):
    assert logged(tmp_path, bytes(range(128, 256)) + b"\n").strip("\n").strip("\ufffd") == ""


def test_of_a_long_log_the_beginning_and_the_end_are_kept(tmp_path):
    lines = [f"line {number:08d}\n".encode() for number in range(400_000)]
    text = logged(tmp_path, *lines)
    assert text.startswith("line 00000000\n")
    assert text.endswith("line 00399999\n")
    assert "letters are left out here" in text
    assert len(text) < FIRST + LAST + 200


def test_an_endless_line_takes_no_room(tmp_path):
    log = BuildLog(tmp_path / "log", Masks(()))
    for _ in range(200):
        log.write(b"y" * 65_536)
    assert log.printed == 200 * 65_536
    log.write(b"\nnext\n")
    log.close()
    text = (tmp_path / "log").read_text()
    assert len(text) < 2 * LONGEST_LINE
    assert text.endswith("next\n")
