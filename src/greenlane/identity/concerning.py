"""Whom a receipt concerns, for those who keep tables of people and follow the receipts."""

from __future__ import annotations

from greenlane.ledger.receipt import Receipt

ABOUT_ONE = frozenset(
    {
        "accept-invitation",
        "add-passkey",
        "add-person",
        "announce-drill",
        "change-provisioned-person",
        "create-sign-in-link",
        "end-provider-sessions",
        "erase-person",
        "grant-role",
        "join-team",
        "leave-team",
        "link-identity",
        "make-recovery-codes",
        "provision-person",
        "release-person",
        "remove-password",
        "remove-role",
        "rename-person",
        "restore-person",
        "set-password",
        "sign-in",
        "sign-out",
        "suspend-person",
        "tell-of-sign-in",
        "unlink-identity",
    }
)
"""Verbs that change who somebody is, what they came in with and what they lent for one person alone, whom the receipt
names.
"""


def one_person(receipt: Receipt) -> str:
    """The one person whom a settled action changed something for; empty where it may be about others too."""
    return str(receipt.happened.get("person") or "") if receipt.action["verb"] in ABOUT_ONE else ""
