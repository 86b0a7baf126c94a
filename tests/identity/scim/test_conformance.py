"""Other people's testers of SCIM find nothing: every check of scim2-tester, every check of scim-sanity."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.house import Doorway, InOneProcess

from greenlane.api import app as api
from greenlane.catalog.addresses import Addresses
from greenlane.identity.provisioning.actions import ConnectDirectory
from greenlane.kit.database import Database


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[tuple[str, str]]:
    """The address and a token of a connected directory, on a port of this machine."""
    folder = tmp_path_factory.mktemp("scim")
    shutil.copyfile(migrated_file, folder / "greenlane.db")
    database = Database(f"sqlite:///{folder / 'greenlane.db'}")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        control = InOneProcess(database, folder / "house", Addresses("http", "127.0.0.1", "localhost", port))
        doorway = Doorway(control)
        token = str(doorway.does(doorway.owner, ConnectDirectory("okta")).answer["token"])
        server = uvicorn.Server(uvicorn.Config(api.create(control._api()), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/scim/v2", token
        finally:
            server.should_exit = True
            thread.join()
            control.ledger.close()


def test_scim2_tester_finds_nothing(served: tuple[str, str]) -> None:
    address, token = served
    with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        found = check_server(SyncSCIMClient(client))
    assert [f"{one.title}: {one.reason}" for one in found if one.status is not Status.SUCCESS] == []
    assert len(found) >= 135


def test_scim_sanity_finds_nothing(served: tuple[str, str]) -> None:
    address, token = served
    program = Path(sys.executable).with_name("scim-sanity")
    ran = subprocess.run(
        [program, "probe", address, "--token", token, "--i-accept-side-effects", "--json-output"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    summary = json.loads(ran.stdout)["summary"]
    assert summary["failed"] == 0
    assert summary["passed"] >= 31
