"""Zip archives made by hand to be read differently, to run away or to reach outside: each refused with its sentence."""

import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenlane.deploys.limits import DEFAULT_LIMITS, Limits
from greenlane.deploys.unpack import unpack
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit.blobs import Blobs

PAGE = b"<!doctype html><title>Vendors</title>"


@dataclass
class Entry:
    """One member as its two headers tell it; what is not given is told truthfully."""

    name: bytes
    data: bytes = PAGE
    method: int = 0
    flags: int = 0
    mode: int = 0o100644
    extra: bytes = b""
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    local: dict = field(default_factory=dict)
    descriptor: bytes = b""


def deflate(data):
    worker = zlib.compressobj(9, zlib.DEFLATED, -15)
    return worker.compress(data) + worker.flush()


def make(*entries, before=b"", between=b"", after=b"", count=None, comment=b"", offsets=None):
    out, central = BytesIO(), BytesIO()
    out.write(before)
    for number, one in enumerate(entries):
        packed = one.packed if one.packed is not None else deflate(one.data) if one.method == 8 else one.data
        crc = zlib.crc32(one.data) if one.crc is None else one.crc
        size = len(one.data) if one.size is None else one.size
        place = out.tell() if offsets is None else offsets[number]
        told = {
            "name": one.name,
            "method": one.method,
            "flags": one.flags,
            "crc": crc,
            "packed": len(packed),
            "size": size,
        }
        local = told | one.local
        if offsets is None or number == 0:
            out.write(
                struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, local["flags"], local["method"], 0, 0x21,
                            local["crc"], local["packed"], local["size"], len(local["name"]), len(one.extra))
                + local["name"] + one.extra + packed + one.descriptor + between
            )  # fmt: skip
        central.write(
            struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 0x0314, 20, told["flags"], told["method"], 0, 0x21,
                        crc, len(packed), size, len(one.name), len(one.extra), 0, 0, 0, one.mode << 16, place)
            + one.name + one.extra
        )  # fmt: skip
    at, directory = out.tell(), central.getvalue()
    number = len(entries) if count is None else count
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, number, number, len(directory), at, len(comment)) + comment
    return out.getvalue() + directory + end + after


def valid():
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", PAGE * 40)
        archive.writestr("img/a.txt", "a" * 5000)
        archive.writestr("b.css", "body{}", zipfile.ZIP_STORED)
    return file.getvalue()


VALID_FILES = {"index.html": PAGE * 40, "img/a.txt": b"a" * 5000, "b.css": b"body{}"}


def overlapping():
    kernel = Entry(b"a.html", PAGE, 8)
    return make(kernel, Entry(b"b.html", PAGE, 8, local={"name": b"a.html"}), offsets=[0, 0])


def unicode_path(name, for_name):
    body = b"\1" + struct.pack("<I", zlib.crc32(for_name)) + name
    return struct.pack("<2H", 0x7075, len(body)) + body


def zip64_lie():
    wide = struct.pack("<2H2Q", 1, 16, 2**40, len(PAGE))
    return make(Entry(b"index.html", extra=wide, size=0xFFFFFFFF))


