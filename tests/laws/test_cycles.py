"""No module imports itself by a detour, imports inside functions counted; and there are none of those."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "greenlane").rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def imported(name: str) -> Iterator[str]:
    """The modules of the program that a module names in an import, wherever in it."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                yield from (found for found in (inner, node.module or "") if found in MODULES)


def every_need() -> dict[str, set[str]]:
    """Every module with those that it needs. A module does not need its own package's front door."""
    return {name: {one for one in imported(name) if one != name and not name.startswith(f"{one}.")} for name in MODULES}


def a_cycle(needs: dict[str, set[str]]) -> list[str]:
    """Some way from a module back to itself; empty where there is none."""
    done: set[str] = set()

    def look(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for one in sorted(needs[name]):
            if found := look(one, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in needs if (found := look(name, []))), [])


def test_no_module_needs_itself() -> None:
    assert not (found := a_cycle(every_need())), " -> ".join(found)


def test_a_cycle_would_be_found() -> None:
    assert a_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_nothing_is_imported_inside_a_function() -> None:
    inside = {
        name
        for name, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not inside


def test_modules_are_imported_by_name_where_nothing_could_import_back() -> None:
    """The entry point, which nobody imports; the references, which look at every module there is; and what starts an app
    inside its sandbox, where nothing of Greenlane is and the app's own code is imported, or what serves it beforehand.
    """
    by_name = {name for name, path in MODULES.items() if "import_module" in path.read_text()}
    inside = {"greenlane.runtime.inside.start", "greenlane.runtime.inside.zygote"}
    assert by_name == {"greenlane.__main__", "greenlane.cli.references", *inside}


def test_nobody_hides_an_import_from_the_type_checker_alone() -> None:
    assert not [name for name, path in MODULES.items() if "TYPE_CHECKING" in path.read_text()]
