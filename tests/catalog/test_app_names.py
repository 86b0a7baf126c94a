"""Names of apps: what may be one, what is said about the others, and what is guessed."""

import pytest

from greenlane.catalog import names
from greenlane.govern.errors import Conflict, WrongInput


@pytest.mark.parametrize("name", ["abc", "vendor-board", "a1-2", "a" * 40])
def test_a_plain_label_is_a_name(name):
    names.check(name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ab", "has 2 characters; an app's name has 3 to 40"),
        ("a" * 41, "has 41 characters"),
        ("Vendor", "cannot be part of an address"),
        ("a_b", "cannot be part of an address"),
        ("a--b", "cannot be part of an address"),
        ("-ab", "cannot be part of an address"),
        ("ab-", "cannot be part of an address"),
        ("1ab", "cannot be part of an address"),
        ("a.b", "cannot be part of an address"),
        ("xn--80ak6aa92e", "other letters in disguise (punycode)"),
        ("www", "is kept for the platform"),
        ("greenlane", "is kept for the platform"),
        ("localhost", "is kept for the platform"),
        ("pаypal", "mixes letters of Cyrillic and Latin that look alike"),
        ("größe", "has letters that an address cannot show plainly"),
        ("a\u202eb", "has letters that an address cannot show plainly"),
    ],
)
def test_what_cannot_be_a_name_says_why_and_what_instead(name, sentence):
    with pytest.raises(WrongInput) as caught:
        names.check(name)
    assert sentence in caught.value.message
    assert caught.value.next_step
    assert "\u202e" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "other"), [("vend0r-board", "vendor-board"), ("rnail-box", "mail-box"), ("b1og-a", "blog-a")]
)
def test_a_name_that_is_taken_for_another_apps_is_refused(name, other):
    with pytest.raises(Conflict, match=f"easily taken for {other}"):
        names.check(name, [other, "unrelated"])


def test_an_app_does_not_stand_in_its_own_way():
    names.check("vendor-board", ["vendor-board"])


@pytest.mark.parametrize(
    ("place", "title", "name"),
    [
        ("/home/x/Vendor Board/dist", "", "vendor-board"),
        ("Größe & Übersicht (2).zip", "", "grosse-ubersicht"),
        ("site.zip", "Team Metrics | Q3", "team-metrics-q3"),
        ("2024 report.tar.gz", "", "report"),
        ("./", "", "my-site"),
        ("api", "", "api-app"),
        ("C:\\Users\\x\\Offsite copy", "", "offsite"),
        ("日本", "", "my-site"),
    ],
)
def test_a_name_is_guessed_from_the_folder_then_from_the_title(place, title, name):
    assert names.suggest(place, title) == name
    names.check(name)


def test_the_title_of_a_page_is_found():
    assert names.title_of("<html><title lang=en> Board </title>") == "Board"
    assert names.title_of("<p>none") == ""


def test_a_preview_of_the_longest_name_fits_into_one_label():
    assert len("a" * 10 + "--" + "a" * names.LONGEST) <= 63
