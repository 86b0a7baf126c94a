"""What both sides of a terminal's sign-in agree on: names of OAuth, codes that people type, and where answers may go."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

from greenlane.govern.errors import WrongInput

CLIENT = "greenlane"
"""The one client: the terminal. It is public, so nothing is believed because of its name."""

CODE = "authorization_code"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

OPEN_FOR = timedelta(minutes=10)
"""How long a person may take to answer."""

DAYS = 90
"""Days that a terminal's token works, where it does not say."""

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""What a code to type is made of: eight of these are 34 bits, and no word (RFC 8628, section 6.1)."""

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):[1-9][0-9]{0,4}/[A-Za-z0-9._~/-]{0,100}")


def check_redirect(redirect: str) -> None:
    """A terminal is answered on the very machine of the browser: ``http``, a loopback address, a port and a plain path.
    Raises ``WrongInput`` for any other, which is never led to.
    """
    if _LOOPBACK.fullmatch(redirect) is None:
        raise WrongInput(
            "A terminal is answered at an address of this machine alone.",
            next_step="It looks like http://127.0.0.1:49152/callback.",
            field="redirect_uri",
        )


def challenge_of(verifier: str) -> str:
    """S256 of PKCE (RFC 7636, section 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def plain_code(typed: str) -> str:
    """A code as it is kept, however somebody typed it."""
    return "".join(letter for letter in typed.upper() if letter in LETTERS)


def shown_code(code: str) -> str:
    """A code as people read it: ``BCDF-GHJK``."""
    return f"{code[:4]}-{code[4:]}" if code else ""
