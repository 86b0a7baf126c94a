"""Roles fit the people who hold them: who publishes does not build, and who counts money sees money."""

from __future__ import annotations

from pathlib import Path

from tests.stories.running import Running
from tests.stories.terminal import Terminal

REFUSED = 3
"""The exit code of what is not possible."""

WAITS = 4
"""The exit code of what a person decides."""


def test_a_publisher_brings_out_what_others_built(greenlane: Running, owner: Terminal, name: str, site: Path):
    builder = greenlane.joins("Ben Builder")
    publisher = greenlane.joins("Pia Publisher", "publisher")
    builder.does("deploy", site, "--app", name)
    publisher.does("publish", name, "--audience", "team")
    publisher.does("lock", name, "--why", "year's end")
    publisher.does("unlock", name)
    publisher.gets(REFUSED, "deploy", site, "--app", name)
    publisher.gets(REFUSED, "deploy", site, "--app", f"{name}-two")


def test_a_publisher_of_staging_brings_nothing_out_in_production(
    greenlane: Running, owner: Terminal, name: str, site: Path
):
    owner.does("deploy", site, "--app", name)
    sue = greenlane.joins("Sue Stager", "publisher:staging")
    sue.does("publish", name, "--to", "staging")
    sue.gets(REFUSED, "publish", name)
    assert [one["role"] for one in sue.does("whoami")["roles"]] == ["publisher:staging"]
    owner.does("role", "remove", sue.id, "publisher:staging", "--scope", "team:home")
    sue.gets(REFUSED, "publish", name, "--to", "staging")


def test_a_billing_viewer_sees_what_models_cost(greenlane: Running, owner: Terminal, name: str, site: Path):
    owner.does("deploy", site, "--app", name)
    viewer = greenlane.joins("Viv Viewer", "billing-viewer")
    assert "items" in viewer.does("gateway", "spend")
    assert "items" in viewer.does("gateway", "budget", "list")
    for asked in (("receipts", "--app", name), ("variables", "list", "--app", name), ("apps", "show", name)):
        assert viewer.types(*asked).code != 0, asked
    assert viewer.does("apps")["items"] == []


def test_who_created_an_app_works_on_it_wherever_it_belongs(greenlane: Running, owner: Terminal, name: str, site: Path):
    builder = greenlane.joins("Cy Creator")
    owner.does("team", "create", f"t-{name}")
    builder.does("deploy", site, "--app", name)
    owner.does("apps", "transfer", name, "--team", f"t-{name}")
    builder.does("publish", name)
    told = owner.does("people", "why", builder.id, "publish", "--scope", f"app:{name}")
    assert [one["role"] for one in told["ways"]] == ["builder"]
    assert "created it on" in told["ways"][0]["says"]

    owner.does("role", "remove", builder.id, "builder", "--scope", "team:home")
    builder.gets(REFUSED, "publish", name)
    owner.does("role", "grant", builder.id, "builder", "--scope", "team:home")
    builder.does("publish", name)
    owner.does("apps", "transfer", name, "--owner", owner.does("whoami")["id"])
    builder.gets(REFUSED, "publish", name)


def test_a_role_of_our_own_counts_at_once_and_says_who_loses_what(
    greenlane: Running, owner: Terminal, name: str, site: Path
):
    role = f"release-{name}"
    rea = greenlane.joins("Rea Release", "visitor")
    owner.does("deploy", site, "--app", name)
    owner.does("roles", "create", role, "--right", "publish", "--right", "lock:production", "--says", "For releases.")
    rea.gets(WAITS, "elevate", role, "--scope", f"app:{name}", "--because", "the release is tonight")
    owner.does("role", "grant", rea.id, role, "--scope", f"app:{name}")
    rea.does("publish", name)
    rea.gets(REFUSED, "rollback", name)

    tried = owner.does("roles", "try", role, "--right", "rollback")
    assert [(one["name"], one["gains"], one["loses"]) for one in tried["touched"]] == [
        ("Rea Release", ["rollback"], ["publish", "lock:production"])
    ]
    owner.does("roles", "change", role, "--right", "rollback")
    rea.gets(REFUSED, "publish", name)
    told = owner.does("people", "why", rea.id, "rollback", "--scope", f"app:{name}")
    assert [one["role"] for one in told["ways"]] == [role]

    owner.does("roles", "delete", role)
    assert not owner.does("people", "why", rea.id, "rollback", "--scope", f"app:{name}")["has"]
    assert role not in [one["role"] for one in owner.does("roles")["items"]]


def test_two_things_are_kept_apart_and_no_one_person_does_both(fresh: Running, name: str, site: Path):
    owner = fresh.owner
    builder, other = fresh.joins("Ben Builder"), fresh.joins("Pia Publisher", "publisher")
    builder.does("deploy", site, "--app", name)
    acts = owner.does("duties", "keep-apart", "verbs", "deploy", "publish")["answer"]["pair"]
    refused = builder.gets(REFUSED, "publish", name)
    assert "publish and deploy, and you did deploy there" in str(refused)
    other.does("publish", name)
    assert owner.does("duties", "conflicts")["items"] == []

    roles = owner.does("duties", "keep-apart", "roles", "builder", "reviewer")["answer"]["pair"]
    owner.gets(REFUSED, "role", "grant", builder.id, "reviewer", "--scope", "team:home")
    assert [one["id"] for one in owner.does("duties")["items"]] == [acts, roles]