HOSTILE = {
    "traversal": (make(Entry(b"../evil.html")), "'../evil.html' points outside of the upload."),
    "traversal within": (make(Entry(b"a/../../evil.html")), "'a/../../evil.html' points outside of the upload."),
    "absolute": (make(Entry(b"/etc/passwd")), "'/etc/passwd' is an absolute path."),
    "drive": (make(Entry(b"C:/evil.html")), "'C:/evil.html' is an absolute path."),
    "drive relative": (make(Entry(b"c:evil.html")), "'c:evil.html' is an absolute path."),
    "backslash": (make(Entry(b"..\\evil.html")), r"'..\\evil.html' has a backslash"),
    "unc": (make(Entry(b"\\\\host\\share\\x")), r"has a backslash, which some systems take for a folder."),
    "double slash": (make(Entry(b"//host/x")), "'//host/x' is an absolute path."),
    "empty part": (make(Entry(b"a//b.html")), "'a//b.html' has an empty part."),
    "symlink": (make(Entry(b"link", b"../../etc/passwd", mode=0o120777)), "'link' is a symbolic link; only files"),
    "inner symlink": (make(Entry(b"link", b"index.html", mode=0o120777)), "'link' is a symbolic link; only files"),
    "fifo": (make(Entry(b"pipe", b"", mode=0o010644)), "'pipe' is a device or a pipe; only files"),
    "device": (make(Entry(b"dev", b"", mode=0o060644)), "'dev' is a device or a pipe; only files"),
    "setuid": (make(Entry(b"run", mode=0o104755)), "'run' is a program that would run with somebody else's rights"),
    "encrypted": (make(Entry(b"a.html", flags=1)), "'a.html' is encrypted."),
    "aes": (make(Entry(b"a.html", method=99)), "'a.html' is encrypted."),
    "strong encryption": (make(Entry(b"a.html", flags=0x41)), "'a.html' is encrypted."),
    "unknown method": (make(Entry(b"a.html", method=14)), "'a.html' is packed with the method LZMA."),
    "unheard-of method": (make(Entry(b"a.html", method=77)), "'a.html' is packed with the method number 77."),
    "wrong checksum": (make(Entry(b"a.html", crc=1)), "'a.html' does not match its checksum."),
    "stored size lie": (make(Entry(b"a.html", size=3)), "'a.html' lies about its size."),
    "small size lie": (make(Entry(b"a.html", PAGE * 9, 8, size=3)), "'a.html' lies about its size."),
    "large size lie": (make(Entry(b"a.html", PAGE * 9, 8, size=9999)), "'a.html' lies about its size."),
    "broken stream": (make(Entry(b"a.html", method=8, packed=b"\xff" * 30)), "The compressed data of 'a.html' cannot be read."),
    "short stream": (make(Entry(b"a.html", PAGE, 8, packed=deflate(PAGE)[:-4])), "data of 'a.html' ends too early."),
    "hidden behind stream": (make(Entry(b"a.html", PAGE, 8, packed=deflate(PAGE) + b"more")), "data behind 'a.html'"),
    "truncated": (valid()[:-30], "The archive is cut short"),
    "half": (valid()[: len(valid()) // 2], "The archive is cut short"),
    "duplicate": (make(Entry(b"a.html"), Entry(b"a.html")), "'a.html' is there twice."),
    "case": (make(Entry(b"Index.html"), Entry(b"index.html")), "'index.html' and 'Index.html' are the same name"),
    "normal form": (make(Entry("é.html".encode(), flags=0x800), Entry("e\u0301.html".encode(), flags=0x800)), "is there twice."),
    "sharp s": (make(Entry("straße.html".encode(), flags=0x800), Entry(b"STRASSE.html")), "are the same name on many systems."),
    "file and folder": (make(Entry(b"a"), Entry(b"a/b.html")), "'a' is there as a file and as a folder."),
    "folder and file": (make(Entry(b"a/b.html"), Entry(b"A")), "'A' is there as a file and as a folder."),
    "code page": (make(Entry(b"caf\x82.html")), r"The name 'caf\\x82.html' is not written in UTF-8"),
    "false utf-8": (make(Entry(b"caf\xe9.html", flags=0x800)), "is not written in UTF-8"),
    "control": (make(Entry(b"a\x1b[2J.html")), r"'a\x1b[2J.html' has a control character in it."),
    "nul": (make(Entry(b"a.html\0.png")), r"'a.html\x00.png' has a control character in it."),
    "newline": (make(Entry(b"a\n.html")), "has a control character in it."),
    "bidi": (make(Entry("a\u202elmth.exe".encode(), flags=0x800)), r"'a\u202elmth.exe' has a character that turns the writing"),
    "isolate": (make(Entry("a\u2067b.html".encode(), flags=0x800)), "turns the writing direction around"),
    "zero width": (make(Entry("a\u200bb.html".encode(), flags=0x800)), r"'a\u200bb.html' has a character of no width in it."),
    "soft hyphen": (make(Entry("a\u00adb.html".encode(), flags=0x800)), "has a character of no width in it."),
    "trailing dot": (make(Entry(b"a.html.")), "or ends with a dot."),
    "trailing space": (make(Entry(b"a /b.html")), "starts or ends with a space"),
    "windows device": (make(Entry(b"img/NUL.png")), "'img/NUL.png' has a name that Windows keeps for a device."),
    "windows port": (make(Entry(b"com1")), "'com1' has a name that Windows keeps for a device."),
    "long name": (make(Entry(b"a" * 256)), "is longer than 255 bytes."),
    "long path": (make(Entry(b"/".join([b"a" * 200] * 6))), "is longer than 1024 bytes."),
    "deep": (make(Entry(b"a/" * 33 + b"b")), "lies more than 32 folders deep."),
    "no name": (make(Entry(b"./")), "is a folder and a file at once."),
    "folder with data": (make(Entry(b"a/", PAGE)), "'a/' is a folder and a file at once."),
    "overlap": (overlapping(), "overlaps another file, as archives do that unpack without end."),
    "local name differs": (make(Entry(b"a.html", local={"name": b"b.html"})), "do not agree about 'a.html'."),
    "local method differs": (make(Entry(b"a.html", local={"method": 8})), "do not agree about 'a.html'."),
    "local size differs": (make(Entry(b"a.html", local={"size": 5})), "do not agree about 'a.html'."),
    "local crc differs": (make(Entry(b"a.html", local={"crc": 5})), "do not agree about 'a.html'."),
    "local encryption": (make(Entry(b"a.html", local={"flags": 1})), "do not agree about 'a.html'."),
    "two names": (make(Entry(b"a.html", extra=unicode_path(b"../b.html", b"a.html"))), "'a.html' has two names."),
    "stale second name": (make(Entry(b"a.html", extra=unicode_path(b"a.html", b"c.html"))), "'a.html' has two names."),
    "zip64 lie": (zip64_lie(), "lies about its size."),
    "self-extracting": (b"MZ" + bytes(100) + valid(), "is a program."),
    "data in front": (make(Entry(b"a.html"), before=b"PK\x03\x04" + bytes(40)), "data that belongs to no file."),
    "data between": (make(Entry(b"a.html"), Entry(b"b.html"), between=b"hidden"), "In front of 'b.html' there is data"),
    "data after": (make(Entry(b"a.html"), after=b"tail"), "There is more data after its end."),
    "false count": (make(Entry(b"a.html"), Entry(b"b.html"), count=1), "holds more than it counts."),
    "false high count": (make(Entry(b"a.html"), count=9), "Its directory ends too early."),
    "two ends": (make(Entry(b"a.html"), comment=make()), "It has two ends"),
    "empty": (make(), "The upload is empty."),
    "only junk": (make(Entry(b"__MACOSX/._a"), Entry(b".DS_Store")), "everything in the upload was set aside."),
    "page before zip": (b"<p>x</p>" + valid(), "begins like an HTML page but holds other data"),
    "text before zip": (b"hello " + valid(), "It is a zip archive with other data in front of it."),
    "quine or not, a file": (make(Entry(b"a.html", method=8, packed=deflate(PAGE)[:3])), "ends too early."),
}  # fmt: skip


@pytest.fixture
def upload(tmp_path):
    """Unpacks bytes with a watched folder around the store: nothing may appear outside of it."""
    blobs = Blobs(tmp_path / "in" / "blobs")

    def run(data, name="site.zip", limits=DEFAULT_LIMITS):
        path = tmp_path / "in" / "upload"
        path.write_bytes(data)
        bundle = unpack(path, name, blobs, limits)
        return {path: blobs.get(one.sha256) for path, one in bundle.files.items()}

    yield run
    assert [one.name for one in tmp_path.iterdir()] == ["in"]
    assert sorted(one.name for one in (tmp_path / "in").iterdir()) == ["blobs", "upload"]


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_zip_is_refused_with_its_sentence_and_a_next_step(upload, case):
    data, sentence = HOSTILE[case]
    with pytest.raises((WrongInput, TooLarge)) as caught:
        upload(data)
    assert sentence in caught.value.message
    assert caught.value.next_step.endswith(".")
    assert caught.value.message.isprintable()


def test_an_ordinary_zip_comes_out_as_it_went_in(upload):
    assert upload(valid()) == VALID_FILES


def test_a_data_descriptor_as_streaming_writers_leave_it_is_understood(upload):
    later = struct.pack("<4s3I", b"PK\x07\x08", zlib.crc32(PAGE), len(PAGE), len(PAGE))
    one = Entry(b"a.html", flags=8, local={"crc": 0, "packed": 0, "size": 0}, descriptor=later)
    assert upload(make(one, Entry(b"b.html"))) == {"a.html": PAGE, "b.html": PAGE}


def test_names_that_macos_writes_in_utf8_without_saying_so_are_taken(upload):
    assert list(upload(make(Entry("Über uns.html".encode())))) == ["Über uns.html"]


def test_a_zip64_archive_that_tells_the_truth_is_taken(upload):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("a.html", "w", force_zip64=True) as one:
        one.write(PAGE)
    assert upload(file.getvalue()) == {"a.html": PAGE}


def test_more_bytes_than_the_limit_are_refused_by_what_really_came_out(upload):
    many = make(*(Entry(f"{n}.html".encode(), PAGE * 100, 8) for n in range(20)))
    with pytest.raises(TooLarge, match="holds more than 10,000 bytes"):
        upload(many, limits=Limits(total=10_000))


def test_a_file_that_is_too_large_is_named(upload):
    with pytest.raises(TooLarge, match=r"'a.html' is larger than 1,000 bytes"):
        upload(make(Entry(b"a.html", PAGE * 100, 8)), limits=Limits(file=1000))


def test_a_bomb_is_stopped_by_its_ratio(upload):
    with pytest.raises(TooLarge, match="more than 200 times larger"):
        upload(make(Entry(b"a.txt", bytes(40_000_000), 8)))


def test_nested_archives_are_files_and_never_opened(upload):
    inner = make(Entry(b"../evil.html"))
    assert upload(make(Entry(b"a.html"), Entry(b"inner.zip", inner))) == {"a.html": PAGE, "inner.zip": inner}


def test_two_hundred_thousand_entries_are_refused_before_any_is_read(upload):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(200_000):
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), b"")
    with pytest.raises(TooLarge, match="more than 150,000 files"):
        upload(file.getvalue())


def test_more_files_than_can_be_served_are_refused(upload):
    with pytest.raises(TooLarge, match="more than 5 files"):
        upload(make(*(Entry(f"{n}.html".encode()) for n in range(6))), limits=Limits(files=5))


def outcome(upload, data):
    """The files that came out, or what the refusal says to do."""
    try:
        return upload(data), ""
    except (WrongInput, TooLarge) as error:
        return None, error.next_step


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(valid()) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.booleans()
)
def test_a_zip_with_random_damage_is_either_whole_or_refused(upload, changes, cut):
    data = bytearray(valid())
    for place, value in changes:
        data[place] = value
    if cut:
        del data[changes[0][0] :]
    files, advice = outcome(upload, bytes(data))
    assert advice or sorted(files.values()) == sorted(VALID_FILES.values())
