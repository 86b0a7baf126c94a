"""The five questions that somebody has about an app before anything else, each answered in one sentence.

Pure but for ``gather``, which reads what the answers rest on. What nobody here can know is said as unknown, and each
answer names the receipt that shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.hosts import SERVER
from greenlane.deploys import queries as deploys
from greenlane.identity import queries as identity
from greenlane.insights import sentences
from greenlane.insights.vouching import Verdict, Vouching
from greenlane.kit.clock import parse
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Entry
from greenlane.secrets import queries as secrets

CLASSES = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "iban": "bank accounts",
    "card": "card numbers",
    "national-id": "identity numbers",
}
"""Classes of personal data as people call them."""

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Answered:
    """One question with its answer. ``receipt`` is the place in the ledger of what shows it, None where nothing is yet.

    ``known`` is False where a part of the answer is not known here.
    """

    key: str
    asks: str
    says: str
    receipt: int | None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Placing:
    """How a version came to be live: the receipt's place, who did it, when, and who had to agree."""

    seq: int
    who: str
    at: str
    verb: str
    approver: str
    unreviewed: bool
    lane: str
    reasons: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that the answers rest on. ``content`` is what is live, or the newest preview where nothing is.

    ``calls`` are the hosts that its code may call in production. ``first`` is the place of the app's first receipt, ``made`` that of its content, ``kept`` that of its newest variable.
    """

    app: catalog.App
    url: str
    placing: Placing | None
    content: deploys.DeployView | None
    verdict: Verdict | None
    variables: tuple[str, ...]
    calls: tuple[str, ...]
    first: int | None
    made: int | None
    kept: int | None

    @property
    def live(self) -> bool:
        """Whether something is published and on the air."""
        return self.placing is not None and self.app.state == "live"


def gather(connection: Connection, app: catalog.App, addresses: Addresses, vouching: Vouching) -> Known:
    """Read what the answers rest on."""
    place = catalog.environment(connection, app.name, "production")
    live = place.live_deploy if place is not None else None
    content = deploys.deploy(connection, app.name, live) if live else deploys.newest(connection, app.name)
    variables = [one for one in secrets.names(connection, app.name) if not one.readable]
    newest_variable = max(variables, key=lambda one: one.created, default=None)
    began = ledger.entries(connection, subject=f"app:{app.name}", limit=1, outcomes=True)
    return Known(
        app=app,
        url=addresses.url(app.name),
        placing=placing(connection, place.changed_by) if live and place is not None and place.changed_by else None,
        content=content,
        verdict=vouching.of(connection, content) if content is not None else None,
        variables=tuple(sorted({one.name for one in variables})),
        calls=_called(connection, app.name),
        first=began[0].seq if began else None,
        made=_seq(ledger.by_action(connection, content.action)) if content is not None else None,
        kept=_seq(ledger.by_action(connection, newest_variable.action)) if newest_variable is not None else None,
    )


def _called(connection: Connection, app: str) -> tuple[str, ...]:
    """The hosts that the app's code may call in production."""
    declared = catalog.purposes_in(catalog.hosts(connection, app), "production")
    return tuple(host for host, purposes in declared.items() if SERVER in purposes)


def placing(connection: Connection, action: str) -> Placing | None:
    """How an action put a version where it is; None where its receipt is not there."""
    found = ledger.by_action(connection, action)
    if not found:
        return None
    receipt = found[-1].receipt
    decided = next((one.receipt.decided for one in found if one.receipt.half == "decided"), receipt.decided)
    approver = ""
    if receipt.cause is not None:
        allowing = [one.receipt for one in ledger.by_action(connection, receipt.cause)]
        by = next((one.actor[-1]["id"] for one in allowing if one.action["verb"] == "approve"), "")
        approver = identity.names(connection, [by]).get(by, "somebody who was erased") if by else ""
    document = receipt.document()
    names = sentences.Names.of(connection, [document])
    return Placing(
        seq=found[-1].seq,
        who=names.actor(receipt.actor),
        at=receipt.at,
        verb=str(receipt.action["verb"]),
        approver=approver,
        unreviewed=bool(receipt.happened.get("unreviewed")),
        lane=str(decided["lane"]),
        reasons=tuple(decided["reasons"]),
    )


def answers(known: Known) -> list[Answered]:
    """The five answers, in their order."""
    return [_who(known), _data(known), _where(known), _audit(known), _credentials(known)]


def _who(known: Known) -> Answered:
    placed = known.placing
    if placed is None:
        return Answered("who", WHO, "Nobody has yet: nothing of it is published.", known.first)
    did = "went back to this version" if placed.verb == "rollback" else "published it"
    if placed.approver:
        how = f", after {placed.approver} approved it"
    elif placed.unreviewed:
        how = ", and nobody else reviewed it"
    elif placed.lane == "amber":
        how = ", with safeguards"
    else:
        how = ""
    return Answered("who", WHO, f"{_capital(placed.who)} {did} on {day(placed.at)}{how}.", placed.seq)


