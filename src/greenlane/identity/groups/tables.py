"""Groups as the directory names them, who is in them, and what they give here.

A group's id is ours. ``source`` is the directory that pushes it (``dir_…``) or the sign-in provider that names it
(``idp_…``); ``external_id`` is what that one calls it: a directory's own id, or the very word in the claim.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from greenlane.kit.database import METADATA

DIRECTORY_GROUP = Table(
    "directory_group",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("external_id", Text),
    Column("version", BigInteger, nullable=False),
    Column("created", Text, nullable=False),
    Column("changed", Text, nullable=False),
    UniqueConstraint("source", "external_id"),
    Index("directory_group_by_name", "source", "name"),
)
"""Groups. ``version`` counts changes of the group itself and of who is in it."""

GROUP_MEMBER = Table(
    "group_member",
    METADATA,
    Column("group", Text, ForeignKey("directory_group.id"), primary_key=True),
    Column("member", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # person or group
    Column("since", Text, nullable=False),
    Index("group_member_by_member", "member", "kind"),
)
"""Who is in a group: people, and groups whose members are then in it too."""

GROUP_RULE = Table(
    "group_rule",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("group", Text, ForeignKey("directory_group.id"), nullable=False),
    Column("role", Text, nullable=False),  # empty: membership of the team and nothing else
    Column("scope", Text, nullable=False),  # organisation, team:t_… or app:NAME
    Column("team", Text, ForeignKey("team.id")),  # the team of the scope, where it is one
    Column("action", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("since", Text, nullable=False),
    UniqueConstraint("group", "role", "scope"),
)
"""What being in a group gives. A rule about a team makes its people members of that team."""
