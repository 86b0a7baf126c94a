"""Personal data in a file: how many different people's worth of a class, never who.

A contact address in a footer is not personal data about people; a table of addresses is. So addresses and phone numbers
are counted where data lies: in data files, in the cells of a page's tables, and between quotes in scripts. Numbers that
carry a check digit are counted anywhere in text.

What counts, and from how many on a bundle *seems to hold personal data about several people*:

=============  =======================================================================================  ==========
class          test                                                                                     threshold
=============  =======================================================================================  ==========
email          an address that is not kept for examples                                                 5
phone          international form, +1 to +999 and 8 to 15 digits (ITU-T E.164)                          5
iban           country, length and check digits (ISO 13616, modulo 97)                                  1 in data, 2 on a page
card           Luhn (ISO/IEC 7812), prefixes of the large networks, no vendor's test number              1
national-id    French NIR, Italian codice fiscale, Spanish DNI/NIE, Brazilian CPF, Polish PESEL, German
               Steuer-ID, by their check digits; US SSN by form; the last four only beside their name   1
=============  =======================================================================================  ==========
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

CLASSES = ("card", "email", "iban", "national-id", "phone")
"""The classes, as facts name them."""

SEVERAL = 5
"""From how many different addresses or numbers a file is about people."""

_KEPT = 100
"""Marks kept per class and file: more than enough to know that there are several."""

_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}\b")
_EXAMPLE = re.compile(
    r"@(?:[\w.-]+\.)?(?:example\.(?:com|org|net)|[\w-]+\.(?:example|test|invalid|local))$|@(?:\d+x|[\w-]+\.(?:png|jpe?g|gif|svg|webp|js|css)$)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.+-])\+[1-9]\d{0,2}[ .()/-]{0,2}(?:\d[ .()/-]{0,2}){6,12}\d(?![\w.-]\w)")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_IBAN_LENGTHS = {
    "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
    "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "TR": 26, "UA": 29, "AE": 23, "SA": 24, "BR": 29,
}  # fmt: skip
_CARD = re.compile(r"(?<![\w.#/-])(?:\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{5}|\d{15,16})(?![\w./-])")
_CARD_PREFIX = re.compile(r"4|5[1-5]|2[2-7]|3[47]|6011|65")
_TEST_CARDS = frozenset(
    ["4242424242424242", "4111111111111111", "5555555555554444", "378282246310005", "6011111111111117",
     "4000056655665556", "5105105105105100", "4012888888881881", "371449635398431", "2223003122003222"]
)  # fmt: skip
"""Numbers that payment vendors print in their documentation."""

_TWO_DIGITS = re.compile(r"\d\d")
"""What every number with a check digit has somewhere."""

_Holds = Callable[[str], bool]


def _nir(value: str) -> bool:
    digits = re.sub(r"\s", "", value)
    return int(digits[13:]) == 97 - int(digits[:13]) % 97


_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
"""What a letter A to Z, or a digit as A to J, counts in an odd place of a codice fiscale (D.M. 23 December 1976)."""


def _fiscale(value: str) -> bool:
    ranks = [int(letter) if letter.isdigit() else ord(letter) - 65 for letter in value[:15]]
    total = sum(_ODD[rank] for rank in ranks[::2]) + sum(ranks[1::2])
    return chr(65 + total % 26) == value[15]


def _dni(value: str) -> bool:
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == value[-1]


def _cpf(value: str) -> bool:
    digits = [int(letter) for letter in value if letter.isdigit()]
    for length in (9, 10):
        rest = sum(digit * (length + 1 - place) for place, digit in enumerate(digits[:length])) * 10 % 11 % 10
        if rest != digits[length]:
            return False
    return len(set(digits)) > 1


def _pesel(value: str) -> bool:
    digits = [int(letter) for letter in value]
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return (10 - sum(d * w for d, w in zip(digits, weights, strict=False)) % 10) % 10 == digits[10]


def _steuer_id(value: str) -> bool:
    digits = [int(letter) for letter in value if letter.isdigit()]
    product = 10
    for digit in digits[:10]:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == digits[10]


def _always(value: str) -> bool:
    return True


_NATIONAL: tuple[tuple[re.Pattern[str], re.Pattern[str] | None, _Holds], ...] = (
    # form, what must stand in the same text (None where the check digits say enough), check
    (re.compile(r"(?<![\w.])[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\w.])"), None, _nir),
    (re.compile(r"\b[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]\b"), None, _fiscale),
    (re.compile(r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d\d(?![\w.-])"), None, _cpf),
    (re.compile(r"(?<![\w.-])(?:\d{8}|[XYZ]\d{7})[A-HJ-NP-TV-Z](?![\w-])"), re.compile(r"\b(?:dni|nie|nif)\b", re.I), _dni),
    (re.compile(r"(?<![\w.-])\d{11}(?![\w.-])"), re.compile(r"\bpesel\b", re.I), _pesel),
    (re.compile(r"(?<![\w.-])[1-9]\d ?\d{3} ?\d{3} ?\d{3}(?![\w.-])"), re.compile(r"steuer-?id|identifikationsnummer|\bidnr\b", re.I), _steuer_id),
    (re.compile(r"(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w.-])"), re.compile(r"\bssn\b|social.?security", re.I), _always),
)  # fmt: skip

People = dict[str, tuple[str, ...]]
"""Marks by class: short digests that tell two people apart and name neither."""


def find_people(text: str, cells: Iterable[str]) -> People:
    """The classes of personal data in a text, with a mark for each different value.

    ``cells`` are the parts where data lies: the whole text of a data file, a page's table cells, a script's strings.
    """
    where = "\n".join(cells)
    found: People = {
        "email": _marks(one.lower() for one in _EMAIL.findall(where) if not _EXAMPLE.search(one))
        if "@" in where
        else (),
        "phone": _marks(_phones(where)) if "+" in where else (),
    }
    if _TWO_DIGITS.search(text):
        found |= {"card": _marks(_cards(text)), "iban": _marks(_ibans(text)), "national-id": _marks(_national(text))}
    return {name: marks for name, marks in found.items() if marks}


def about_several(counts: Mapping[str, int], ibans_in_data: int) -> bool:
    """Whether so many different values per class mean personal data about people (thresholds above)."""
    if counts.get("card") or counts.get("national-id") or ibans_in_data or counts.get("iban", 0) >= 2:
        return True
    return any(counts.get(name, 0) >= SEVERAL for name in ("email", "phone"))


def _marks(values: Iterable[str]) -> tuple[str, ...]:
    marks: set[str] = set()
    for value in values:
        marks.add(hashlib.blake2b(value.encode(), digest_size=5).hexdigest())
        if len(marks) >= _KEPT:
            break
    return tuple(sorted(marks))


def _phones(text: str) -> Iterator[str]:
    for one in _PHONE.findall(text):
        digits = re.sub(r"\D", "", one)
        if 8 <= len(digits) <= 15 and len(set(digits)) > 3:
            yield digits


def _ibans(text: str) -> Iterator[str]:
    for match in _IBAN.finditer(text):
        value = match[0].replace(" ", "")
        length = _IBAN_LENGTHS.get(value[:2], 0)
        if length and len(value) >= length:
            value = value[:length]
            if int("".join(str(int(letter, 36)) for letter in value[4:] + value[:4])) % 97 == 1:
                yield value


def _cards(text: str) -> Iterator[str]:
    for one in _CARD.findall(text):
        digits = re.sub(r"\D", "", one)
        if digits in _TEST_CARDS or not _CARD_PREFIX.match(digits) or len(set(digits)) < 4:
            continue
        if len(digits) == 15 and not digits.startswith("3"):
            continue
        doubled = (int(d) * 2 for d in digits[-2::-2])
        if (sum(int(d) for d in digits[-1::-2]) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0:
            yield digits


def _national(text: str) -> Iterator[str]:
    for form, beside, holds in _NATIONAL:
        numbers = [one for one in form.findall(text) if holds(one)]
        if numbers and (beside is None or beside.search(text)):
            yield from (re.sub(r"\W", "", one) for one in numbers)
