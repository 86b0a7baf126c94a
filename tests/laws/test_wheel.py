"""The wheel alone is the whole program: installed without the clone it starts, serves and says its references."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import greenlane

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    declared = {name_of(one) for one in PROJECT["project"]["dependencies"]}
    owners = packages_distributions()
    needed = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            tops = {one.partition(".")[0] for one in names} - sys.stdlib_module_names - {"greenlane", ""}
            needed |= {min(map(name_of, owners[top])) for top in tops}
    by_name_alone = {"uvloop", "httptools", "python-multipart"}  # uvicorn and FastAPI find them when they are there
    by_name_alone |= {"a2wsgi", "websockets", "deno"}  # what apps run on, inside their sandboxes
    offered = {"starlette", "packageurl-python", "markupsafe"}  # parts of what FastAPI, CycloneDX and Jinja offer
    assert needed - declared <= offered
    assert declared - needed <= by_name_alone


def test_the_lock_names_every_dependency_with_its_checksum_and_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    locked = {name_of(line) for line in lock.splitlines() if re.match(r"[a-z0-9]", line)}
    declared = {name_of(one) for one in (*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"])}
    assert declared <= locked
    assert len(re.findall(r"^[a-z0-9][^\n]*\\\n +--hash=sha256:", lock, re.MULTILINE)) == len(locked)
    assert "://" not in lock


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it, and beside it the dependencies of this one but not its clone."""
    folder = tmp_path_factory.mktemp("wheel")
    assert UV is not None, "make setup brings uv"
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    [wheel] = folder.glob("*.whl")
    assert wheel.name == f"greenlane-{greenlane.__version__}-py3-none-any.whl"
    venv.create(folder / "env")
    python = folder / "env" / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel]
    subprocess.run(install, check=True)
    [packages] = (folder / "env" / "lib").glob("python*/site-packages")
    beside = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "dependencies.pth").write_text(beside)  # a path in such a file brings no such files of its own
    return python.parent


@pytest.fixture
def up(installed: Path, tmp_path: Path) -> Iterator[str]:
    """A server of the wheel; its address."""
    command = [installed / "greenlane", "up", "--data", tmp_path / "data", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path)
    assert process.stdout is not None
    try:
        yield next(line.strip() for line in process.stdout if line.startswith("http"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_the_wheel_holds_the_program_and_nothing_of_the_clone(installed: Path, tmp_path: Path) -> None:
    where = "import greenlane; print(greenlane.__file__)"
    found = subprocess.run(
        [installed / "python", "-c", where], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert Path(found.stdout.strip()).is_relative_to(installed.parent)
    said = subprocess.run(
        [installed / "greenlane", "version"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert said.stdout.strip() == f"greenlane {greenlane.__version__}"


def test_every_file_of_the_source_is_in_the_wheel(installed: Path) -> None:
    [package] = installed.parent.glob("lib/python*/site-packages/greenlane")

    def names(folder: Path) -> set[str]:
        return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file() and one.suffix != ".pyc"}

    assert names(package) == names(ROOT / "src" / "greenlane")


def test_a_server_of_the_wheel_is_ready(up: str) -> None:
    host = up.removeprefix("http://").rstrip("/")
    asking = HTTPConnection("127.0.0.1", int(host.partition(":")[2]), timeout=20)
    asking.request("GET", "/readyz", headers={"Host": host})
    assert asking.getresponse().status == 200
    asking.close()
