"""Tar archives made by hand, plain and packed: each refused with its sentence, none of them laid out anywhere."""

import bz2
import gzip
import io
import lzma
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenlane.deploys.limits import DEFAULT_LIMITS, Limits
from greenlane.deploys.unpack import unpack
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit.blobs import Blobs

PAGE = b"<!doctype html><title>Vendors</title>"
END = bytes(1024)


def block(data):
    return data + bytes(-len(data) % 512)


def header(name, size=0, kind=b"0", mode=0o644, link=b"", prefix=b"", raw_size=None):
    field = b"%011o\0" % size if raw_size is None else raw_size
    head = bytearray(512)
    head[0 : len(name)] = name
    head[100:108] = b"%07o\0" % mode
    head[124:136] = field
    head[148:156] = b" " * 8
    head[156:157] = kind
    head[157 : 157 + len(link)] = link
    head[257:265] = b"ustar\00000"
    head[345 : 345 + len(prefix)] = prefix
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def member(name, data=PAGE, **more):
    return header(name, len(data), **more) + block(data)


def pax(records, kind=b"x"):
    data = b""
    for key, value in records:
        body = b" " + key + b"=" + value + b"\n"
        length = len(body) + 1
        while len(str(length)) + len(body) != length:
            length += 1
        data += str(length).encode() + body
    return header(b"pax", len(data), kind) + block(data)


def long_name(name):
    return header(b"././@LongLink", len(name) + 1, b"L") + block(name + b"\0")


def valid():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in VALID_FILES.items():
            one = tarfile.TarInfo(name)
            one.size = len(data)
            archive.addfile(one, io.BytesIO(data))
    return file.getvalue()


VALID_FILES = {"index.html": PAGE * 40, "img/a.txt": b"a" * 5000, "ü" * 70 + ".css": b"body{}"}

