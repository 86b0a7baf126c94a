"""From the facts of every file to the facts of the bundle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from greenlane.deploys import kinds
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.inspection.bill_of_materials import bill_of_materials
from greenlane.deploys.inspection.file import FileFacts, cache_key, inspect_file
from greenlane.deploys.inspection.finding import Finding
from greenlane.deploys.inspection.known_values import KnownValues
from greenlane.deploys.inspection.people import about_several
from greenlane.deploys.inspection.sources import source_tree
from greenlane.runtime.building.installed import Package, installed

_SERVER_FOLDERS = ("netlify/functions/", "netlify/edge-functions/", ".netlify/functions/", "functions/", "api/")
_SERVER_LANGUAGES = (".py", ".php", ".rb", ".go", ".java", ".cs", ".rs", ".cgi", ".jsp", ".pl")
_FUNCTION_LANGUAGES = (".js", ".mjs", ".cjs", ".ts", ".mts", *_SERVER_LANGUAGES)
_SERVER_FILES = ("dockerfile", "procfile", "server.js", "server.mjs", "server.ts", "docker-compose.yml", "compose.yaml")


class Reader(Protocol):
    """Where the bytes of a digest are read from: the blobs."""

    def get(self, digest: str) -> bytes:
        """The bytes, or an error."""
        ...


class Cache(Protocol):
    """Remembers what inspecting a file found, as JSON values by ``cache_key``."""

    def get(self, key: str) -> Any | None:
        """What was found before, or None."""
        ...

    def put(self, key: str, facts: Any) -> None:
        """Keep what was found."""
        ...


class Forgetful:
    """A cache that remembers nothing."""

    def get(self, key: str) -> Any | None:
        """Never anything."""
        return None

    def put(self, key: str, facts: Any) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known about a bundle. ``facts`` are named as in ``govern/facts.py``; nothing here is a value of a secret.

    ``reach`` is hosts by directive; ``findings`` are JSON values with the file's path; ``sbom`` is CycloneDX 1.6;
    ``notes`` are sentences for the person who uploads; ``source_tree`` is one of them, or empty.
    """

    facts: Mapping[str, Any]
    reach: Mapping[str, tuple[str, ...]]
    findings: tuple[Mapping[str, Any], ...]
    sbom: bytes
    source_tree: str = ""
    notes: tuple[str, ...] = ()


Told = Callable[[int, int], None]
"""Is told how many files were looked at, of how many."""


def inspect(
    bundle: Bundle,
    blobs: Reader,
    *,
    known: Mapping[str, str] | None = None,
    cache: Cache | None = None,
    told: Told | None = None,
    key: bytes = b"",
) -> Inspection:
    """Inspect every file of a bundle. ``known`` are values that the platform keeps, by the name of their secret, and
    ``key`` is this installation's, under which values are marked.

    Known values are searched for every time; everything else is asked from the cache first.
    """
    remembered = Forgetful() if cache is None else cache
    values = KnownValues(known or {}, key)
    files: list[tuple[str, FileFacts]] = []
    exact: list[tuple[str, Finding]] = []
    for path, entry in bundle.files.items():
        name = cache_key(path, entry.sha256)
        kept = remembered.get(name)
        data = blobs.get(entry.sha256) if kept is None or known else b""
        if kept is None:
            facts = inspect_file(path, data, key)
            remembered.put(name, facts.as_dict())
        else:
            facts = FileFacts.from_dict(kept)
        files.append((path, facts))
        exact += [(path, one) for one in values.find(data)]
        if told is not None:
            told(len(files), len(bundle.files))
    there = installed(bundle.files, lambda path: blobs.get(bundle.files[path].sha256))
    source = source_tree(bundle.files.keys(), lambda path: blobs.get(bundle.files[path].sha256))
    return combine(files, exact=exact, source=source, notes=_notes(bundle), there=there)


def combine(
    files: Iterable[tuple[str, FileFacts]],
    *,
    exact: Iterable[tuple[str, Finding]] = (),
    source: str = "",
    notes: Iterable[str] = (),
    there: Iterable[Package] = (),
) -> Inspection:
    """Add up the facts of files by path; ``there`` are packages that lie installed in them.

    The order of the files does not matter. A package that a file names without a version is left out where it is known
    with one.
    """
    hosts: dict[str, set[str]] = defaultdict(set)
    people: dict[str, set[str]] = defaultdict(set)
    packages: set[Package] = set(there)
    findings: list[tuple[str, Finding]] = list(exact)
    every = sorted(files, key=lambda one: one[0])
    ibans_in_data = 0
    for path, one in every:
        for directive, called in one.reach:
            hosts[directive] |= set(called)
        for name, marks in one.people:
            people[name] |= set(marks)
            ibans_in_data += len(marks) if name == "iban" and one.kind == kinds.DATA else 0
        packages |= set(one.packages)
        findings += [(path, finding) for finding in one.findings]
    pinned = {(ecosystem, name) for ecosystem, name, version in packages if version}
    packages = {one for one in packages if one[2] or one[:2] not in pinned}
    findings.sort(key=lambda one: (one[1].weight != "leaked", one[0], one[1].line, one[1].kind))
    counts = {name: len(marks) for name, marks in people.items()}
    facts: dict[str, Any] = {
        "files": len(every),
        "bytes": sum(one.size for _, one in every),
        "kinds": tuple(sorted({one.kind for _, one in every})),
        "executable": any(one.runs or runs_on_a_server(path) for path, one in every),
        "outside_hosts": tuple(sorted({host for called in hosts.values() for host in called})),
        "dependencies": len(packages),
        "data_classes": tuple(sorted(counts)),
        "personal_data": about_several(counts, ibans_in_data),
        "leaked_credentials": _kinds(findings, "leaked"),
        "high_entropy": sum(finding.weight == "random" for _, finding in findings),
        "public_keys": _kinds(findings, "public"),
    }
    return Inspection(
        facts=facts,
        reach={directive: tuple(sorted(called)) for directive, called in sorted(hosts.items())},
        findings=tuple({"file": path, **finding.as_dict()} for path, finding in findings),
        sbom=bill_of_materials(packages),
        source_tree=source,
        notes=((source,) if source else ()) + tuple(notes),
    )


def runs_on_a_server(path: str) -> bool:
    """Whether a path is where server code lies, or is written in a server's language."""
    lower = path.lower()
    if lower.startswith(_SERVER_FOLDERS) and lower.endswith(_FUNCTION_LANGUAGES):
        return True
    return lower.rpartition("/")[2] in _SERVER_FILES or lower.endswith(_SERVER_LANGUAGES)


def _kinds(findings: list[tuple[str, Finding]], weight: str) -> tuple[str, ...]:
    return tuple(sorted({finding.kind for _, finding in findings if finding.weight == weight}))


def _notes(bundle: Bundle) -> list[str]:
    notes = []
    if bundle.top_folder:
        notes.append(
            f"Everything was in the folder `{bundle.top_folder}`: it was taken off, so its pages answer at `/`."
        )
    if bundle.variables:
        names = ", ".join(sorted(bundle.variables))
        notes.append(f"The variables of `.env` are offered as this app's variables for its preview: {names}.")
    return notes
