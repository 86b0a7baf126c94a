"""Every feature's verbs: reading these modules fills the registry from which commands are derived."""

from __future__ import annotations

from greenlane.catalog import actions as catalog
from greenlane.deploys import actions as deploys
from greenlane.govern import actions as govern
from greenlane.govern.action import REGISTRY
from greenlane.identity import actions as identity
from greenlane.notices import actions as notices
from greenlane.secrets import actions as secrets

FEATURES = (govern, identity, catalog, secrets, deploys, notices)
"""The modules that declare verbs."""

__all__ = ["FEATURES", "REGISTRY"]
