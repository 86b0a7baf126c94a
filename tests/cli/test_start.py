"""What a terminal loads before it does anything: every command waits for that."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("sqlalchemy", "starlette", "pydantic", "pydantic_settings", "uvloop", "jinja2", "genai_prices", "structlog")
"""What the server stands on. A terminal talks to it and takes half a second more with these."""


def test_a_command_loads_nothing_that_the_server_stands_on() -> None:
    said = f"import greenlane.__main__, sys; print([one for one in {HEAVY} if one in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True).stdout
    assert loaded == "[]\n"


def test_what_does_need_it_loads_it_when_it_is_called() -> None:
    command = [sys.executable, "-m", "greenlane", "up", "--help"]
    assert "--apps-domain" in subprocess.run(command, check=True, capture_output=True, text=True).stdout
