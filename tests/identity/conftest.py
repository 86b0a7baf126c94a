from __future__ import annotations

import pytest
from tests.identity.household import Household

from greenlane.kit.database import Database


@pytest.fixture
def household(database: Database) -> Household:
    """An organisation that nobody has founded yet."""
    return Household(database)
