"""Amounts of money: pico-dollars inside, micro-cents in receipts, dollars for people.

A price list speaks of dollars for a million tokens with up to six decimals, so that one token costs a whole number of
pico-dollars: sums over any number of calls stay exact.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

PICO = 10**12
"""Pico-dollars in a dollar."""
MICRO_CENT = 10**4
"""Pico-dollars in a micro-cent (1e-8 USD), the unit of receipts and of people."""


def micro_cents(pico: int) -> int:
    """Micro-cents (1e-8 USD), a part of one counted as a whole: nobody is shown less than was spent."""
    return -(-pico // MICRO_CENT)


def dollars(pico: int) -> str:
    """For people: ``$1.25``, ``$0.0004``, ``$0``: cents, and of smaller sums the first two digits that say something."""
    amount = Decimal(pico) / PICO
    if amount == 0:
        return "$0"
    places = 2 if abs(amount) >= 1 else max(2, 1 - amount.adjusted())
    return f"{'-' if amount < 0 else ''}${abs(round(amount, places)):,.{places}f}"


def parsed(text: str) -> int | None:
    """Pico-dollars of what a person wrote in dollars, such as ``0.50``; None for what is no such amount."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount < 0 or amount > 10**9 or amount * PICO != int(amount * PICO):
        return None
    return int(amount * PICO)


def plain(pico: int) -> str:
    """An amount as ``parsed`` reads it: dollars, exact, without a sign or separators."""
    return f"{(Decimal(pico) / PICO).normalize():f}"
