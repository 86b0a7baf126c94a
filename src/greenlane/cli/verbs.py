"""Every feature's verbs: reading these modules fills the registry from which commands are derived."""

from __future__ import annotations

from greenlane.catalog import actions as catalog
from greenlane.deploys import actions as deploys
from greenlane.deploys.runs import actions as runs
from greenlane.gateway import actions as gateway
from greenlane.gateway.alerts import actions as alerts
from greenlane.gateway.budgets import actions as budgets
from greenlane.gateway.content import actions as content
from greenlane.gateway.perimeter import actions as perimeter
from greenlane.gateway.repricing import actions as repricing
from greenlane.gateway.swapping import actions as swapping
from greenlane.govern import actions as govern
from greenlane.govern.action import REGISTRY
from greenlane.identity import actions as identity
from greenlane.identity.break_glass import actions as break_glass
from greenlane.identity.custom_roles import actions as custom_roles
from greenlane.identity.delegation import actions as delegation
from greenlane.identity.duties import actions as duties
from greenlane.identity.elevation import actions as elevation
from greenlane.identity.federation import actions as federation
from greenlane.identity.groups import actions as groups
from greenlane.identity.login import actions as login
from greenlane.identity.provisioning import actions as provisioning
from greenlane.identity.reviews import actions as reviews
from greenlane.identity.sso import actions as sso
from greenlane.notices import actions as notices
from greenlane.secrets import actions as secrets
from greenlane.store import actions as store

FEATURES = (
    govern,
    identity,
    custom_roles,
    duties,
    break_glass,
    delegation,
    elevation,
    sso,
    provisioning,
    reviews,
    groups,
    federation,
    login,
    catalog,
    secrets,
    store,
    deploys,
    runs,
    notices,
    gateway,
    budgets,
    perimeter,
    content,
    swapping,
    repricing,
    alerts,
)
"""The modules that declare verbs."""

__all__ = ["FEATURES", "REGISTRY"]
