"""Whether a value could be somebody's password, and is none that explanations use."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping

from greenlane.deploys.inspection.randomness import is_random, is_restless

_SHORTEST_MIXED, _SHORTEST_RANDOM, _SHORTEST_KEPT = 10, 12, 8
_SMALL, _LARGE, _DIGIT, _SIGN = (re.compile(one) for one in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))
_SPELT = str.maketrans("@4301!$5", "aaeoiiss")
_MADE_UP = re.compile(
    r"pass|word|test|example|sample|secret|admin|change|demo|dummy|user|root|login|welcome|letmein|qwert"
    r"|hunter|your|my[-_]|here|some|token|secur|guest|postgres|mysql",
    re.IGNORECASE,
)
"""What passwords of explanations are made of."""
_MADE_UP_BRIEFLY = re.compile(r"abc|123", re.IGNORECASE)
_LONG = 20
"""Letters from which chance makes the brief ones too often."""
_LOOKED_UP = re.compile(r"\$\{|^\$\w+$|^op://")
"""What stands where a value is looked up instead of written."""
SEALED = re.compile(
    r"^(?:ENC\[|encrypted:|vault:v\d|\$(?:2[abxy]|argon2\w*|scrypt|pbkdf2[\w-]*|[156]|apr1)\$|pbkdf2_\w+\$|scrypt:|\{S?SHA)"
)
"""How values begin that are encrypted, and hashes of passwords: neither opens anything by itself."""
_LOGIN = re.compile(r"([\x21-\x39\x3b-\x7e]{0,80}):([\x21-\x7e]{0,200})")


def is_password(value: str) -> bool:
    """Whether a value that is called a password is one: no machine's other texts, no example, nothing looked up."""
    if _is_none(value):
        return False
    small, large, digit, sign = (bool(one.search(value)) for one in (_SMALL, _LARGE, _DIGIT, _SIGN))
    if len(value) >= _SHORTEST_MIXED and small and large and digit and sign:
        return True
    if len(value) >= _SHORTEST_RANDOM and small and large and sign and is_restless(value):
        return True
    return is_random(value, _SHORTEST_RANDOM)


def is_kept(value: str) -> bool:
    """Whether a value is a password where nothing but passwords stands: eight letters of two kinds are enough."""
    kinds = sum(bool(one.search(value)) for one in (_SMALL, _LARGE, _DIGIT, _SIGN))
    return len(value) >= _SHORTEST_KEPT and kinds > 1 and not _is_none(value)


def is_login(value: str) -> bool:
    """Whether Base64 holds a name and a password (RFC 7617) that could be somebody's."""
    login = _LOGIN.fullmatch(_out_of_base64(value))
    return login is not None and any(is_password(one) or is_random(one) for one in login.groups())


def is_encoded(value: str) -> bool:
    """Whether Base64 holds a password or a key."""
    content = _out_of_base64(value).strip()
    return " " not in content and (is_password(content) or is_random(content))


JUDGED: Mapping[str, Callable[[str], bool]] = {
    "any": lambda _: True,
    "random": is_random,
    "password": is_password,
    "kept": is_kept,
    "login": is_login,
    "encoded": is_encoded,
}
"""By what word a table of ours asks about a value."""


def _is_none(value: str) -> bool:
    if _LOOKED_UP.search(value) or SEALED.search(value):
        return True
    spelt = value.translate(_SPELT)
    if any(_MADE_UP.search(one) for one in (value, spelt, _out_of_base64(value))):
        return True
    return len(value) < _LONG and bool(_MADE_UP_BRIEFLY.search(value) or _MADE_UP_BRIEFLY.search(spelt))


def _out_of_base64(value: str) -> str:
    try:
        return base64.b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
