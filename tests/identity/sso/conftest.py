from __future__ import annotations

import pytest
from tests.house import Doorway
from tests.identity.sso.arriving import Desk


@pytest.fixture
def desk(doorway: Doorway) -> Desk:
    """An organisation with a provider that answers, on both databases."""
    return Desk(doorway)
