"""What an app's code may call: closed, opened by a governed action, closed again, whatever is killed meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.runtime.egress.conftest import connect
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

from greenlane.kit.errors import Unavailable
from greenlane.kit.places import Places
from greenlane.runtime.egress.driver import EgressProcess
from greenlane.runtime.egress.policy import Sandbox


def said(path: Path, place: str) -> str:
    """The code of what is said instead of a tunnel; nothing while nobody listens."""
    try:
        line, head = connect(path, place)
    except OSError:
        return ""
    line.close()
    return head.partition(b"details=")[2].partition(b"\r\n")[0].decode()


def test_code_reaches_what_was_declared_for_it_and_nothing_else(
    greenlane: Running, owner: Terminal, site: Path, name: str
) -> None:
    owner.does("deploy", site, "--app", name)
    egress = EgressProcess(Places(greenlane.data).socket("egress"))
    path = egress.open(Sandbox(f"{name}-production", name, "production", "d1"))
    place = "nobody-has-this-name.invalid"
    assert said(path, f"{place}:443") == "undeclared"
    owner.does("hosts", "add", name, place, "--for", "connect")
    assert said(path, f"{place}:443") == "undeclared", "that was for its pages"
    owner.does("hosts", "add", name, place, "--for", "server")
    assert said(path, f"{place}:443") == "unknown-name", "it is let through, and looked up"
    assert said(path, f"{place}:8443") == "port"
    greenlane.kill("egress")
    until(lambda: said(path, f"{place}:443") == "unknown-name", "the way out, as it was")
    assert said(path, "elsewhere.invalid:443") == "undeclared"
    owner.does("hosts", "remove", name, place)
    assert said(path, f"{place}:443") == "undeclared"
    assert owner.does("egress", name)["items"] == [], "nothing was sealed yet"


def test_what_was_taken_back_while_the_way_out_was_away_stays_closed(
    greenlane: Running, owner: Terminal, site: Path, name: str
) -> None:
    owner.does("deploy", site, "--app", name)
    egress = EgressProcess(Places(greenlane.data).socket("egress"))
    path = egress.open(Sandbox(f"{name}-production", name, "production", "d1"))
    place = "nobody-has-this-name.invalid"
    owner.does("hosts", "add", name, place, "--for", "server")
    greenlane.kill("egress")
    owner.does("hosts", "remove", name, place)

    def closed() -> bool:
        try:
            egress.used("nobody")
        except Unavailable:
            return False
        return said(path, f"{place}:443") == "undeclared"

    until(closed, "what was taken back to be told again")
