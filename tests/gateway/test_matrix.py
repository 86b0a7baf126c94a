"""The page of what is translated says what the code does.

`GREENLANE_WRITE_GOLDEN=1 pytest tests/gateway/test_matrix.py` writes it anew, to be reviewed as a diff.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.gateway.matrix import page

PAGE = Path(__file__).parents[2] / "docs" / "translation.md"


def test_the_page_of_translations_is_what_the_code_does() -> None:
    if os.environ.get("GREENLANE_WRITE_GOLDEN"):
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page()
