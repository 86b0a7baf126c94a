"""Personal numbers that states give, by their written form and their check digits.

Forms are those in which python-stdnum's sources and the authorities themselves write them. A form that many other numbers
have too (a bare row of nine to eleven digits) is looked for only where a rule names its country: one check digit lets
every tenth of all numbers through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import stdnum

from greenlane.gateway.perimeter.classes import NATIONAL_ID
from greenlane.gateway.perimeter.matches import Match, tried

_ALONE = r"(?<![^\W_])(?<![\d][.\-])(?:{})(?![^\W_])(?![.\-]\d)"

_TELLING: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]", ("it.codicefiscale",)),
    (r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]", ("mx.curp",)),
    (r"[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}", ("fr.nir",)),
    (r"[0-9]{17}[0-9Xx]", ("cn.ric",)),
    (r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}", ("ch.ssn",)),
    (r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", ("be.nn",)),
    (r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", ("br.cpf",)),
    (r"[0-9]{6}-[0-9]{7}", ("kr.rrn",)),
    (r"[0-9]{6}[-+](?:[0-9]{4})", ("se.personnummer", "dk.cpr", "fi.hetu")),
    (r"[0-9]{8}[-+][0-9]{4}", ("se.personnummer",)),
    (r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]", ("fi.hetu",)),
    (r"[0-9]{6} [0-9]{5}", ("no.fodselsnummer",)),
    (r"[0-9]{6}/[0-9]{3,4}", ("cz.rc",)),
    (r"[0-9]{8} ?[0-9] ?[A-Z0-9]{2}[0-9]", ("pt.cc",)),
    (r"[0-9]{8}[- ]?[A-HJ-NP-TV-Z]", ("es.dni",)),
    (r"[XYZ][- ]?[0-9]{7}[- ]?[A-Z]", ("es.nie",)),
    (r"[0-9]{7}[A-W][A-IW]?", ("ie.pps",)),
    (r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]", ("cl.rut",)),
    (r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]", ("in_.pan",)),
    (r"[0-9]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]", ("th.pin",)),
    (r"[0-9]{6}-[0-9]{2}-[0-9]{4}", ("my.nric",)),
    (r"[0-9]{3}-[0-9]{2}-[0-9]{4}", ("us.ssn",)),
    (r"[0-9]{3}-[0-9]{3}-[0-9]{3}", ("ca.sin",)),
    (r"[0-9]{3} [0-9]{3} [0-9]{4}", ("gb.nhs",)),
    (r"[0-9]{4} [0-9]{4} [0-9]{4}", ("in_.aadhaar",)),
    (r"[0-9]{2} [0-9]{3} [0-9]{3} [0-9]{3}", ("de.idnr",)),
    (r"[0-9]{4} [0-9]{6}", ("at.vnr",)),
    (r"[0-9]{13}", ("za.idnr", "ro.cnp", "si.emso")),
    (r"[0-9]{11}", ("no.fodselsnummer", "be.nn")),
)
"""Forms that tell by themselves, or whose numbers hold a date and two check digits."""

_BY_COUNTRY: dict[str, tuple[tuple[str, str], ...]] = {
    "AT": ((r"[0-9]{10}", "at.vnr"),),
    "AU": ((r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", "au.tfn"),),
    "BG": ((r"[0-9]{10}", "bg.egn"),),
    "BR": ((r"[0-9]{11}", "br.cpf"),),
    "CA": ((r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", "ca.sin"),),
    "CZ": ((r"[0-9]{9,10}", "cz.rc"),),
    "DE": ((r"[0-9]{11}", "de.idnr"),),
    "DK": ((r"[0-9]{10}", "dk.cpr"),),
    "EE": ((r"[0-9]{11}", "ee.ik"),),
    "GB": ((r"[0-9]{10}", "gb.nhs"),),
    "GR": ((r"[0-9]{11}", "gr.amka"),),
    "HR": ((r"[0-9]{11}", "hr.oib"),),
    "ID": ((r"[0-9]{16}", "id.nik"),),
    "IL": ((r"[0-9]{9}", "il.idnr"),),
    "IN": ((r"[0-9]{12}", "in_.aadhaar"),),
    "JP": ((r"[0-9]{12}|[0-9]{4} [0-9]{4} [0-9]{4}", "jp.in_"),),
    "LT": ((r"[0-9]{11}", "lt.asmens"),),
    "NL": ((r"[0-9]{9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}", "nl.bsn"),),
    "PL": ((r"[0-9]{11}", "pl.pesel"),),
    "SE": ((r"[0-9]{10}|[0-9]{12}", "se.personnummer"),),
    "SK": ((r"[0-9]{6}/?[0-9]{3,4}", "sk.rc"),),
    "TR": ((r"[0-9]{11}", "tr.tckimlik"),),
    "US": ((r"[0-9]{9}", "us.ssn"),),
}
"""Forms that other numbers have as well."""

COUNTRIES = frozenset(_BY_COUNTRY)
"""Countries that a rule may name to have bare rows of digits looked at."""


class NationalIds:
    """Looks for personal numbers: forms that tell by themselves, and the bare ones of some countries."""

    def __init__(self, countries: tuple[str, ...] = ()) -> None:
        known = [(form, names) for form, names in _TELLING]
        known += [(form, (name,)) for country in countries for form, name in _BY_COUNTRY.get(country, ())]
        self._forms = tuple(
            (re.compile(_ALONE.format(form)), _any_of(tuple(map(_checker, names)))) for form, names in known
        )

    def find(self, text: str, start: int, end: int) -> Iterator[Match]:
        """Those within a part of a text."""
        for form, fits in self._forms:
            for found in tried(form, text, start, end, fits):
                yield Match(found.start(), found.end(), NATIONAL_ID)


def _any_of(checks: tuple[Callable[[str], bool], ...]) -> Callable[[str], bool]:
    return lambda written: any(check(written) for check in checks)


def _checker(name: str) -> Callable[[str], bool]:
    """A check that answers whatever it is asked: python-stdnum 2.2 breaks on Chinese numbers of places without counties."""
    country, _, module = name.partition(".")
    found = stdnum.get_cc_module(country, module)
    if found is None:
        raise LookupError(name)
    check = found.is_valid

    def fits(written: str) -> bool:
        try:
            return check(written)
        except (LookupError, ValueError, ArithmeticError, TypeError, AttributeError):
            return False

    return fits
