"""The inbox: what waits for you, one card a decision, your own requests, and what you should hear of.

Nothing is decided from the list, and nothing by one key: each answer has a reason of its own, and it counts only for
what the page showed.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern import approvals
from greenlane.govern.action import REGISTRY
from greenlane.govern.approvals import Question
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, NotFound, Refused, WrongInput
from greenlane.identity import queries as identity
from greenlane.insights import inbox, looks, requests, sentences
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import queries as ledger
from greenlane.notices import queries as notices
from greenlane.notices import wording as hearing
from greenlane.web import frame
from greenlane.web.asked import Asked
from greenlane.web.depicted import Depicted, depicted
from greenlane.web.site import Site

AT_ONCE = 50
"""Requests on one page."""

OWN_AT_ONCE = 20
LATELY = 10
HEARD_AT_ONCE = 30

ENDED = ("approved", "declined", "withdrawn", "expired")
"""How a request ends."""

STATES = {
    "waiting": "Waits for a decision",
    "sent-back": "Sent back",
    "approved": "Approved",
    "declined": "Declined",
    "withdrawn": "Withdrawn",
    "expired": "Expired unanswered",
}
"""Where a request stands, for people."""

_WORDS = {"approve": "because", "confirm": "because", "decline": "because", "send-back": "note", "withdraw": ""}
"""The verbs that answer a request, each with the input that takes the reason."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer: its verb, the short name of it, what its reason is called, and what the last button says."""

    verb: str
    name: str
    key: str
    label: str
    button: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A notice in words, with the page on which one sees more."""

    seq: int
    says: str
    at: str
    page: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody answered when it did not count: which way, in which words, and what was wrong with it.

    ``missing`` belongs beside the field, ``wrong`` above the card. ``changed`` says what is different since they looked.
    """

    verb: str = ""
    words: str = ""
    missing: GreenlaneError | None = None
    wrong: GreenlaneError | None = None
    changed: tuple[str, ...] | None = None


def routes(site: Site) -> list[Route]:
    """The inbox and its cards."""
    return [
        site.page("/inbox", listed),
        site.page("/inbox/waiting", counted),
        site.form("/inbox/heard", heard),
        site.page("/inbox/{request}", one_request),
        site.form("/inbox/{request}", answer),
    ]


# -- the list ----------------------------------------------------------------------------------------------------------


def listed(at: Asked) -> Response:
    """What waits for you, the oldest first, and everything else that is your turn or your news."""
    since, _, last = at.query("after").partition(" ")
    after = (since, last) if since else None
    with at.read() as connection:
        found = inbox.waiting(connection, at.me.person, at.held, after=after, limit=AT_ONCE + 1)
        shown = found[:AT_ONCE]
        waiting = requests.rows(connection, approvals.named(connection, [one.request for one in shown]))
        own = approvals.by_author(connection, at.me.person, limit=OWN_AT_ONCE)
        alone = identity.members_active(connection) == 1
        mine = [_own(at, connection, one, alone) for one in requests.rows(connection, own)]
        lately = requests.rows(connection, _lately(connection, at.me.person))
        sampled = looks.of(connection, at.me.person, at.house.addresses)
        news, unread = _news(connection, at.me.person)
    more = f"/inbox?{urlencode({'after': f'{shown[-1].since} {shown[-1].request}'})}" if len(found) > AT_ONCE else ""
    return at.page(
        "inbox/inbox.html",
        waiting=waiting,
        more=more,
        further=after is not None,
        mine=mine,
        lately=lately,
        looks=sampled,
        news=news,
        unread=unread,
        states=STATES,
    )


def counted(at: Asked) -> Response:
    """How much waits for you, as one number: the count beside the room's name asks for it while the page is seen."""
    return PlainTextResponse(str(at.waiting), headers=frame.PLAIN_HEADERS)


def heard(at: Asked) -> Response:
    """Remember which notices were read."""
    seqs = [int(one) for one in at.form.get("seq", []) if one.isdecimal() and len(one) < 19]
    at.house.notices.mark_read(at.me.person, seqs[:HEARD_AT_ONCE])
    return at.see("/inbox")


@dataclass(frozen=True, slots=True)
class Own:
    """One's own request in the list: where it stands, why one cannot decide it, and what to do next."""

    row: requests.Row
    note: str
    by: str
    why: str
    next: str


def _own(at: Asked, connection: Connection, row: requests.Row, alone: bool) -> Own:
    if row.question.state == "sent-back":
        said = requests.last_word(_desk(at), connection, row.question)
        step = "Upload the next version and publish it again: it goes on as this request."
        return Own(row, said.says if said else "", said.by if said else "", "", step)
    if alone:
        return Own(row, "", "", "You are alone here, so you may confirm it yourself.", "")
    asked = " or ".join(row.asked) or "an owner"
    return Own(row, "", "", f"You cannot decide it, because you asked for it. It waits for {asked}.", "")


def _lately(connection: Connection, person: str) -> list[Question]:
    """What you decided, and what became of your own requests, the last first."""
    decided = approvals.decided_by(connection, person, limit=LATELY)
    own = approvals.by_author(connection, person, states=ENDED, limit=LATELY)
    found = {one.id: one for one in (*decided, *own) if one.state in {*ENDED, "sent-back"} and one.author != person}
    found |= {one.id: one for one in own}
    return sorted(found.values(), key=lambda one: one.decided_at or one.expires_at, reverse=True)[:LATELY]


