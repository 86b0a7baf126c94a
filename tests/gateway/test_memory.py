"""A worker holds what calls need and nothing else."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import greenlane.gateway.serving.process
print(*sorted({one.partition(".")[0] for one in sys.modules}))
"""
LEFT_OUT = {"sqlalchemy", "structlog", "rich", "alembic", "genai_prices", "ecologits", "pydantic", "fastapi", "cedarpy"}


def test_a_worker_knows_no_database_and_no_list_of_prices() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert "uvloop" in ended.stdout
    assert not LEFT_OUT & set(ended.stdout.split())
