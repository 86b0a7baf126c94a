"""What prices are counted in: whole pico-dollars. How amounts are read and said is everybody's (``kit.money``)."""

from __future__ import annotations

from decimal import Decimal

from greenlane.kit.money import MICRO_CENT, PICO, dollars, micro_cents, parsed, plain

__all__ = ["MICRO_CENT", "PICO", "dollars", "each", "micro_cents", "parsed", "plain"]


def each(dollars: Decimal, per: int) -> int:
    """Pico-dollars for one unit at ``dollars`` for ``per`` units; what is finer than that is rounded up.

    ValueError for what is no price: negative, infinite or not a number.
    """
    if not dollars.is_finite() or dollars < 0:
        raise ValueError(f"{dollars} is not a price")
    numerator, denominator = dollars.as_integer_ratio()
    return -(-numerator * PICO // (denominator * per))