def _news(connection: Connection, person: str) -> tuple[list[Heard], int]:
    """Unread notices in words; what waits for an answer stands on this page already."""
    unread = [one for one in notices.notices(connection, person, limit=HEARD_AT_ONCE) if one.read_at is None]
    told = []
    for one in unread:
        entry = ledger.entry(connection, one.seq)
        if entry is None or one.kind in {"asked", "look"}:
            continue
        block = entry.receipt.document()
        sentence = sentences.receipt(block, sentences.Names.of(connection, [block]))
        page = hearing.page(one.kind, entry.receipt) or f"/ledger/{one.seq}"
        told.append(Heard(one.seq, hearing.says(one.kind, sentence, entry.receipt), one.at, page))
    return told, notices.unread(connection, person)


# -- one card ----------------------------------------------------------------------------------------------------------


def one_request(at: Asked) -> Response:
    """One decision, and whatever is needed to make it; readable for good once it is made."""
    return _card(at, Typed())


def answer(at: Asked) -> Response:
    """Answer a request. It counts for what was shown; when that has changed, the page says how and asks anew."""
    verb, words, request = at.field("decision"), at.field("because"), at.named("request")
    if verb not in _WORDS:
        raise WrongInput("This form has an answer that is not ours.", next_step="Open the page again.")
    with at.read() as connection:
        one = _visible(at, connection, request)
        if at.field("seen") != one.digest:
            return _card(at, Typed(verb, words, changed=requests.changed_since(connection, one, at.field("seen"))))
    if _WORDS[verb] and not words:
        missing = WrongInput("Your words are missing.", next_step="Say why, in a sentence that others can read later.")
        return _card(at, Typed(verb, words, missing))
    given = {"request": request} | ({_WORDS[verb]: words} if _WORDS[verb] else {})
    if verb == "approve":
        given["seen"] = one.digest
    try:
        said = at.does(REGISTRY.named(verb).build(given), key=at.field("key"))
    except (Conflict, Refused) as error:
        return _card(at, Typed(verb, words, wrong=error))
    if said.state != "done":
        return _card(at, Typed(verb, words, wrong=_refusal(said)))
    return at.see(_onward(at, one, verb), said)


def _refusal(said: Answer) -> Refused:
    reason = next(iter(said.decision.reasons), None)
    if reason is None:
        return Refused("This is not possible.", next_step="Look at the request again.")
    return Refused(reason.says, next_step=reason.instead)


def _onward(at: Asked, one: Question, verb: str) -> str:
    """The next card after this one was answered, or the list when nothing is left."""
    if verb in {"withdraw", "confirm"}:
        return "/inbox"
    with at.read() as connection:
        later = inbox.waiting(connection, at.me.person, at.held, after=(one.created_at, one.id), limit=1)
        found = later or inbox.waiting(connection, at.me.person, at.held, limit=1)
    return f"/inbox/{found[0].request}" if found else "/inbox"


def _card(at: Asked, typed: Typed) -> Response:
    with at.read() as connection:
        one = _visible(at, connection, at.named("request"))
        told = requests.told(_desk(at), connection, at.actor, one)
        app = one.subject.removeprefix("app:") if one.subject.startswith("app:") else ""
        shown: list[Depicted] = []
        if told.deploy and at.may(connection, "read-receipts", one.subject):
            live = catalog.live_deploy(connection, app, "production")
            shown = depicted(at, connection, app, [("Now", live), ("Proposed", told.deploy)])
        line = [each.request for each in inbox.waiting(connection, at.me.person, at.held, limit=AT_ONCE)]
    place = line.index(one.id) if one.id in line else None
    before = after = ""
    if place is not None:
        before = f"/inbox/{line[place - 1]}" if place else ""
        after = f"/inbox/{line[place + 1]}" if place + 1 < len(line) else ""
    error = typed.missing or typed.wrong
    status = 409 if typed.changed is not None else error.status if error else 200
    return at.page(
        "inbox/request.html",
        status=status,
        told=told,
        one=one,
        app=app,
        depicted=shown,
        choices=_choices(told),
        mine=one.author == at.me.person,
        state=STATES[one.state],
        passed_on=("", "It was passed on to deputies.", "It was passed on to the owners.")[min(one.escalated, 2)],
        typed=typed,
        place=place,
        before=before,
        after=after,
        may_withdraw="withdraw" in told.may,
    )


def _choices(told: requests.Told) -> list[Choice]:
    """The ways to answer that are open to this reader, the one that goes on first; none for whoever may not decide."""
    app = told.question.subject.partition(":")[2]
    author = told.author or "its author"
    ways = (
        Choice("approve", "Approve", "a", "Why you approve", f"Approve: {told.consequence}"),
        Choice("send-back", "Send back with a note", "s", "What should change", f"Send back: {author} changes it"),
        Choice("decline", "Decline", "d", "Why not", f"Decline: {app or 'everything'} stays as it is"),
        Choice("confirm", "Confirm it yourself", "a", "Why it is right", f"Confirm, unreviewed: {told.consequence}"),
    )
    return [one for one in ways if one.verb in told.may]


def _visible(at: Asked, connection: Connection, request: str) -> Question:
    """A request that is the asker's business. Raises ``NotFound`` alike for a missing one and a hidden one."""
    one = approvals.question(connection, request)
    if not requests.concerns(_desk(at), connection, at.actor, one):
        raise NotFound(f"There is no request {request}.", next_step="Your inbox lists what waits for you.")
    return one


def _desk(at: Asked) -> requests.Desk:
    return requests.Desk(at.house.door, at.house.addresses, at.house.may)