HOSTILE = {
    "traversal": (member(b"../evil.html") + END, "'../evil.html' points outside of the upload."),
    "absolute": (member(b"/etc/passwd") + END, "'/etc/passwd' is an absolute path."),
    "traversal by prefix": (member(b"evil.html", prefix=b"..") + END, "'../evil.html' points outside of the upload."),
    "traversal by long name": (long_name(b"../evil") + member(b"a") + END, "'../evil' points outside of the upload."),
    "traversal by pax": (pax([(b"path", b"../evil")]) + member(b"a") + END, "'../evil' points outside of the upload."),
    "symlink": (header(b"link", 0, b"2", link=b"/etc") + END, "'link' is a symbolic link; only files"),
    "symlink then file": (header(b"d", 0, b"2", link=b"/tmp") + member(b"d/x") + END, "'d' is a symbolic link; only files"),
    "inner symlink": (member(b"a") + header(b"b", 0, b"2", link=b"a") + END, "'b' is a symbolic link; only files"),
    "hard link": (header(b"link", 0, b"1", link=b"../../x") + END, "'link' is a hard link; only files and folders"),
    "device": (header(b"dev", 0, b"3") + END, "'dev' is a device; only files"),
    "block device": (header(b"dev", 0, b"4") + END, "'dev' is a device; only files"),
    "fifo": (header(b"pipe", 0, b"6") + END, "'pipe' is a pipe; only files"),
    "setuid": (member(b"run", mode=0o4755) + END, "'run' is a program that would run with somebody else's rights"),
    "gnu sparse": (header(b"big", 0, b"S") + END, "'big' is packed as a file with holes (sparse)."),
    "pax sparse": (pax([(b"GNU.sparse.major", b"1")]) + member(b"big") + END, "'big' is packed as a file with holes (sparse)."),
    "unknown kind": (header(b"odd", 0, b"Q") + END, "'odd' is an entry of the unknown kind 'Q'."),
    "pax size lie": (pax([(b"size", b"0")]) + member(b"a") + END, "'a' has two sizes."),
    "pax size for all": (pax([(b"size", b"0")], b"g") + member(b"a") + END, "It gives all of its files one name or size."),
    "pax path for all": (pax([(b"path", b"x")], b"g") + member(b"a") + END, "It gives all of its files one name or size."),
    "two pax paths": (pax([(b"path", b"a"), (b"path", b"b")]) + member(b"a") + END, "A header in it is broken."),
    "two pax headers": (pax([(b"path", b"a")]) * 2 + member(b"a") + END, "two headers of one kind."),
    "two long names": (long_name(b"a") + long_name(b"b") + member(b"a") + END, "two headers of one kind."),
    "pax and long name": (pax([(b"path", b"a")]) + long_name(b"b") + member(b"c") + END, "'a' has two names."),
    "pax without end": (header(b"p", 4, b"x") + block(b"9 ab") + END, "A header in it is broken."),
    "pax length lie": (header(b"p", 8, b"x") + block(b"99 a=bc\n") + END, "A header in it is broken."),
    "pax zero length": (header(b"p", 8, b"x") + block(b"0 a=bcd\n") + END, "A header in it is broken."),
    "huge pax": (header(b"p", 10**9, b"x") + END, "A name or note in the archive is longer than 65,536 bytes."),
    "pax not utf-8": (pax([(b"path", b"\xff")]) + member(b"a") + END, "is not written in UTF-8"),
    "pax binary": (pax([(b"hdrcharset", b"BINARY")]) + member(b"a") + END, "Its names are not written in UTF-8."),
    "not utf-8": (member(b"caf\xe9.html") + END, r"The name 'caf\\xe9.html' is not written in UTF-8"),
    "duplicate": (member(b"a") * 2 + END, "'a' is there twice."),
    "duplicate by dot": (member(b"a") + member(b"./a") + END, "'a' is there twice."),
    "case": (member(b"A") + member(b"a") + END, "'a' and 'A' are the same name on many systems."),
    "control": (member(b"a\x07") + END, r"'a\x07' has a control character in it."),
    "bidi": (member("a\u202eb".encode()) + END, r"'a\u202eb' has a character that turns the writing direction around in it."),
    "backslash": (member(b"a\\b") + END, "has a backslash"),
    "folder with data": (member(b"d", kind=b"5") + END, "'d' is a folder and a file at once."),
    "negative size": (header(b"a", raw_size=b"\xff" * 12) + END, "A number in it is negative."),
    "endless size": (header(b"a", raw_size=b"\x80" + b"\x7f" * 11) + END, "'a' is larger than 100 MB."),
    "odd size": (header(b"a", raw_size=b"12x45678901\0") + END, "A number in it is broken."),
    "size lie": (header(b"a", 5000) + block(PAGE) + END, "The archive is cut short"),
    "no end": (member(b"a"), "The archive is cut short"),
    "half an end": (member(b"a") + bytes(512), "The archive is cut short"),
    "dangling name": (member(b"a") + long_name(b"b") + END, "The archive is cut short"),
    "data after": (member(b"a") + END + b"tail", "There is more data after its end."),
    "second archive": (member(b"a") + END + member(b"b") + END, "There is more data after its end."),
    "wrong checksum": (member(b"a") + header(b"b").replace(b"b", b"c", 1) + END, "A header in it does not match its checksum."),
    "empty": (END, "The upload is empty."),
    "only junk": (member(b"._a") + member(b".DS_Store") + END, "everything in the upload was set aside."),
}  # fmt: skip


