"""Numbers that stand for somebody or somebody's money: bank accounts, cards, personal and telephone numbers.

A text is walked once for *spots*, places with six digits close together; only what stands there is looked at closely,
each kind where no kind before it was found. Cards: ISO/IEC 7812-1 (first digits, length, Luhn); accounts: ISO 13616.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn

from greenlane.gateway.perimeter.classes import CARD, IBAN, PHONE
from greenlane.gateway.perimeter.matches import Match, tried
from greenlane.gateway.perimeter.national_ids import NationalIds

_BETWEEN = " \u00a0\u202f.\u2010\u2011\u2013/()-"
SPOT = re.compile(rf"[0-9](?:[{re.escape(_BETWEEN)}A-Z]{{0,4}}?[0-9]){{5,}}")
"""Where a number may stand: at least six digits, at most four letters or signs between two of them."""

_BEFORE, _AFTER, _FURTHER = 12, 8, 40
"""Letters around a spot that may belong to its number, and how much further a word is followed to its end."""

_IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]{1,4}){3,8}")
_FIRST = (
    r"(?:4[0-9]{3}|5[0-9]{3}|2[2-7][0-9]{2}|6(?:011|2[0-9]{2}|3[0-9]{2}|4[4-9][0-9]|5[0-9]{2}|7[0-9]{2})|35[2-8][0-9])"
)
"""The first four digits of a number of sixteen: Visa, Mastercard, Maestro, Discover, UnionPay, JCB."""
_CARDS = tuple(
    re.compile(rf"(?<![^\W_])(?<![0-9][.-])(?:{form})(?![^\W_])(?![.-][0-9])")
    for form in (
        rf"{_FIRST}([ -])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}",
        r"3[47][0-9]{2}([ -])[0-9]{6}\1[0-9]{5}",
        r"3[0689][0-9]{2}([ -])[0-9]{6}\1[0-9]{4}",
        r"6[0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}\1[0-9]{3}",
        rf"{_FIRST}[0-9]{{12}}|3[47][0-9]{{13}}|3(?:0[0-59]|[689][0-9])[0-9]{{11}}|4[0-9]{{12}}|6[0-9]{{18}}",
    )
)
_PHONE = re.compile(
    rf"(?<![\w+])(?:\+ ?)?(?:\((?=[+0-9 ]{{1,6}}\)))?[0-9](?:[{re.escape(_BETWEEN)}]{{0,2}}[0-9]){{6,14}}(?!\w)"
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-./][0-9]{2}[-./][0-9]{2}|[0-9]{2}[./][0-9]{2}[./](?:19|20)[0-9]{2}")
_IN_ITS_COUNTRY = (
    (re.compile(r"(?:1[ .-]?)?\(?[2-9][0-9]{2}\)?[ .-]{0,2}[2-9][0-9]{2}[ .-]"), ("US",)),
    (re.compile(r"\(?0[1-9]"), ("GB", "DE", "FR")),
)
"""How telephone numbers begin that are known without a country's code, where they are grouped as it groups them."""


class Numbers:
    """Looks for numbers. ``phones`` and ``ids`` are countries whose bare forms count too."""

    def __init__(self, phones: tuple[str, ...] = (), ids: tuple[str, ...] = ()) -> None:
        self._ids = NationalIds(ids)
        self._phones = phones

    def find(self, text: str) -> Iterator[Match]:
        """Every number in a text; of two that overlap the kind that is checked more strictly."""
        for start, end in _windows(text):
            taken: list[Match] = []
            for found in self._looked(text, start, end):
                if all(found.end <= one.start or one.end <= found.start for one in taken):
                    taken.append(found)
            yield from taken

    def _looked(self, text: str, start: int, end: int) -> Iterator[Match]:
        yield from _ibans(text, start, end)
        for form in _CARDS:
            for card in tried(form, text, start, end, _is_card):
                yield Match(card.start(), card.end(), CARD)
        phones = list(_PHONE.finditer(text, start, end))
        for phone in phones:
            yield from _with_code(phone[0], phone.start())
        yield from self._ids.find(text, start, end)
        for phone in phones:
            yield from self._without_code(phone[0], phone.start())

    def _without_code(self, written: str, at: int) -> Iterator[Match]:
        searches = [(country, Leniency.VALID) for country in self._phones]
        if not written.isdigit() and _DATE.search(written) is None:
            for form, countries in _IN_ITS_COUNTRY:
                if form.match(written):
                    searches += [(one, Leniency.STRICT_GROUPING) for one in countries if one not in self._phones]
        for country, leniency in searches:
            found = next(iter(PhoneNumberMatcher(written, country, leniency)), None)
            if found is not None:
                yield Match(at + found.start, at + found.end, PHONE)
                return


def _with_code(written: str, at: int) -> Iterator[Match]:
    """A number with its country's code, behind a plus or behind two zeros."""
    zeros = written.startswith("00")
    if zeros or written.startswith("+"):
        found = next(iter(PhoneNumberMatcher(f"+{written[2:]}" if zeros else written, None)), None)
        if found is not None and found.start == 0:
            yield Match(at, at + found.end + zeros, PHONE)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    start = end = -1
    for spot in SPOT.finditer(text):
        before, after = max(0, spot.start() - _BEFORE), min(len(text), spot.end() + _AFTER)
        while after < len(text) and after < spot.end() + _FURTHER and text[after].isalnum():
            after += 1
        if before <= end:
            end = after
        else:
            if end > 0:
                yield start, end
            start, end = before, after
    if end > 0:
        yield start, end


def _is_card(written: str) -> bool:
    return luhn.is_valid(re.sub(r"[ -]", "", written))


def _ibans(text: str, start: int, end: int) -> Iterator[Match]:
    at = start
    while (found := _IBAN.search(text, at, end)) is not None:
        at = found.start() + 1
        for cut in range(found.end(), found.start() + 14, -1):
            if (
                text[cut - 1].isalnum()
                and not text[cut : cut + 1].isalnum()
                and iban.is_valid(text[found.start() : cut])
            ):
                yield Match(found.start(), cut, IBAN)
                at = cut
                break
