"""Print the longest files and functions and the most imported modules: a list to read, not a limit to meet."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "greenlane"


def main() -> None:
    files: list[tuple[int, str]] = []
    functions: list[tuple[int, str]] = []
    imported: Counter[str] = Counter()
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text()
        name = str(path.relative_to(SOURCE))
        files.append((len(text.splitlines()), name))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                functions.append((node.end_lineno - node.lineno + 1, f"{name}:{node.name}"))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("greenlane"):
                imported[node.module or ""] += 1
    print("\nReading list (which word is the design missing?)")
    for title, rows in (
        ("files", files),
        ("functions", functions),
        ("imported", [(n, m) for m, n in imported.items()]),
    ):
        print(f"  longest {title}" if title != "imported" else "  most imported modules")
        for count, name in sorted(rows, reverse=True)[:5]:
            print(f"    {count:5d}  {name}")


if __name__ == "__main__":
    main()
