"""The packages that a build really installed, read from the disk by the platform."""

from __future__ import annotations

import os
from pathlib import Path

from greenlane.runtime.building.installed import lying_in


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def named(folder: Path, name: str, version: str) -> None:
    put(folder / name / "package.json", f'{{"name": "{name}", "version": "{version}"}}')


def test_packages_are_found_in_each_others_folders_and_in_those_of_pnpm(tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    named(modules, "a", "1.0.0")
    named(modules / "a" / "node_modules", "b", "2.0.0")
    named(modules, "@scope/c", "3.0.0")
    named(modules / "@scope/c" / "node_modules", "e", "5.0.0")
    named(modules / ".pnpm" / "d@4.0.0" / "node_modules", "d", "4.0.0")
    named(tmp_path / "packages" / "web" / "node_modules", "f", "6.0.0")
    assert [one[1:] for one in lying_in(tmp_path)] == [
        ("@scope/c", "3.0.0"),
        ("a", "1.0.0"),
        ("b", "2.0.0"),
        ("d", "4.0.0"),
        ("e", "5.0.0"),
        ("f", "6.0.0"),
    ]


def test_what_only_looks_like_a_package_is_none(tmp_path: Path) -> None:
    named(tmp_path, "the-project", "1.0.0")
    named(tmp_path / "node_modules", "a", "1.0.0")
    put(
        tmp_path / "node_modules" / "a" / "examples" / "node_modules" / "x" / "package.json",
        '{"name": "x", "version": "1"}',
    )
    put(tmp_path / "node_modules" / "broken" / "package.json", "{")
    assert lying_in(tmp_path) == (("npm", "a", "1.0.0"),)


def test_packages_of_python_are_found(tmp_path: Path) -> None:
    put(tmp_path / "Flask_Login-1.0.dist-info" / "METADATA", "Name: Flask_Login\nVersion: 1.0\n\nwords")
    assert lying_in(tmp_path) == (("pypi", "flask-login", "1.0"),)


def test_no_link_and_no_pipe_is_read(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere.json", '{"name": "secret", "version": "1"}')
    inner = tmp_path / "project" / "node_modules"
    for name in ("a", "b"):
        (inner / name).mkdir(parents=True)
    (inner / "a" / "package.json").symlink_to(tmp_path / "elsewhere.json")
    os.mkfifo(inner / "b" / "package.json")
    (inner / "c").symlink_to(tmp_path)
    assert lying_in(tmp_path / "project") == ()
