"""Known flaws of packages: which versions they are about, lists that lie, and who hears of what when."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from cyclonedx.model.bom import Bom
from sqlalchemy import func, select
from tests.house import Doorway
from tests.notices.post_office import receiver

from greenlane.catalog.actions import SetAudience
from greenlane.deploys import depending, queries
from greenlane.deploys.actions import ImportAdvisories
from greenlane.deploys.advisories import matching, osv
from greenlane.deploys.advisories.listed import with_flaws
from greenlane.deploys.advisories.versions import fixed_in, pypi_key, semver_key
from greenlane.deploys.inspection.bill_of_materials import bill_of_materials, packages_of
from greenlane.deploys.tables import ADVISORY
from greenlane.govern.actor import Actor
from greenlane.govern.errors import WrongInput
from greenlane.notices.outside import OverNetwork
from greenlane.notices.tables import NOTICE
from greenlane.runtime.building.installed import installed

NOW = "2026-01-05T08:00:00Z"


def advisory(one="GHSA-aaaa-bbbb-cccc", package="lodash", *, ecosystem="npm", fixed="4.17.21", modified=NOW, **more):
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    kind = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
    affected = {"package": {"ecosystem": ecosystem, "name": package}, "ranges": [{"type": kind, "events": events}]}
    return {"id": one, "modified": modified, "summary": "Something goes wrong", "affected": [affected], **more}


def zipped(*records):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, one in enumerate(records):
            archive.writestr(f"{number}.json", one if isinstance(one, bytes) else json.dumps(one))
    return packed.getvalue()


# -- versions ------------------------------------------------------------------------------------------------------------


def test_npm_versions_sort_as_semver_says():
    in_order = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.2.0 1.10.0 2.0.0"
    mixed = sorted(in_order.split())
    assert sorted(mixed, key=semver_key) == in_order.split()
    assert semver_key("1.0.0+build.7") == semver_key("v1.0.0")


def test_python_versions_sort_as_pypa_says():
    in_order = ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.5"]
    mixed = sorted(in_order)
    assert sorted(mixed, key=pypi_key) == in_order


@pytest.mark.parametrize(
    ("version", "events", "mends"),
    [
        ("4.17.20", [{"introduced": "0"}, {"fixed": "4.17.21"}], "4.17.21"),
        ("4.17.21", [{"introduced": "0"}, {"fixed": "4.17.21"}], None),
        ("4.17.21-rc.1", [{"introduced": "0"}, {"fixed": "4.17.21"}], "4.17.21"),
        ("1.5.0", [{"introduced": "1.0.0"}, {"fixed": "1.4.0"}, {"introduced": "1.5.0"}, {"fixed": "1.6.0"}], "1.6.0"),
        ("1.4.5", [{"introduced": "1.0.0"}, {"fixed": "1.4.0"}, {"introduced": "1.5.0"}, {"fixed": "1.6.0"}], None),
        ("1.5.0", [{"fixed": "1.6.0"}, {"introduced": "1.5.0"}], "1.6.0"),
        ("0.9.0", [{"introduced": "1.0.0"}], None),
        ("9.0.0", [{"introduced": "1.0.0"}], ""),
        ("2.0.0", [{"introduced": "0"}, {"last_affected": "2.0.0"}], ""),
        ("2.0.1", [{"introduced": "0"}, {"last_affected": "2.0.0"}], None),
        ("10.0.0", [{"introduced": "9.0.0"}, {"fixed": "10.0.1"}], "10.0.1"),
        ("1.0.0", [{"introduced": "nonsense"}, {"fixed": "also"}], None),
    ],
)
def test_a_version_is_within_a_range_as_the_format_says(version, events, mends):
    assert fixed_in("npm", version, [events], ()) == mends


def test_versions_that_are_named_one_by_one_count_and_so_does_their_next_fix():
    assert fixed_in("pypi", "2.0", [], ["2.0.0"]) == ""
    assert fixed_in("pypi", "2.1", [], ["2.0.0"]) is None
    assert fixed_in("pypi", "2.0", [[{"introduced": "3"}, {"fixed": "3.1"}]], ["2.0"]) == "3.1"
    assert fixed_in("npm", "github:a/b#c", [[{"introduced": "0"}]], []) is None


@pytest.mark.parametrize(
    ("vector", "score"),
    [  # the examples of FIRST's CVSS 3.1 documentation
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:4.0/AV:N", None),
        ("CVSS:3.1/AV:N/nonsense", None),
    ],
)
def test_a_vector_comes_to_the_score_that_its_makers_give(vector, score):
    assert osv.cvss_score(vector) == score


# -- reading lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        None, 7, [], "x", {}, {"id": "../../etc", "modified": NOW}, {"id": "A-1", "modified": "yesterday"},
        {"id": "A-1", "modified": NOW, "affected": {}}, {"id": "A-1", "modified": NOW, "affected": [7, None, "x", {}]},
        {"id": "A-1", "modified": NOW, "affected": [{"package": {"ecosystem": "npm", "name": "x" * 5000}}]},
        {"id": "A-1", "modified": NOW, "affected": [{"package": {"ecosystem": "Debian", "name": "bash"}}]},
        {"id": "A" * 100, "modified": NOW, "affected": []},
    ],
)  # fmt: skip
def test_what_is_no_advisory_is_passed_over(record):
    assert osv.read(record) is None


def test_what_is_too_long_or_of_the_wrong_kind_is_cut_and_dropped():
    strange = advisory(summary="a\x00b\u202ec " * 500, aliases=[7, "CVE-2020-1", "x y"] * 50, severity="high")
    strange["affected"] *= 3
    strange["affected"][0]["ranges"] += [
        None,
        {"type": "GIT", "events": [{"introduced": "0"}]},
        {"type": "SEMVER", "events": "x"},
    ]
    one = osv.read(strange)
    assert one is not None
    assert len(one.summary) <= 300
    assert one.summary.isprintable()
    assert set(one.aliases) == {"CVE-2020-1"}
    assert [about.package for about in one.about] == ["lodash"]


def test_how_bad_it_is_comes_from_the_list_or_from_the_vector():
    vector = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
    severities = [
        osv.read(advisory(**more)).severity
        for more in (
            {"database_specific": {"severity": "MODERATE"}},
            {"severity": [vector]},
            {"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}]},
            {"one": "MAL-2025-1"},
        )
    ]
    assert severities == ["medium", "critical", "unknown", "malicious"]


# -- in an installation --------------------------------------------------------------------------------------------------

LOCK = json.dumps(
    {
        "lockfileVersion": 3,
        "packages": {f"node_modules/{n}": {"version": v} for n, v in (("lodash", "4.17.20"), ("vue", "3.5.0"))},
    }
).encode()
SITE = {
    "index.html": b"<!doctype html><title>Board</title>",
    "package-lock.json": LOCK,
    "requirements.txt": b"Flask==2.0.0\nrequests\n",
}


@pytest.fixture
def keeper(doorway: Doorway) -> Actor:
    return doorway.hire("Kim Keeper", "platform-engineer", everywhere=True)


def stamp_of(doorway: Doorway, days: float = 0) -> str:
    return (doorway.clock.now() - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def imports(doorway: Doorway, actor: Actor, data: bytes):
    doorway.control.outside.has["https://mirror.example.com/all.zip"] = data
    return doorway.does(actor, ImportAdvisories(address="https://mirror.example.com/all.zip"))


def checked(doorway: Doorway, app: str = "vendor-board") -> matching.Checked:
    with doorway.control.database.read() as connection:
        one = queries.newest(connection, app)
        assert one is not None
        return depending.checked(connection, doorway.control.blobs, one.sbom, doorway.clock.now())


def told(doorway: Doorway) -> list[tuple[str, str]]:
    with doorway.control.database.read() as connection:
        rows = connection.execute(select(NOTICE).where(NOTICE.c.kind == "flawed"))
        return [(row.person, row.subject) for row in rows]


def test_without_a_list_nothing_is_checked_and_nobody_says_that_nothing_is_known(doorway: Doorway) -> None:
    answer = doorway.deploys(doorway.owner, files=SITE)
    assert (answer.facts.dependencies, answer.facts.unchecked_dependencies, answer.facts.flaws) == (4, 4, ())
    assert checked(doorway).says == (
        "The npm packages were not checked: there is no list of known flaws. The PyPI packages were not checked: there is "
        "no list of known flaws. 1 package without an exact version was not checked."
    )


def test_a_flaw_is_a_fact_for_risk_with_the_version_that_mends_it(doorway: Doorway, keeper: Actor) -> None:
    vector = {"database_specific": {"severity": "HIGH"}}
    at = stamp_of(doorway, 1)
    found = imports(
        doorway, keeper,
        zipped(advisory(modified=at, **vector), advisory("PYSEC-1", "Flask", ecosystem="PyPI", fixed="2.2.5", modified=at)),
    )  # fmt: skip
    assert found.happened["advisories"] == {"npm": 1, "pypi": 1}
    answer = doorway.deploys(doorway.owner, files=SITE)
    assert answer.facts.flaws == ("flask 2.0.0", "lodash 4.17.20")
    assert (answer.facts.worst_flaw, answer.facts.unchecked_dependencies) == ("high", 1)
    assert "known flaws" in {part.name for part in answer.decision.risk.parts}
    assert [(one.package, one.fixed) for one in checked(doorway).flaws] == [("lodash", "4.17.21"), ("flask", "2.2.5")]
    assert checked(doorway).says.startswith("The npm packages were checked against a list of yesterday.")
    assert doorway.publishes(doorway.owner, "team").facts.new_flaws == ("flask 2.0.0", "lodash 4.17.20")
    wide = doorway.does(doorway.owner, SetAudience("vendor-board", "everyone"))
    assert "grave-flaw-for-many" in {reason.policy for reason in wide.decision.reasons}
    assert doorway.replays()["differences"] == []


def test_an_old_list_is_called_old_and_its_packages_count_as_unchecked(doorway: Doorway, keeper: Actor) -> None:
    imports(doorway, keeper, zipped(advisory(modified=stamp_of(doorway, 400), package="other")))
    answer = doorway.deploys(doorway.owner, files=SITE)
    assert answer.facts.unchecked_dependencies == 4
    assert "an old list: its newest entry is of 400 days ago" in checked(doorway).says


def test_a_single_advisory_makes_no_list_young(doorway: Doorway, keeper: Actor) -> None:
    imports(doorway, keeper, zipped(advisory(modified=stamp_of(doorway, 400), package="other")))
    imports(doorway, keeper, json.dumps(advisory(modified=stamp_of(doorway))).encode())
    doorway.deploys(doorway.owner, files=SITE)
    assert [one.package for one in checked(doorway).flaws] == ["lodash"]
    assert "400 days ago" in checked(doorway).says


def test_a_newer_word_replaces_an_older_one_and_never_the_other_way(doorway: Doorway, keeper: Actor) -> None:
    doorway.deploys(doorway.owner, files=SITE)
    imports(doorway, keeper, zipped(advisory(fixed="4.17.99", modified=stamp_of(doorway, 2))))
    imports(doorway, keeper, zipped(advisory(fixed="4.17.21", modified=stamp_of(doorway, 9)), advisory("A-2", "x")))
    assert [one.fixed for one in checked(doorway).flaws] == ["4.17.99"]
    imports(
        doorway, keeper, zipped(advisory(modified=stamp_of(doorway), withdrawn=stamp_of(doorway)), advisory("A-3", "x"))
    )
    assert checked(doorway).flaws == ()


def test_an_owner_is_told_once_of_what_a_newer_list_knows_of_what_is_live(doorway: Doorway, keeper: Actor) -> None:
    ben = doorway.hire("Ben Builder", "builder")
    doorway.deploys(ben, files=SITE)
    doorway.publishes(ben, "team")
    doorway.deploys(ben, "calm-board", {"index.html": b"<title>Calm</title>"})
    doorway.publishes(ben, "team", "calm-board")
    imports(doorway, keeper, zipped(advisory(modified=stamp_of(doorway))))
    doorway.after(30)
    assert told(doorway) == [(ben.person, "app:vendor-board")]
    [receipt] = doorway.receipts("tell-of-flaws")
    assert receipt.happened["flaws"] == [
        {"package": "lodash 4.17.20", "advisory": "GHSA-aaaa-bbbb-cccc", "severity": "unknown", "fixed": "4.17.21"}
    ]
    doorway.after(30)
    imports(doorway, keeper, zipped(advisory(modified=stamp_of(doorway)), advisory("A-9", "nobody-has-it")))
    doorway.after(30)
    assert len(told(doorway)) == 1
    imports(doorway, keeper, zipped(advisory("A-10", "vue", fixed="3.5.1", modified=stamp_of(doorway))))
    doorway.after(30)
    assert len(told(doorway)) == 2


def test_a_package_that_does_harm_is_looked_at_by_a_person(doorway: Doorway, keeper: Actor) -> None:
    doorway.hire("Rita Reviewer", "reviewer", everywhere=True)
    imports(doorway, keeper, zipped(advisory("MAL-2026-1", "vue", fixed="", modified=stamp_of(doorway))))
    doorway.deploys(doorway.owner, files=SITE)
    asked = doorway.publishes(doorway.owner, "team")
    assert (asked.state, asked.decision.reasons[0].policy) == ("waiting", "malicious-package")


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04nonsense", b"\x00\x01", b"hello", zipped(b"{", b"[]", b"7"), b"{}", b"[]", zipped()]
)
def test_what_is_no_list_is_refused_and_nothing_of_it_is_kept(doorway: Doorway, keeper: Actor, data: bytes) -> None:
    with pytest.raises(WrongInput):
        imports(doorway, keeper, data)
    with doorway.control.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(ADVISORY)).scalar_one() == 0
        assert matching.lists(connection) == []


def test_a_zip_of_nothing_but_size_is_read_in_bounded_memory_and_time(doorway: Doorway, keeper: Actor) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.json", b" " * 300_000_000)
        archive.writestr("1.json", json.dumps(advisory(modified=stamp_of(doorway))))
    began = time.perf_counter()
    found = imports(doorway, keeper, bomb.getvalue())
    assert (found.happened["passed_over"], found.happened["advisories"]) == (1, {"npm": 1})
    assert time.perf_counter() - began < 20


def test_a_file_that_somebody_sent_is_taken_over_by_whoever_sent_it(doorway: Doorway, keeper: Actor) -> None:
    data = zipped(advisory(modified=stamp_of(doorway)))
    named = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "name": "all.zip"}
    assert keeper.person is not None
    lacking = doorway.control.uploads.begin(keeper.person, None, named)
    with pytest.raises(WrongInput):
        doorway.does(keeper, ImportAdvisories(upload=lacking.upload))
    doorway.control.blobs.put(data)
    with pytest.raises(WrongInput):
        doorway.does(doorway.owner, ImportAdvisories(upload=lacking.upload))
    assert doorway.does(keeper, ImportAdvisories(upload=lacking.upload)).state == "done"


def test_only_who_keeps_the_platform_imports(doorway: Doorway) -> None:
    ben = doorway.hire("Ben Builder", "builder")
    assert imports(doorway, ben, zipped(advisory())).state == "refused"
    with pytest.raises(WrongInput):
        ImportAdvisories()


def test_a_mirror_is_fetched_whole_or_not_at_all(tmp_path: Path) -> None:
    into = tmp_path / "list"
    with receiver() as mirror:
        near = OverNetwork(("127.0.0.0/8",))
        with pytest.raises(WrongInput, match="404"):
            near.fetch(mirror.url, into)
        with pytest.raises(WrongInput, match="inside this network"):
            OverNetwork().fetch(mirror.url, into)
        mirror.has = b"PK" * 500_000
        near.fetch(mirror.url, into)
        assert into.read_bytes() == mirror.has
        mirror.short = True
        with pytest.raises(WrongInput):
            near.fetch(mirror.url, into)


def test_the_bill_of_materials_tells_the_flaws_as_cyclonedx_does(doorway: Doorway, keeper: Actor) -> None:
    imports(doorway, keeper, zipped(advisory(modified=stamp_of(doorway), aliases=["CVE-2021-23337"])))
    doorway.deploys(doorway.owner, files=SITE)
    with doorway.control.database.read() as connection:
        one = queries.newest(connection, "vendor-board")
    assert one is not None
    document = with_flaws(doorway.control.blobs.get(one.sbom), checked(doorway))
    sheet = orjson.loads(document)
    assert [one.id for one in Bom.from_json(sheet).vulnerabilities] == ["GHSA-aaaa-bbbb-cccc"]
    [flaw] = sheet["vulnerabilities"]
    assert (flaw["id"], flaw["affects"], flaw["recommendation"]) == (
        "GHSA-aaaa-bbbb-cccc", [{"ref": "pkg:npm/lodash@4.17.20"}], "Move to lodash 4.17.21.",
    )  # fmt: skip
    assert "list of today" in sheet["metadata"]["properties"][0]["value"]


# -- what is installed ---------------------------------------------------------------------------------------------------


def test_packages_that_lie_in_a_tree_are_read_from_what_they_say_of_themselves():
    tree = {
        "node_modules/vue/package.json": b'{"name": "vue", "version": "3.5.0"}',
        "node_modules/a/node_modules/@babel/core/package.json": b'{"name": "@babel/core", "version": "7.1.0"}',
        "node_modules/broken/package.json": b"{",
        "node_modules/vue/dist/package.json": b'{"name": "inner", "version": "1"}',
        "lib/python3.12/site-packages/Flask-3.0.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: Flask\nVersion: 3.0.0\n\nlong",
        "lib/python3.12/site-packages/nameless.dist-info/METADATA": b"\xff\xfe",
        "package.json": b'{"name": "site", "version": "1"}',
    }
    assert sorted(installed(tree, tree.__getitem__)) == [
        ("npm", "@babel/core", "7.1.0"), ("npm", "vue", "3.5.0"), ("pypi", "flask", "3.0.0"),
    ]  # fmt: skip


def test_a_bill_of_materials_is_read_back_as_the_packages_it_was_made_of():
    packages = [
        ("npm", "@babel/core", "7.1.0"),
        ("npm", "vue", "3.5.0"),
        ("pypi", "flask", ""),
        ("pypi", "a-b", "1.0+x"),
    ]
    assert sorted(packages_of(bill_of_materials(packages))) == sorted(packages)
