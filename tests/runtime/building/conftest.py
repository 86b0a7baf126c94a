"""A workshop on this machine with real sandboxes, and a registry on loopback that has a few small packages."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uv
from tests.runtime.egress.conftest import Outside

from greenlane.kit.blobs import Blobs
from greenlane.runtime import cgroups
from greenlane.runtime.building import pipeline
from greenlane.runtime.building.builder import USERS
from greenlane.runtime.building.caches import Caches
from greenlane.runtime.building.job import Job, Made
from greenlane.runtime.building.plan import Plan
from greenlane.runtime.building.registries import Registries
from greenlane.runtime.building.room import BuildLimits
from greenlane.runtime.building.source import recognise
from greenlane.runtime.building.toolchains import Toolbox
from greenlane.runtime.building.tree import Tree
from greenlane.runtime.building.way_out import ThroughEgress
from greenlane.runtime.building.workshop import Workshop
from greenlane.runtime.egress.reaching import lookup
from greenlane.runtime.sandbox import Jailer

MIB = 1024 * 1024
SMALL = BuildLimits(memory=256 * MIB, processes=64, cpu=1.0, files=256, disk=32 * MIB, seconds=30.0)


@dataclass
class Shop:
    """Builds, one after the other."""

    shop: Workshop
    folder: Path
    registry: str
    builds: int = 0
    log: str = ""
    logs: list[str] = field(default_factory=list)

    def put(self, files: Mapping[str, str | bytes]) -> dict[str, dict[str, Any]]:
        told = {path: one.encode() if isinstance(one, str) else one for path, one in files.items()}
        return {path: {"sha256": self.shop.blobs.put(data), "size": len(data)} for path, data in told.items()}

    def plan(self, files: Mapping[str, dict[str, Any]]) -> Plan:
        found = recognise(Tree(files, lambda path: self.shop.blobs.get(files[path]["sha256"])))
        assert isinstance(found, Plan)
        return found

    def runs(
        self, script: str, *, values: Mapping[str, str] | None = None, stopping: threading.Event | None = None
    ) -> Made:
        """A site whose build is this script of the shell."""
        files = self.put({"build.sh": script})
        return self.carries_out(Plan("site", "plain", command="sh build.sh", publish="dist"), files, values, stopping)

    def builds_it(self, files: Mapping[str, str | bytes], values: Mapping[str, str] | None = None) -> Made:
        sent = self.put(files)
        return self.carries_out(self.plan(sent), sent, values)

    def carries_out(
        self,
        plan: Plan,
        files: Mapping[str, Mapping[str, Any]],
        values: Mapping[str, str] | None = None,
        stopping: threading.Event | None = None,
    ) -> Made:
        self.builds += 1
        name = f"bld-{os.getpid()}-{self.builds}"
        log = self.folder / f"{name}.log"
        user = USERS[self.builds] if os.getuid() == 0 else None
        job = Job(name, "board", plan, files, values or {}, tuple((values or {}).values()))
        made = pipeline.carry_out(self.shop, job, log, user, stopping)
        self.log = log.read_text()
        return made

    def content(self, made: Made, path: str) -> bytes:
        return self.shop.blobs.get(f"sha256:{made.files[path]['sha256']}")


@pytest.fixture(scope="session")
def jailer() -> Jailer:
    one = Jailer(cgroups.find(f"greenlane-test-builds-{os.getpid()}"))
    assert one.available() == "", "the tests need bubblewrap"
    return one


@pytest.fixture(scope="session")
def way_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThroughEgress]:
    egress = Outside(tmp_path_factory.mktemp("egress"), look_up=lookup, networks=())
    yield ThroughEgress(egress.process)
    egress.close()


@pytest.fixture
def registry() -> Iterator[Callable[[str, dict[str, bytes]], None]]:
    """Adds a Python package to a registry on loopback; ``.address`` is where its index is.

    127.0.0.2, because programs in a sandbox take 127.0.0.1 for their own.
    """
    wheels: dict[str, bytes] = {}

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").split("/")[-1]
            if name in wheels:
                self._say(wheels[name], "application/octet-stream")
                return
            links = [
                f'<a href="/files/{one}#sha256={hashlib.sha256(data).hexdigest()}">{one}</a>'
                for one, data in wheels.items()
                if one.startswith(f"{name}-")
            ]
            self._say("".join(links).encode(), "text/html", 200 if links else 404)

        def _say(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    def add(name: str, files: dict[str, bytes]) -> None:
        wheels[f"{name}-1.0-py3-none-any.whl"] = wheel(name, files)

    with ThreadingHTTPServer(("127.0.0.2", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        add.address = f"http://127.0.0.2:{server.server_port}/simple"  # type: ignore[attr-defined]
        yield add
        server.shutdown()


def wheel(name: str, files: dict[str, bytes]) -> bytes:
    """A wheel (PyPA, binary distribution format)."""
    info = f"{name}-1.0.dist-info"
    every = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}"
        for path, data in every.items()
    ]
    every[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for path, data in every.items():
            archive.writestr(path, data)
    return body.getvalue()


@pytest.fixture
def shop(tmp_path: Path, jailer: Jailer, way_out: ThroughEgress, registry: Any) -> Iterator[Shop]:
    found = Registries(
        "", registry.address, frozenset({("127.0.0.2", int(registry.address.split(":")[2].split("/")[0]))})
    )
    folder = tmp_path / "builds"
    one = Workshop(
        folder=folder,
        jailer=jailer,
        toolbox=Toolbox(folder / "tools", found),
        registries=found,
        way_out=way_out,
        caches=Caches(folder / "caches", apart=os.getuid() == 0),
        blobs=Blobs(tmp_path / "blobs"),
        uv=Path(uv.find_uv_bin()),
        limits=SMALL,
    )
    yield Shop(one, tmp_path, registry.address)
    shutil.rmtree(folder, ignore_errors=True)