@pytest.fixture
def upload(tmp_path):
    blobs = Blobs(tmp_path / "in" / "blobs")

    def run(data, limits=DEFAULT_LIMITS):
        path = tmp_path / "in" / "upload"
        path.write_bytes(data)
        bundle = unpack(path, "site.tar", blobs, limits)
        return {path: blobs.get(one.sha256) for path, one in bundle.files.items()}

    yield run
    assert [one.name for one in tmp_path.iterdir()] == ["in"]
    assert sorted(one.name for one in (tmp_path / "in").iterdir()) == ["blobs", "upload"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_tar_is_refused_with_its_sentence_and_a_next_step(upload, case, pack):
    data, sentence = HOSTILE[case]
    with pytest.raises((WrongInput, TooLarge)) as caught:
        upload(pack(data))
    assert sentence in caught.value.message
    assert caught.value.next_step.endswith(".")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_an_ordinary_tar_comes_out_as_it_went_in(upload, pack):
    assert upload(pack(valid())) == VALID_FILES


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read_in_every_form(upload, form):
    name = "/".join(["a" * 60] * 3) + "/page.html"
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        one = tarfile.TarInfo(name)
        one.size = len(PAGE)
        archive.addfile(one, io.BytesIO(PAGE))
        archive.addfile(tarfile.TarInfo("index.html"))
    assert upload(file.getvalue())[name] == PAGE


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_tar_that_is_cut_short_says_so(upload, pack):
    packed = pack(valid() + bytes(range(256)) * 0)
    with pytest.raises(WrongInput, match=r"cut short|cannot be trusted"):
        upload(packed[:-12])


def test_a_gzip_stream_with_a_wrong_checksum_is_refused(upload):
    packed = bytearray(gzip.compress(valid()))
    packed[-8] ^= 1
    with pytest.raises(WrongInput, match="Its compressed data cannot be read"):
        upload(bytes(packed))


def test_data_behind_a_packed_stream_is_refused(upload):
    with pytest.raises(WrongInput, match="There is more data after its end"):
        upload(gzip.compress(valid()) + b"tail")


def test_something_packed_that_is_no_tar_is_named_as_such(upload):
    with pytest.raises(WrongInput, match="What is packed in this file is not a tar archive"):
        upload(gzip.compress(PAGE * 100))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_is_stopped_by_its_ratio(upload, pack):
    with pytest.raises(TooLarge, match="more than 200 times larger"):
        upload(pack(header(b"a", 60_000_000) + bytes(60_000_256) + END))


def test_set_aside_members_count_towards_what_an_archive_unpacks_to(upload):
    bulk = member(b"node_modules/x", bytes(range(256)) * 8000)
    with pytest.raises(TooLarge, match="holds more than 1 MB"):
        upload(gzip.compress(bulk + member(b"a") + END), limits=Limits(unpacked=1024 * 1024))


def test_two_hundred_thousand_entries_are_refused(upload):
    entries = b"".join(header(b"%d" % number) for number in range(2000))
    with pytest.raises(TooLarge, match="more than 1,000 files"):
        upload(entries + END, limits=Limits(members=1000))


def test_links_inside_of_what_is_set_aside_are_set_aside_with_it(upload):
    linked = header(b"node_modules/.bin/x", 0, b"2", link=b"../x") + header(b".env", 0, b"2", link=b"/etc/passwd")
    assert upload(member(b"a") + linked + END) == {"a": PAGE}


def outcome(upload, data):
    """The files that came out, or what the refusal says to do."""
    try:
        return upload(data), ""
    except (WrongInput, TooLarge) as error:
        return None, error.next_step


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(valid()) - 1), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([bytes, gzip.compress]),
)
def test_a_tar_with_random_damage_never_hangs_and_never_fails_without_words(upload, changes, cut, pack):
    data = bytearray(valid())
    for place, value in changes:
        data[place] = value
    if cut:
        del data[changes[0][0] :]
    files, advice = outcome(upload, pack(bytes(data)))
    # A tar has no checksum over contents, so a damaged byte may stay; sizes and number of files may not change.
    assert advice or sorted(map(len, files.values())) == sorted(map(len, VALID_FILES.values()))


@settings(max_examples=200, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_gzip_stream_with_random_damage_is_either_whole_or_refused(upload, changes):
    data = bytearray(gzip.compress(valid(), mtime=0))
    for place, value in changes:
        data[place % len(data)] = value
    files, advice = outcome(upload, bytes(data))
    assert advice or files == VALID_FILES
