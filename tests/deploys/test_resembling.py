"""Whether something is a new version of an app: by its name, or by what its files have in common."""

import pytest
from tests.house import Doorway

from greenlane.catalog import queries as catalog
from greenlane.deploys.bundle import Bundle, FileEntry
from greenlane.deploys.resembling import ALIKE, likeness, resembling


def bundle(**files: str) -> Bundle:
    """Files by their names, `_` standing for a dot, each with a content of one letter."""
    return Bundle(
        {path.replace("_", "."): FileEntry(f"sha256:{content:0>64}", 1, "text/html") for path, content in files.items()}
    )


BOOK = {f"chapter{number}_html": str(number) for number in range(8)}

MEASURED = [
    ("the same files", BOOK, BOOK, 1.0),
    ("one more of eight", BOOK, {**BOOK, "more_html": "m"}, 8 / 9),
    ("every file has other content", BOOK, dict.fromkeys(BOOK, "x"), 0.5),
    ("nothing in common", BOOK, {"a_html": "1", "b_html": "2"}, 0.0),
    ("a first page alone is nothing in common", {"index_html": "a"}, {"index_html": "b"}, 0.0),
    ("the very same single page", {"index_html": "a"}, {"index_html": "a"}, 1.0),
    ("nothing at all", {}, {}, 0.0),
]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [one[1:] for one in MEASURED], ids=[one[0] for one in MEASURED]
)
def test_the_measure(before: dict[str, str], after: dict[str, str], expected: float) -> None:
    assert likeness(bundle(**before), bundle(**after)) == pytest.approx(expected)
    assert likeness(bundle(**after), bundle(**before)) == pytest.approx(expected)


def found(doorway: Doorway, files: dict[str, bytes], *names: str, may: bool = True) -> str:
    one = doorway.control
    upload = doorway.sends(doorway.owner, files)
    inspection = one.uploads.complete(str(doorway.owner.person), upload)
    brought = Bundle.from_manifest(one.blobs.get(inspection["manifest"]))
    with one.database.read() as connection:
        apps = catalog.all_apps(connection)
        answer = resembling(connection, one.blobs, brought, names, apps, lambda _app: may)
    return f"{answer.app} by {answer.by}" if answer else ""


PAGES = {f"page-{number}.html": f"<h1>{number}</h1>".encode() for number in range(6)}


def test_an_app_is_found_by_its_name_its_title_and_its_files(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner, "hand-book", PAGES)
    other = {"index.html": b"<h1>Something else</h1>"}
    assert found(doorway, other, "hand-book") == "hand-book by name"
    assert found(doorway, other, "", "Hand-Book") == "hand-book by name"
    assert found(doorway, {**PAGES, "page-7.html": b"7"}, "other-name") == "hand-book by files"
    assert found(doorway, other, "other-name") == ""
    assert found(doorway, PAGES, "hand-book", may=False) == ""


def test_of_two_apps_the_one_that_is_more_alike_is_meant(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner, "first-book", {**PAGES, "more.html": b"1", "and-more.html": b"2"})
    doorway.deploys(doorway.owner, "second-book", PAGES)
    doorway.deploys(doorway.owner, "third-book", {"page-1.html": b"other"})
    assert found(doorway, PAGES, "") == "second-book by files"
    assert ALIKE == 0.5
