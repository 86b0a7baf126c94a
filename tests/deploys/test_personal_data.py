"""Personal data in content. Every number here is made up to pass its check, or printed in a specification."""

import io
import zipfile

import pytest

from greenlane.deploys.inspection import combine, inspect_file

PEOPLE = [f"person{number}@corp.io" for number in range(6)]


def facts(**files):
    inspection = combine([(name, inspect_file(name, data)) for name, data in files.items()])
    return inspection.facts["data_classes"], inspection.facts["personal_data"]


def of(name, text):
    return facts(**{name: text.encode()})


def test_a_contact_address_in_a_footer_is_not_personal_data():
    assert of(
        "index.html", "<footer>Write to <a href='mailto:team@corp.io'>team@corp.io</a>, +49 30 1234567</footer>"
    ) == ((), False)


def test_a_table_of_addresses_is():
    rows = "".join(f"<tr><td>{one}</td></tr>" for one in PEOPLE)
    assert of("index.html", f"<table>{rows}</table>") == (("email",), True)


@pytest.mark.parametrize("name", ["staff.csv", "staff.json", "staff.tsv"])
def test_a_data_file_of_addresses_is(name):
    assert of(name, "\n".join(PEOPLE)) == (("email",), True)


def test_a_script_with_a_list_of_people_is():
    assert of("app.js", "const staff = [" + ",".join(f"{{mail:'{one}'}}" for one in PEOPLE) + "]") == (("email",), True)


def test_four_people_are_not_several_and_one_person_four_times_is_one():
    assert of("a.csv", "\n".join(PEOPLE[:4] * 3)) == (("email",), False)


def test_the_same_person_in_several_files_counts_once():
    files = {f"{language}.json": f'{{"contact": "{PEOPLE[0]}"}}'.encode() for language in "abcdefg"}
    assert facts(**files) == (("email",), False)


def test_one_person_per_file_adds_up():
    assert facts(**{f"{number}.json": one.encode() for number, one in enumerate(PEOPLE)}) == (("email",), True)


def test_example_addresses_and_retina_pictures_are_nobody():
    assert of("a.json", " ".join(f"user{n}@example.com a{n}@2x.png" for n in range(9))) == ((), False)


def test_licence_banners_and_package_files_are_nobody():
    assert of("vendor.js", "/*! " + " ".join(f"Jane {one}" for one in PEOPLE) + " */") == ((), False)
    assert of("package.json", "\n".join(PEOPLE)) == ((), False)


def test_phone_numbers_in_data_are_counted():
    assert of("a.csv", "\n".join(f"+49 30 90{number}8{number}5 17" for number in range(6))) == (("phone",), True)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.csv", "DE89 3704 0044 0532 0130 00", "iban"),
        ("a.csv", "GB29NWBK60161331926819", "iban"),
        ("a.html", "<p>4539 1488 0343 6467</p>", "card"),
        ("a.csv", "371144371144376", "card"),
        ("a.csv", "1 85 05 78 006 084 91", "national-id"),
        ("a.csv", "RSSMRA85T10A562S", "national-id"),
        ("a.csv", "529.982.247-25", "national-id"),
        ("a.csv", "DNI\n12345678Z", "national-id"),
        ("a.csv", "PESEL\n44051401359", "national-id"),
        ("a.csv", "Steuer-ID\n86095742719", "national-id"),
        ("a.csv", "SSN\n219-09-9999", "national-id"),
    ],
)
def test_one_number_with_its_check_digits_is_enough(name, text, kind):
    assert of(name, text) == ((kind,), True)


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 01",
        "4539 1488 0343 6468",
        "4242 4242 4242 4242",
        "4111111111111111",
        "1 85 05 78 006 084 92",
        "RSSMRA85T10A562T",
        "529.982.247-26",
        "12345678A DNI",
        "219-09-9999",
        "0.4539148803436467",
        "1700000000000000",
    ],
)
def test_a_number_that_fails_its_check_or_stands_alone_is_nothing(text):
    assert of("a.csv", text) == ((), False)


def test_one_account_on_a_page_is_the_payees_own():
    assert of("index.html", "<p>DE89 3704 0044 0532 0130 00</p>") == (("iban",), False)


def test_a_workbook_is_read():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("xl/sharedStrings.xml", "<sst>" + "".join(f"<si><t>{one}</t></si>" for one in PEOPLE) + "</sst>")
    assert facts(**{"staff.xlsx": file.getvalue()}) == (("email",), True)
    assert facts(**{"staff.xlsx": b"PK\x03\x04 broken"}) == ((), False)


def test_nothing_that_is_kept_names_anybody():
    kept = repr(inspect_file("staff.csv", "\n".join(PEOPLE).encode()).as_dict())
    assert "corp.io" not in kept
