"""The entry point: hands the terminal what only the composition root knows."""

from __future__ import annotations

import sys

from greenlane import main as root
from greenlane.cli import terminal


def main() -> None:
    """Run `greenlane`. Ends the process with the command's exit code."""
    sys.exit(terminal.app(root.local_commands()))


if __name__ == "__main__":
    main()
