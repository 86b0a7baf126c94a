"""Well-known kinds of credentials as forms, values of them made by chance, and the lines in which people leave them.

`kinds_of_credentials.txt` has a form a line, so that no value stands in the tree. Tests and a benchmark share it.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from dataclasses import dataclass
from pathlib import Path

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
SETS = {
    "an": LETTERS,
    "le": string.ascii_letters,
    "lcase": string.ascii_lowercase,
    "lo": string.ascii_lowercase + string.digits,
    "up": string.ascii_uppercase + string.digits,
    "d": string.digits,
    "n": "123456789",
    "hex": HEX,
    "HEX": HEX.upper(),
    "b32": string.ascii_uppercase + "234567",
    "b32l": string.ascii_lowercase + "234567",
    "b64": LETTERS + "+/",
    "url": LETTERS + "_-",
    "bech": "ACDEFGHJKLMNPQRSTUVWXYZ023456789",
    "ahex": "3456",
    "pw": LETTERS + "!#%*+-=?@^_~",
    "salt": LETTERS + "!@#$%^&*()-_ []{}<>~`+=,.;:/?|",
    "sig": string.ascii_lowercase + string.digits + "!@#$%^&*(-_=+)",
}
"""Letters of a form, by the name that the forms have for them; the last one is what Django draws its keys from."""

_PART = re.compile(r"<(?:(\d+) (\w+)|(uuid|jwt))>")
_FILE = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: whose it is, its form, and the name by which alone it is known (empty where the form says enough)."""

    whose: str
    form: str
    name: str


def kinds() -> tuple[Kind, ...]:
    """Every kind of the file, in its order."""
    lines = (line for line in _FILE.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    parts = ([part.strip().replace("\\|", "|") for part in re.split(r"(?<!\\)\|", line)] for line in lines)
    return tuple(Kind(whose, form, *name or [""]) for whose, form, *name in parts)


def dice(chance: random.Random, length: int, letters: str = LETTERS) -> str:
    """So many letters by chance."""
    return "".join(chance.choice(letters) for _ in range(length))


def uuid(chance: random.Random) -> str:
    """A random UUID (RFC 9562, version 4)."""
    parts = [dice(chance, length, HEX) for length in (8, 4, 3, 3, 12)]
    return f"{parts[0]}-{parts[1]}-4{parts[2]}-a{parts[3]}-{parts[4]}"


def jwt(chance: random.Random) -> str:
    """A JSON Web Token of a service, signed by nobody."""
    claims = ({"alg": "HS256", "typ": "JWT"}, {"sub": dice(chance, 12), "role": "service_role", "iat": 1_700_000_000})
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in claims]
    return ".".join([*parts, dice(chance, 43)])


def made(form: str, chance: random.Random) -> str:
    """A value of a form, such as ``npm_<36 an>``."""

    def part(match: re.Match[str]) -> str:
        if match[3]:
            return uuid(chance) if match[3] == "uuid" else jwt(chance)
        return dice(chance, int(match[1]), SETS[match[2]])

    return _PART.sub(part, form)


# -- where people leave them -------------------------------------------------------------------------------------------

AS_IT_IS = {
    "a constant": 'const value = "{value}";',
    "settings": "VALUE={value}",
    "JSON": '  {{"value": "{value}", "more": 1}}',
    "YAML": "  value: '{value}'",
    "a call": 'client = Client("{value}")',
    "a packed script": ';e.c=9,a="{value}",b=function(){{return 1}};',
    "a comment": "# {value}",
    "a page": '<meta name="value" content="{value}">',
    "text in JSON": '{{\\"value\\": \\"{value}\\"}}',
}
"""Lines for kinds that are known by their form alone."""

BY_NAME = {
    "settings": "{name}={value}",
    "settings of a shell": 'export {name}="{value}"',
    "a constant": "const {name} = '{value}';",
    "a typed constant": 'export const {camel}: string = "{value}";',
    "an object": '  {camel}: "{value}",',
    "a packed script": ';var e={{{camel}:"{value}",t:1}};',
    "JSON": '  "{name}": "{value}",',
    "YAML": "  {lower}: {value}",
    "Python": '{name} = "{value}"',
    "the environment": 'os.environ["{name}"] = "{value}"',
    "a default in Python": 'os.getenv("{name}", "{value}")',
    "a default in a script": 'const key = process.env.{name} || "{value}"',
    "an image": "ENV {name} {value}",
    "a composition": "      - {name}={value}",
    "an orchestrator": '        - name: {name}\n          value: "{value}"',
    "text in JSON": '{{\\"{name}\\": \\"{value}\\"}}',
}
"""Lines for kinds that are known by their name."""

ITS_OWN = {"its own way": "{name} = {value}", "in quotes": '{name} = "{value}"'}
"""Lines for kinds whose name is one of a single language."""

_ALL_LARGE = re.compile(r"[A-Z][A-Z0-9_]*")


def left(kind: Kind, chance: random.Random) -> dict[str, tuple[str, str]]:
    """The lines in which people leave a value of a kind, by the way in which they do: another value in each, and the line."""
    if not kind.name:
        ways, names = AS_IT_IS, {}
    elif _ALL_LARGE.fullmatch(kind.name):
        first, *others = kind.name.lower().split("_")
        camel = first + "".join(one.title() for one in others)
        ways, names = BY_NAME, {"name": kind.name, "lower": kind.name.lower(), "camel": camel}
    else:
        ways, names = ITS_OWN, {"name": kind.name}
    values = {how: made(kind.form, chance) for how in ways}
    return {how: (values[how], line.format(**names, value=values[how])) for how, line in ways.items()}
