"""Looking for credentials: how many planted ones are found, how many real files are held up for nothing, how fast.

    python benchmarks/credentials.py [--packages 1000] [--planted 600] [--megabytes 1] [--json FILE]

The ground is real: files of packages as npm and PyPI have them, fetched by their own clients into a folder that is thrown
away, grouped into *sites* (what one package would publish). Secrets are made up here and planted into copies of those
files, as people and tools leave them: raw, in Base64, hexadecimal, percent-encoded, in JSON, split over strings and lines,
in source maps, in binaries, in archives; and left in the files that `tests/deploys` has a table of. *Found* is the share
of planted ones that close the lane with their file named. *False blocks* is the share of sites, as they are, that would be closed. Speed is inspection beside reading and hashing the
same bytes once; *growth* is the time for four times the bytes over the time for one: 4 is linear.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import json
import random
import shutil
import string
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.deploys.kinds_of_credentials import HEX, LETTERS, dice, kinds, left
from tests.deploys.placements import HARMLESS, LEAVING_ONE, Placement

from greenlane.deploys.inspection import inspect_file
from greenlane.deploys.inspection.known_values import KnownValues

CORPUS = Path(__file__).with_name("corpus.txt")
"""The packages, each with its version: well-known ones, vendors' own (their files talk of keys and tokens all the time), built
pages that packages bring along, and libraries of cryptography.
"""

MIB = 1024 * 1024
LARGEST = 8 * MIB


VALUES: dict[str, Callable[[random.Random], str]] = {
    "random": lambda c: dice(c, c.randrange(16, 64)),
    "hexadecimal": lambda c: dice(c, 32, HEX),
    "with signs": lambda c: dice(c, c.randrange(12, 40), LETTERS + "!$%&/()=?+*#-_.:,;<>@^~{}[]|\"'\\ "),
    "words": lambda c: "-".join(c.choice(("maple", "otter", "violet", "harbor", "comet", "ember", "saffron")) for _ in range(4)) + dice(c, 2, string.digits),
    "umlauts": lambda c: dice(c, 12, LETTERS + "äöüßéñ") + "ß" + dice(c, 4),
    "short": lambda c: dice(c, 8),
}  # fmt: skip
"""Values that only the platform knows to be secrets."""


def _halves(value: str) -> tuple[str, str]:
    return value[: len(value) // 2], value[len(value) // 2 :]


def _map(value: str) -> bytes:
    source = f"// config\nexport const key = {json.dumps(value)}\n"
    return json.dumps(
        {"version": 3, "sources": ["src/config.ts"], "sourcesContent": [source], "mappings": "AAAA"}
    ).encode()


def _zip(value: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conf/app.json", json.dumps({"key": value}))
    return packed.getvalue()


def _tar(value: str) -> bytes:
    packed, content = io.BytesIO(), f"key = {value}\n".encode()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("conf/app.ini")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


INLINE: dict[str, Callable[[str], str]] = {
    "raw": lambda v: f"const key = '{v}';",
    "JSON": lambda v: f"var c = {json.dumps({'key': v})};",
    "Base64": lambda v: f"atob('{base64.b64encode(v.encode()).decode()}')",
    "two strings": lambda v: "k = {!s} + {!s};".format(*map(json.dumps, _halves(v))),
    "two lines": lambda v: "k = {!s} +\n    {!s};".format(*map(json.dumps, _halves(v))),
}
"""Ways that both a kind and a known value are found in."""

AS_LEFT = "a line as people leave it"

ENCODED: dict[str, Callable[[str], str]] = {
    "Base64 within": lambda v: base64.b64encode(f"user:{v}:end".encode()).decode(),
    "Base64 for addresses": lambda v: base64.urlsafe_b64encode(b"x" + v.encode()).decode(),
    "hexadecimal": lambda v: f'h = "{v.encode().hex()}"',
    "percent": lambda v: f"?key={urllib.parse.quote(v, safe='')}&x=1",
    "plus and percent": lambda v: f"?key={urllib.parse.quote_plus(v)}",
    "JSON twice": lambda v: json.dumps(json.dumps({"k": v})),
    "numbers": lambda v: f"String.fromCharCode({','.join(map(str, v.encode()))})",
    "HTML": lambda v: "".join(f"&#{ord(one)};" for one in v),
    "Base64 in lines": lambda v: base64.encodebytes(
        b"the value is: " + v.encode() + b" and this follows it for a while"
    ).decode(),
}
FILES: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "source map": ("app.js.map", _map),
    "zip": ("backup.zip", _zip),
    "tar": ("backup.tar.gz", _tar),
    "gzip": ("dump.gz", lambda v: gzip.compress(f"key={v}\n".encode())),
    "binary": ("tool.bin", lambda v: b"\x7fELF\0" + bytes(range(256)) * 8 + v.encode() + b"\0" * 64),
    "UTF-16": ("notes.txt", lambda v: f"key {v} end".encode("utf-16")),
}


# -- the ground --------------------------------------------------------------------------------------------------------


def fetched(folder: Path, packages: int, chance: random.Random) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Sites: the files of one package each, from npm and PyPI by their own clients; drawn by chance when not all are asked."""
    listed = CORPUS.read_text().splitlines()
    for line in sorted(chance.sample(listed, min(packages, len(listed)))):
        registry, _, package = line.partition(" ")
        place = Path(tempfile.mkdtemp(dir=folder))
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", package]
        command = ["npm", "pack", "--silent", package] if registry == "npm" else pip
        subprocess.run(command, cwd=place, check=False, capture_output=True)
        for file in place.iterdir():
            if file.suffix == ".tgz":
                with tarfile.open(file) as archive:
                    yield line, _kept((one.name, archive.extractfile(one)) for one in archive if one.isreg())
            else:
                with zipfile.ZipFile(file) as archive:
                    yield line, _kept((one, archive.open(one)) for one in archive.namelist() if not one.endswith("/"))
        shutil.rmtree(place)


