"""What takes back a verb about the company's own sign-in."""

from __future__ import annotations

from greenlane.insights.undo import Facts, Undo, Undoing


def _add(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    name = inputs["name"]
    return Undo("remove-identity-provider", {"provider": name}, f"Let nobody sign in with {name} any more")


def _change(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    if not happened["before"]:
        return None
    back = {"provider": inputs["provider"], **happened["before"]}
    return Undo("change-identity-provider", back, f"Let {inputs['provider']} be as it was before")


def _domain(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    domain = happened["domain"]
    return (
        Undo("release-mail-domain", {"domain": domain}, f"Lead nobody of {domain} anywhere")
        if happened["new"]
        else None
    )


def _link(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    whose = {"person": happened["person"], "provider": happened["provider"]}
    return Undo("unlink-identity", whose, "Let this company account open nothing here again")


def _join(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("leave-directory", {"person": happened["person"]}, "Leave the directory; the account stays connected")


COMPANY: dict[str, Undoing] = {
    "add-identity-provider": _add,
    "change-identity-provider": _change,
    "claim-mail-domain": _domain,
    "verify-mail-domain": _domain,
    "link-identity": _link,
    "join-by-sign-in": _join,
}
"""By verb."""
