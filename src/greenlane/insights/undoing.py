"""What takes an action back: for each verb that can be undone, the verb that does it and the inputs it needs.

Pure: it reads the receipt of what was done and the facts it was decided on, and nothing of how things stand now. The
undoing is an action like any other; whether it goes straight through is decided when somebody wants it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from greenlane.govern.words import word
from greenlane.identity.narrowing import words
from greenlane.insights.undo import Facts, Undo, Undoing
from greenlane.insights.undoing_company import COMPANY
from greenlane.insights.undoing_models import MODELS
from greenlane.ledger.receipt import Receipt

NOT_OFFERED = {
    "sign-in": "signing out ends the session that asks for it, which may be another one by then",
}
"""Verbs that another verb takes back, and why that is not offered beside their receipt."""


def undo(receipt: Receipt, facts: Facts) -> Undo | None:
    """What takes this back; None where it did not happen, changed nothing, or cannot be taken back.

    ``facts`` are those that the action was decided on, as JSON values (``Facts.as_dict``).
    """
    if receipt.half != "settled" or receipt.happened.get("state") != "done":
        return None
    found = UNDOINGS.get(str(receipt.action["verb"]))
    return None if found is None else found(receipt.action["inputs"], receipt.happened, facts)


def command(one: Undo) -> str:
    """The same as a line for the terminal."""
    given = {name: value for name, value in one.inputs.items() if value not in ("", [])}
    arguments, options = _COMMANDS.get(one.verb, ((), {}))
    if not arguments:
        pairs = [f"{name}={each}" for name, value in given.items() for each in _many(value)]
        return shlex.join(["greenlane", "do", one.verb, *pairs])
    words = [part if " " in part or part not in given else str(given[part]) for part in arguments]
    for name, option in options.items():
        for each in _many(given.get(name, [])):
            words += [option, each]
    return " ".join(["greenlane", *(part if " " in part else shlex.quote(part) for part in words)])


def _many(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]


_COMMANDS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "archive-app": (("apps archive", "app"), {}),
    "wake-app": (("apps wake", "app"), {}),
    "set-audience": (
        ("apps audience", "app", "audience"),
        {"people": "--people", "teams": "--teams", "groups": "--groups"},
    ),
    "pause-schedule": (("schedules pause", "app", "function"), {}),
    "resume-schedule": (("schedules resume", "app", "function"), {}),
    "rollback": (("rollback", "app"), {"environment": "--environment", "deploy": "--to-deploy"}),
    "remove-host": (("hosts remove", "app", "host"), {"environment": "--environment"}),
    "release-domain": (("domain release", "app", "domain"), {}),
    "remove-role": (("role remove", "person", "role"), {"scope": "--scope"}),
    "suspend-person": (("people suspend", "person"), {}),
    "restore-person": (("people restore", "person"), {}),
    "end-trust": (("trust end", "workload"), {}),
    "retire-agent": (("agents retire", "agent"), {}),
    "end-delegation": (("agents end", "delegation"), {}),
    "revoke-token": (("token revoke", "token"), {}),
    "remove-provider": (("gateway provider remove", "provider"), {}),
    "remove-route": (("gateway route remove", "alias"), {}),
    "revoke-gateway-key": (("gateway revoke", "key"), {}),
}
"""Commands with a shape of their own: the words and the inputs in their order, and the options. The rest is ``do``."""


def _audience(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    """Back to the rung from before, and on the rung of the named to the same people, teams and groups."""
    app, before = str(inputs["app"]), str(facts["audience_now"])
    named: Mapping[str, list[str]] = happened.get("named_before", {})
    those = {kind: list(named.get(kind, ())) for kind in ("people", "teams", "groups")}
    if before != "named":
        if before == inputs["audience"]:
            return None
        return Undo("set-audience", {"app": app, "audience": before}, f"Open {app} to {_rung(before)} again")
    if not any(those.values()):  # nobody was named, or it was not written down who: narrower is always right
        return Undo("set-audience", {"app": app, "audience": "me"}, f"Open {app} to {_rung('me')}")
    back = {"app": app, "audience": "named", **{kind: ids for kind, ids in those.items() if ids}}
    return Undo("set-audience", back, f"Open {app} to the people from before again")


def _publish(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    """Fewer people first: where more people can open the app than before, taking that back is what presses."""
    app, environment, previous = str(inputs["app"]), str(happened["environment"]), happened["previous"]
    if inputs.get("audience") and facts["audience_widens"]:
        return _audience(inputs, happened, facts)
    if previous is None:
        if environment != "production":
            return None
        return Undo("archive-app", {"app": app}, f"Take {app} off the air")
    if previous == happened["deploy"]:
        return None
    back = {"app": app, "environment": environment, "deploy": previous}
    return Undo("rollback", back, f"Return {environment} of {app} to the version before")


def _rollback(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    app, environment = str(inputs["app"]), str(happened["environment"])
    forward = {"app": app, "environment": environment, "deploy": happened["previous"], "unlock": True}
    if (wider := happened.get("narrowed_from", "named")) != "named":
        forward["audience"] = wider
    return Undo("publish", forward, f"Publish the later version of {app} again and lift the lock")


def _transfer(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before: Mapping[str, str] = happened.get("before", {})
    back = {name: value for name, value in before.items() if inputs.get(name)}
    return Undo("transfer-app", {"app": inputs["app"], **back}, f"Hand {inputs['app']} back") if back else None


def _declare_host(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    """A host that was declared before, for another purpose, is not taken away with the new one."""
    if happened.get("before"):
        return None
    app, host, where = inputs["app"], inputs["host"], inputs.get("environment", "")
    there = f" in {where}" if where else ""
    return Undo("remove-host", {"app": app, "host": host, **_there(where)}, f"Stop {app} from calling {host}{there}")


def _remove_host(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    app, host = inputs["app"], inputs["host"]
    where = inputs.get("environment", "")
    again = {"app": app, "host": host, "directives": list(happened.get("before") or ["connect"]), **_there(where)}
    return Undo("declare-host", again, f"Let {app} call {host} again{f' in {where}' if where else ''}")


def _there(environment: str) -> dict[str, str]:
    return {"environment": environment} if environment else {}


def _unlock(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    app, environment = inputs["app"], inputs["environment"]
    again = {"app": app, "environment": environment, "why": "locked as before", "until": happened.get("until") or ""}
    return Undo("lock", again, f"Lock {environment} of {app} again")


def _set_quota(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before = happened.get("before")
    if before is None or before == inputs["size"]:
        return None
    return Undo("set-quota", {"app": inputs["app"], "size": before}, f"Give {inputs['app']} the quota from before")


def _restore_data(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    """Back to what was there before, where anything was; it was kept when it was replaced."""
    app, environment, before = inputs["app"], happened["environment"], happened["before"]
    if before is None:
        return None
    back = {"app": app, "environment": environment, "snapshot": before}
    return Undo("restore-data", back, f"Bring back what {app} stored before that")


def _domain(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    """A domain that was claimed, or proven, before is not given up with what was said a second time."""
    if not happened.get("new", True):
        return None
    app, domain = inputs["app"], inputs["domain"]
    return Undo("release-domain", {"app": app, "domain": domain}, f"Give {domain} up")


def _release_domain(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    app, domain = inputs["app"], inputs["domain"]
    return Undo("claim-domain", {"app": app, "domain": domain}, f"Claim {domain} again, with a new proof")


def _put_variable(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    """The version alone: without it the one before counts again. Older receipts name no version; theirs is taken back
    only where the value was the first.
    """
    version = happened.get("version")
    if version is None and inputs["name"] not in facts["new_secrets"]:
        return None
    kept = ("app", "team", "organisation", "name", "environment", "use")
    where = {name: inputs[name] for name in kept if inputs.get(name)}
    if version == 1 or version is None:
        return Undo("remove-variable", where, f"Destroy the value of {inputs['name']}")
    return Undo("remove-variable", {**where, "version": version}, f"Return to the value of {inputs['name']} before")


def _move_credential(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    """One new variable in one environment; what replaced an older value would destroy that one too."""
    if len(inputs["environments"]) != 1 or inputs["name"] not in facts["new_secrets"]:
        return None
    where = {name: inputs[name] for name in ("app", "name", "use")} | {"environment": inputs["environments"][0]}
    return Undo("remove-variable", where, f"Destroy the value of {inputs['name']}")


def _mark_false_alarm(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    back = {"app": inputs["app"], "mark": inputs["mark"], "kind": inputs["kind"]}
    return Undo("unmark-false-alarm", back, "Let the finding count again")


def _join_team(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    if not happened.get("new", True):
        return None
    back = {"team": inputs["team"], "person": inputs["person"]}
    return Undo("leave-team", back, f"End this membership of {inputs['team']}")


def _leave_team(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    back = {"team": inputs["team"], "person": inputs["person"]}
    return Undo("join-team", back, f"Make them a member of {inputs['team']} again, without their roles there")


def _grant_role(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    if not happened.get("new", True):
        return None
    return Undo("remove-role", _the_role(inputs), f"Take the role {words(inputs['role'])} back")


def _remove_role(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("grant-role", _the_role(inputs), f"Give the role {words(inputs['role'])} again")


def _the_role(inputs: Facts) -> dict[str, Any]:
    return {name: inputs[name] for name in ("person", "role", "scope")}


def _add_webhook(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("remove-webhook", {"webhook": happened["webhook"]}, "Stop telling this address anything")


def _choose_mail(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before = happened["before"]
    return None if before == inputs["what"] else Undo("choose-mail", {"what": before}, "Go back to your choice before")


def _name_organisation(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before = happened["before"]
    return None if before == inputs["name"] else Undo("name-organisation", {"name": before}, "Take the new name back")


def _about_the_app(verb: str, says: str) -> Undoing:
    def found(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
        return Undo(verb, {"app": inputs["app"]}, says.format(**inputs))

    return found


def _about_the_person(verb: str, says: str) -> Undoing:
    def found(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
        return Undo(verb, {"person": happened["person"]}, says)

    return found


def _lock(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    app, environment = inputs["app"], inputs["environment"]
    return Undo("unlock", {"app": app, "environment": environment}, f"Unlock {environment} of {app}")


def _preview_token(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo(
        "revoke-preview-token", {"app": inputs["app"], "token": happened["token"]}, "End this preview token at once"
    )


def _token(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("revoke-token", {"token": happened["token"]}, "End this API token at once")


def _passkey(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("remove-passkey", {"passkey": happened["passkey"]}, "Remove this passkey again")


def _let_in(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    guest = {"app": inputs["app"], "person": happened["person"]}
    return Undo("remove-guest", guest, f"Stop letting this person open {inputs['app']}")


def _sent_away(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    guest = {"app": inputs["app"], "person": inputs["person"]}
    return Undo("add-guest", guest, f"Let this person open {inputs['app']} again")


def _share_link(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("revoke-share-link", {"app": inputs["app"], "link": happened["link"]}, "End this share link at once")


def _schedule(verb: str, says: str) -> Undoing:
    def found(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
        named = {"app": inputs["app"], "function": inputs["function"]}
        return Undo(verb, named, says.format(**inputs))

    return found


def _rung(audience: str) -> str:
    return word("audience_now", audience)


def _agent(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("retire-agent", {"agent": inputs["agent"]}, f"Retire the agent {inputs['agent']}")


def _delegation(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    back = {"delegation": happened["delegation"]}
    return Undo("end-delegation", back, f"Take back what {inputs['agent']} was lent")


def _connected(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    name = str(inputs["name"])
    return Undo("disconnect-directory", {"directory": name}, f"Disconnect the directory {name}")


def _joined(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("leave-directory", {"person": inputs["person"]}, "Take them out of the directory")


def _directory_token(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("revoke-directory-token", {"token": happened["token"]}, "End this token of the directory")


def _review(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("close-review", {"review": happened["review"]}, "Close this review")


def _elevation(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("end-elevation", {"elevation": happened["elevation"]}, f"End being {words(inputs['role'])} now")


def _group_rule(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("remove-group-rule", {"rule": happened["rule"]}, "End this rule")


def _role_made(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("delete-role", {"role": happened["role"]}, f"Delete the role {happened['role']}")


def _role_changed(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before = {"role": happened["role"], **happened["before"]}
    return Undo("change-role", before, f"Let {happened['role']} allow what it allowed before")


def _pair(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("stop-keeping-apart", {"pair": happened["pair"]}, "Keep these apart no more")


def _workload(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("end-trust", {"workload": inputs["workload"]}, f"Trust {inputs['workload']} no more")


UNDOINGS: dict[str, Undoing] = {
    "trust-workload": _workload,
    "register-agent": _agent,
    "delegate": _delegation,
    "connect-directory": _connected,
    "join-directory": _joined,
    "create-directory-token": _directory_token,
    "ask-elevation": _elevation,
    "start-review": _review,
    "add-group-rule": _group_rule,
    "create-role": _role_made,
    "keep-apart": _pair,
    "change-role": _role_changed,
    "create-app": _about_the_app("archive-app", "Take {app} off the air"),
    "set-audience": _audience,
    "widen-audience": _audience,
    "ask-to-open": _let_in,
    "add-guest": _let_in,
    "remove-guest": _sent_away,
    "create-share-link": _share_link,
    "declare-host": _declare_host,
    "remove-host": _remove_host,
    "lock": _lock,
    "unlock": _unlock,
    "pause-schedule": _schedule("resume-schedule", "Let {function} run by its schedule again"),
    "resume-schedule": _schedule("pause-schedule", "Pause the schedule of {function} again"),
    "transfer-app": _transfer,
    "archive-app": _about_the_app("wake-app", "Bring {app} back on the air"),
    "wake-app": _about_the_app("archive-app", "Take {app} off the air again"),
    "expire-app": _about_the_app("wake-app", "Bring {app} back on the air"),
    "set-quota": _set_quota,
    "claim-domain": _domain,
    "verify-domain": _domain,
    "release-domain": _release_domain,
    "restore-data": _restore_data,
    "publish": _publish,
    "rollback": _rollback,
    "create-preview-token": _preview_token,
    "put-variable": _put_variable,
    "rotate-variable": _put_variable,
    "move-credential": _move_credential,
    "mark-false-alarm": _mark_false_alarm,
    "add-webhook": _add_webhook,
    "choose-mail": _choose_mail,
    "name-organisation": _name_organisation,
    "add-person": _about_the_person("suspend-person", "Shut this person out again"),
    "suspend-person": _about_the_person("restore-person", "Let this person in again"),
    "restore-person": _about_the_person("suspend-person", "Shut this person out again"),
    "join-team": _join_team,
    "leave-team": _leave_team,
    "grant-role": _grant_role,
    "remove-role": _remove_role,
    "create-token": _token,
    "add-passkey": _passkey,
    **COMPANY,
    **MODELS,
}
"""What takes a verb back, from its inputs, what happened, and its facts."""