def _kept(members: Iterator[tuple[str, object]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, stream in members:
        data = stream.read(LARGEST)  # type: ignore[attr-defined]  # an open member of either kind of archive
        if data and len(data) < LARGEST:
            files[name] = data
    return files


def _some(site: dict[str, bytes], most: float, chance: random.Random) -> dict[str, bytes]:
    """Files of a package drawn by chance, up to so many bytes."""
    names = sorted(site)
    chance.shuffle(names)
    kept: dict[str, bytes] = {}
    for name in names:
        if sum(map(len, kept.values())) + len(site[name]) <= most:
            kept[name] = site[name]
    return kept


# -- the questions -----------------------------------------------------------------------------------------------------


def held_up(sites: list[tuple[str, dict[str, bytes]]]) -> tuple[dict[str, list[str]], int]:
    """Sites that would be closed as they are, with why; and the files that were looked at."""
    wrong: dict[str, list[str]] = defaultdict(list)
    files = 0
    for name, site in sites:
        for path, data in site.items():
            files += 1
            wrong[name] += [
                f"{one.kind} in {path}:{one.line}"
                for one in inspect_file(path, data).findings
                if one.weight == "leaked"
            ]
    return {name: why for name, why in wrong.items() if why}, files


def planted(
    sites: list[tuple[str, dict[str, bytes]]], number: int, chance: random.Random
) -> tuple[dict[str, tuple[int, int]], Counter[str]]:
    """Found and planted, by the way in which it was planted; and the kinds that were missed."""
    grounds = [
        data for _, site in sites for path, data in site.items() if path.endswith((".js", ".html", ".css", ".json", ".py", ".md")) and 200 < len(data) < 400_000
    ] or [b"<!doctype html>\n" * 20]  # fmt: skip
    tally: dict[str, Counter[bool]] = defaultdict(Counter)
    every, missed = kinds(), Counter[str]()
    for _ in range(number):
        known = chance.random() < 0.5
        if known:
            value, ways = chance.choice(list(VALUES.values()))(chance), {**INLINE, **ENCODED}
        else:
            kind = chance.choice(every)
            value, line = chance.choice(list(left(kind, chance).values()))
            ways = {AS_LEFT: lambda _, line=line: line, **({} if kind.name else INLINE)}
            value = f"\n{line}\n" if kind.name else value
        how = chance.choice([*ways, *FILES])
        if how in FILES:
            path, make = FILES[how]
            data = make(value)
        else:
            ground = chance.choice(grounds)
            at = ground.find(b"\n", chance.randrange(len(ground))) + 1
            data = ground[:at] + ways[how](value).encode() + b"\n" + ground[at:]
            path = "assets/app.js"
        if known:
            weights = [one.weight for one in KnownValues({"KEY": value}).find(data)]
        else:
            weights = [one.weight for one in inspect_file(path, data).findings]
        tally[f"{'known value' if known else 'kind'}, {how}"]["leaked" in weights] += 1
        if "leaked" not in weights and not known:
            missed[f"{kind.whose}, {how}"] += 1
    return {how: (found[True], found.total()) for how, found in sorted(tally.items())}, missed


def left_in_files(files: tuple[Placement, ...], rounds: int) -> Counter[str]:
    """How often each file of a list is held up, out of so many rounds with other values."""
    return Counter(
        one.what
        for one in files
        for seed in range(rounds)
        if any(found.weight == "leaked" for found in inspect_file(one.path, one.made(seed)).findings)
    )


def speed(sites: list[tuple[str, dict[str, bytes]]], chance: random.Random) -> dict[str, float]:
    """How fast files are looked at, beside reading and hashing them, and how the time grows with the bytes."""
    text = [(path, data) for _, site in sites for path, data in site.items() if path.endswith((".js", ".css", ".html"))]
    chance.shuffle(text)
    some: list[tuple[str, bytes]] = []
    for path, data in text:
        some.append((path, data))
        if sum(len(one) for _, one in some) > 16 * MIB:
            break
    size = sum(len(data) for _, data in some)
    values = {f"V{number}": dice(chance, 40) for number in range(500)}
    took = {
        "hashing": _seconds(lambda: [hashlib.sha256(data).digest() for _, data in some]),
        "kinds": _seconds(lambda: [inspect_file(path, data) for path, data in some]),
        "500 known values": _seconds(lambda: [(known := KnownValues(values)), [known.find(data) for _, data in some]]),
    }
    one = b"".join(data for _, data in some)[: 2 * MIB] or b"x" * MIB
    small = _seconds(lambda: inspect_file("a.js", one))
    large = _seconds(lambda: inspect_file("a.js", one * 4))
    few = KnownValues(values)
    small_known, large_known = _seconds(lambda: few.find(one)), _seconds(lambda: few.find(one * 4))
    return {
        **{f"MB/s {name}": size / MIB / seconds for name, seconds in took.items()},
        "growth of kinds for 4 times the bytes": large / small,
        "growth of known values for 4 times the bytes": large_known / small_known,
    }


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return max(time.perf_counter() - began, 1e-9)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--packages", type=int, default=1000, help="of those in corpus.txt, at most")
    options.add_argument("--planted", type=int, default=600)
    options.add_argument("--megabytes", type=float, default=1, help="of each package at most, drawn file by file")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument(
        "--rounds", type=int, default=10, help="for each kind of file in which people leave credentials"
    )
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        sites = [
            (name, _some(site, chosen.megabytes * MIB, chance))
            for name, site in fetched(Path(folder), chosen.packages, chance)
        ]
    if not sites:
        sys.exit("No package could be fetched: npm and pip need their registries.")
    size = sum(len(data) for _, site in sites for data in site.values())
    wrong, files = held_up(sites)
    ways, missed = planted(sites, chosen.planted, chance)
    found, number = (sum(column) for column in zip(*ways.values(), strict=True))
    print(f"{len(sites)} packages, {files:,} files, {size / MIB:,.0f} MB")
    print(f"planted and found: {found} of {number} ({found / number:.2%})")
    for how, (got, of) in ways.items():
        if got < of:
            print(f"  missed: {how}: {of - got} of {of}")
    if missed:
        print(f"  missed kinds: {', '.join(sorted(missed))}")
    print(
        f"held up for nothing: {len(wrong)} of {len(sites)} packages, {sum(map(len, wrong.values()))} findings in {files:,} files"
    )
    for name, why in wrong.items():
        print(f"  {name}: {'; '.join(why[:3])}")
    placed, harmless = (left_in_files(files, chosen.rounds) for files in (LEAVING_ONE, HARMLESS))
    of = len(LEAVING_ONE) * chosen.rounds
    print(f"left in files of {len(LEAVING_ONE)} kinds and found: {placed.total()} of {of} ({placed.total() / of:.2%})")
    for one in LEAVING_ONE:
        if placed[one.what] < chosen.rounds - 1:
            print(f"  missed: {one.what}: {chosen.rounds - placed[one.what]} of {chosen.rounds}")
    print(f"held up of {len(HARMLESS)} kinds of harmless files: {len(harmless)} {', '.join(harmless)}")
    figures = speed(sites, chance)
    for name, value in figures.items():
        print(f"{name}: {value:,.1f}")
    if chosen.json:
        told = {
            "found": found / number,
            "sites": len(sites),
            "files": files,
            "held_up": len(wrong),
            "placed": placed.total() / of,
            **figures,
        }
        chosen.json.write_text(json.dumps({"credentials": told}, indent=2) + "\n")


if __name__ == "__main__":
    main()
