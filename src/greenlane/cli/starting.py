"""Running the processes from a terminal: start them, wait until a visitor finds everything ready, say what to type."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from greenlane.catalog.addresses import Addresses
from greenlane.cli import holding, trust
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.kit.places import Places
from greenlane.kit.settings import Settings
from greenlane.kit.supervisor import Child, Supervisor
from greenlane.runtime.asking import Runtime

START_WITHIN = 60.0
"""Seconds that a process may take until it answers; migrations of a large database are the longest part."""

LOOK_EVERY = 0.02
"""Seconds between two looks at the processes."""
_TRIED_WITHIN = 5.0
"""Seconds for the trial of what apps' sandboxes need, after everything else is there."""


def run_until_told(
    settings: Settings, places: Places, addresses: Addresses, children: Sequence[Child], doors: holding.Doors
) -> int:
    """Keep the processes running until Ctrl-C or SIGTERM. Raises ``GreenlaneError`` when one ends while it starts.

    ``doors`` are the visitors' sockets. They are let go of before the end, so that nobody waits in line for nobody.
    """
    places.welcome.unlink(missing_ok=True)
    told_to_stop: list[int] = []
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, lambda number, _frame: told_to_stop.append(number))
    supervisor = Supervisor(children)
    began, welcomed = time.monotonic(), False
    supervisor.start()
    try:
        while not told_to_stop:
            died = supervisor.look()
            if not welcomed:
                _still_starting(died, time.monotonic() - began)
                if _all_answer(settings, places, addresses):
                    _welcome(settings, places, addresses, time.monotonic() - began)
                    welcomed = True
            time.sleep(LOOK_EVERY)
    finally:
        holding.close(doors)
        supervisor.stop()
    return 0


def _still_starting(died: Sequence[str], seconds: float) -> None:
    if died:
        raise GreenlaneError(
            f"The {' and the '.join(died)} process ended while it started.",
            next_step="The lines above say why; then start again.",
        )
    if seconds > START_WITHIN:
        raise GreenlaneError(
            f"Not everything answered within {START_WITHIN:.0f} s.", next_step="The lines above may say why."
        )


def _all_answer(settings: Settings, places: Places, addresses: Addresses) -> bool:
    """Whether a visitor who came in by the edge would find everything ready."""
    if not places.welcome.exists():
        return False
    if settings.certificate is not None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own listener, on loopback
        asking: HTTPConnection = HTTPSConnection(settings.listen[0], settings.port, timeout=2, context=context)
    else:
        asking = HTTPConnection(settings.listen[0], settings.port, timeout=2)
    try:
        asking.request("GET", "/readyz", headers={"Host": addresses.console.partition("://")[2]})
        return asking.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


def _path() -> str:
    """The line that a shell needs first, where it would not find the command."""
    here = Path(sys.executable).parent
    return "" if shutil.which("greenlane") == str(here / "greenlane") else f'  export PATH="{here}:$PATH"\n'


def _cannot_run(places: Places) -> str:
    """Two lines about apps with code where this machine cannot run them, and nothing where it can."""
    runtime, deadline = Runtime(places.socket("runtime")), time.monotonic() + _TRIED_WITHIN
    while True:
        try:
            refused = runtime.capabilities()["refused"]
        except Unavailable:
            if time.monotonic() > deadline:
                return ""
            time.sleep(LOOK_EVERY)
        else:
            return f"Pages are served. Apps with code cannot run on this machine: {refused}\n\n" if refused else ""


def _welcome(settings: Settings, places: Places, addresses: Addresses, seconds: float) -> None:
    """What the terminal shows once everything runs. Addresses stand alone on a line, unwrapped."""
    told = json.loads(places.welcome.read_text())
    places.welcome.unlink()
    if told["first"]:  # a new log has new keys; whoever founded it needs no first contact to learn them
        trust.pin(addresses.console, json.loads((settings.folder / "trust.json").read_text()))
    usual = Settings.model_fields["data"].default.expanduser()
    data = "" if settings.folder == usual else f" --data {settings.folder}"
    print(
        f"""Greenlane runs (started in {seconds:.1f} s, data in {settings.folder}). The console:

{addresses.console}/

Sign in once with this link:

{told["link"]}

{_cannot_run(places)}Then, in another terminal:

{_path()}  export GREENLANE_URL={addresses.console}
  export GREENLANE_TOKEN=$(cat {places.owner_token})
  greenlane tour                                   # green, amber, red and closed in two minutes
  greenlane deploy ./site --app vendor-board -m "first version"

Ctrl-C stops it; `greenlane up{data}` goes on where it was.""",
        flush=True,
    )