def _data(known: Known) -> Answered:
    if known.content is None:
        return Answered("data", DATA, "None: it has no content yet.", known.first)
    facts = known.content.facts
    classes = [CLASSES.get(one, one) for one in facts.get("data_classes", ())]
    runs = bool(_kind(known.content))
    hosts = sorted({*facts.get("outside_hosts", ()), *(known.calls if runs else ())})
    where = "its files" if known.placing else "its newest preview"
    if facts.get("personal_data"):
        says = f"Personal data of several people seems to be in {where}: {_list(classes)}"
    elif classes:
        says = f"Single {_list(classes)} are in {where}, but no list of people"
    else:
        says = f"No personal data was found in {where}"
    if hosts:
        says += f"; what it exchanges with {_list(hosts)} is unknown"
    else:
        says += "; it calls no address outside Greenlane"
    if runs:
        says += "; what its code stores is not looked into"
    return Answered("data", DATA, f"{says}.", known.made, known=not (hosts or runs))


def _kind(content: deploys.DeployView | None) -> str:
    """What of it runs here, such as asgi or functions; nothing where it is files alone."""
    return str((content.facts.get("run") or {}).get("kind", "")) if content is not None else ""


def _where(known: Known) -> Answered:
    asleep = {"asleep": "it is asleep", "archived": "it is archived"}.get(known.app.state)
    if asleep is not None:
        return Answered("where", WHERE, f"Nowhere at the moment: {asleep}.", known.first)
    host = known.url.removeprefix("https://").removeprefix("http://").rstrip("/")
    if known.placing is None:
        says = "Nowhere yet: only its previews can be opened, by its team."
        return Answered("where", WHERE, says if known.content else "Nowhere yet: it has no content.", known.first)
    match _kind(known.content):
        case "":
            says = f"In its visitors' browsers; Greenlane serves it at {host} and runs no code of it."
        case "functions":
            says = (
                f"Its pages in its visitors' browsers, its functions in a sandbox of Greenlane; both answer at {host}."
            )
        case _:
            says = f"In a sandbox of Greenlane; it answers at {host}."
    return Answered("where", WHERE, says, known.placing.seq)


def _audit(known: Known) -> Answered:
    verdict = known.verdict
    if verdict is None:
        return Answered(
            "audit", AUDIT, "Yes, from its first receipt on; there is no content to verify yet.", known.first
        )
    seq = known.placing.seq if known.placing else known.made
    if verdict.holds:
        rests = "1 receipt" if verdict.receipts == 1 else f"{verdict.receipts} receipts"
        says = f"Yes: every step has its receipt, and its passport was verified against {rests} that it names."
        return Answered("audit", AUDIT, says, seq)
    if verdict.holds is None:
        says = "Unknown at this moment: its newest receipts are not confirmed yet. Look again in a moment."
        return Answered("audit", AUDIT, says, seq, known=False)
    return Answered("audit", AUDIT, f"No: its passport does not hold. {verdict.problem}", seq)


def _credentials(known: Known) -> Answered:
    leaked = [
        one
        for one in (known.content.findings if known.content else ())
        if one["weight"] == "leaked" and not one.get("called_off")
    ]
    if leaked:
        one = leaked[0]
        more = f", and {len(leaked) - 1} more" if len(leaked) > 1 else ""
        says = f"One that should not be there: {one['kind']} in {one['file']}, line {one['line']}{more}."
        return Answered("credentials", CREDENTIALS, says, known.made)
    if known.variables:
        many = "1 secret has a value" if len(known.variables) == 1 else f"{len(known.variables)} secrets have values"
        says = f"{many} that nobody can read."
        return Answered("credentials", CREDENTIALS, says, known.kept)
    if known.content is None:
        return Answered("credentials", CREDENTIALS, "None.", known.first)
    says = "None: it has no secrets, and no credential was found in its files."
    return Answered("credentials", CREDENTIALS, says, known.made)


def day(stamp: str) -> str:
    """``3 March 2026``."""
    at = parse(stamp)
    return f"{at.day} {at:%B %Y}"


def _list(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and 4 more``."""
    if len(words) > _MOST_NAMED:
        return f"{', '.join(words[: _MOST_NAMED - 1])} and {len(words) - _MOST_NAMED + 1} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _seq(found: Sequence[Entry]) -> int | None:
    return found[-1].seq if found else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


WHO = "Who put this live?"
DATA = "What data does it touch?"
WHERE = "Where does it run?"
AUDIT = "Can it be audited?"
CREDENTIALS = "Which credentials does it hold?"
