"""The organisation's settings: who sees them, what can be changed here, and where the rest is changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.house import Doorway
from tests.web.conftest import Visitor
from tests.web.test_people import form, read, send, words

from greenlane.govern.actor import Actor
from greenlane.identity.queries import organisation
from greenlane.insights.installation import Installation
from greenlane.kit.settings import Settings
from greenlane.notices.actions import AddWebhook
from greenlane.notices.kinds import KINDS
from greenlane.web.settings import TOLD_WHEN

HOOK = "https://hooks.example.com/services/T0/B0"


def test_an_owner_names_the_organisation(console: Visitor, doorway: Doorway):
    page = read(console, doorway.owner, "/settings")
    done = send(console, doorway.owner, "/do/name-organisation", **form(page, "/do/name-organisation"), name="Acme Ltd")
    assert done.headers["location"] == "/settings"
    page = read(console, doorway.owner, "/settings")
    assert 'value="Acme Ltd"' in page
    assert "named the organisation Acme Ltd" in words(page)
    with doorway.control.database.read() as connection:
        assert organisation.name(connection) == "Acme Ltd"


def test_a_webhook_is_added_with_its_secret_shown_once_tried_and_removed(console: Visitor, doorway: Doorway):
    page = read(console, doorway.owner, "/settings")
    fields = form(page, "/do/add-webhook")
    made = console.as_(doorway.owner).post("/do/add-webhook", data={**fields, "url": HOOK, "about": ["asked", "told"]})
    secret = re.search(r"whsec_[\w+/=]+", made.text)
    assert secret is not None
    page = read(console, doorway.owner, "/settings")
    assert secret[0] not in page
    assert "/services/T0" not in page, "the rest of the address is as good as a secret"
    assert "hooks.example.com Nothing was sent yet." in words(page)
    send(console, doorway.owner, "/do/test-webhook", **form(page, "/do/test-webhook"))
    doorway.control.postman.round()
    page = read(console, doorway.owner, "/settings")
    assert "hooks.example.com Arrived." in words(page)
    send(console, doorway.owner, "/do/remove-webhook", **form(page, "/do/remove-webhook"))
    assert (
        "hooks.example.com" not in words(read(console, doorway.owner, "/settings")).partition("Addresses and keys")[0]
    )


def test_a_webhook_that_fails_says_how(console: Visitor, doorway: Doorway):
    webhook = str(doorway.does(doorway.owner, AddWebhook(HOOK)).answer["webhook"])
    doorway.control.outside.away.add("hooks.example.com")
    send(console, doorway.owner, "/do/test-webhook", webhook=webhook)
    doorway.control.postman.round()
    assert "Waits to be sent. just now The address did not answer." in words(read(console, doorway.owner, "/settings"))


def test_what_was_set_at_the_start_is_shown_with_where_to_change_it_and_without_passwords(
    console: Visitor, doorway: Doorway
):
    said = words(read(console, doorway.owner, "/settings"))
    assert all(name in said for name in Settings.model_fields)
    assert "GREENLANE_SMTP_HOST" in said
    assert "settings.toml" in said
    assert "log.test" in said
    shown = Installation.of(
        Settings(
            database="postgresql+psycopg://green:hunter2@db/greenlane",
            smtp_host="mail.example.com",
            mail_sender="a@example.com",
            smtp_user="us",
            smtp_password_file=Path("/etc/password"),
        )
    )
    assert "hunter2" not in str(shown)
    assert (shown.by_mail, shown.mail_server) == (True, "mail.example.com:587")


def test_everything_that_a_webhook_can_be_told_has_its_words():
    assert list(TOLD_WHEN) == list(KINDS)


@pytest.mark.parametrize(("role", "sees", "changes"), [("auditor", True, False), ("builder", False, False)])
def test_who_sees_what(console: Visitor, doorway: Doorway, role: str, sees: bool, changes: bool):
    who: Actor = doorway.hire("Somebody", role, everywhere=True)
    page = read(console, who, "/settings")
    assert ("Set at the start" in page) == sees
    assert ("/do/add-webhook" in page) == changes
    if not sees:
        assert "Ask one of its owners: Olga Owner." in words(page)
        assert "settings.toml" not in page
