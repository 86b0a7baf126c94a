"""What can be kept apart."""

from __future__ import annotations

ROLES, VERBS = "roles", "verbs"
