from __future__ import annotations

import pytest
from tests.identity.delegation.lending import Lending
from tests.identity.household import Household


@pytest.fixture
def lending(household: Household) -> Lending:
    """Somebody who lends, and an app to lend for."""
    return Lending(household)
