"""One's own account: how somebody signs in, where they are signed in, their API tokens, and keys of the keyboard."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.decision import Lane
from greenlane.govern.errors import Conflict, SignInNeeded, WrongInput
from greenlane.identity import queries
from greenlane.identity.actions import AddPasskey, MakeRecoveryCodes, SetPassword
from greenlane.identity.provisioning import queries as provisioning
from greenlane.identity.sso import providers
from greenlane.identity.sso.actions import JoinBySignIn
from greenlane.insights import standing
from greenlane.web import doing, frame, wording
from greenlane.web.asked import Asked
from greenlane.web.destination import own_path
from greenlane.web.pages import FieldError
from greenlane.web.site import Site

KEYS_COOKIE = "__Host-greenlane-keys"
"""``off`` where somebody turned single-letter keys off. The keyboard's script reads it."""

SCOPES = (
    ("read", "Read what you may read"),
    ("visit", "Open apps as you"),
    ("deploy", "Upload and preview"),
    ("publish", "Publish, roll back, change who may open an app"),
    ("admin", "Everything that you may do"),
)
"""What a token may do, in words."""

_A_YEAR = 365 * 24 * 3600


def routes(site: Site) -> list[Route]:
    """Every address of the account."""
    return [
        site.page("/account", account),
        site.form("/account/password", setting_password),
        site.form("/account/passkeys", adding_passkey),
        site.form("/account/passkeys/question", question),
        site.form("/account/keys", setting_keys),
    ]


def account(at: Asked) -> Response:
    """The page."""
    return _account(at)


def setting_password(at: Asked) -> Response:
    """Set or replace one's password."""
    return _changed(at, "password", lambda: SetPassword(at.form.get("password", [""])[-1]))


def adding_passkey(at: Asked) -> Response:
    """Keep the passkey that the browser made."""
    return _changed(at, "passkey", lambda: AddPasskey(at.field("passkey"), at.field("name")))


def question(at: Asked) -> Response:
    """What a browser is asked that makes a passkey."""
    options = at.house.arrivals.ask_to_enrol(at.actor)
    return Response(options, media_type="application/json", headers=frame.PLAIN_HEADERS)


def setting_keys(at: Asked) -> Response:
    """Turn single-letter keys on or off in this browser (WCAG 2.1.4). No script is needed to do so."""
    answer = at.see("/account#single-keys")
    if at.field("keys") == "off":
        answer.set_cookie(KEYS_COOKIE, "off", max_age=_A_YEAR, path="/", secure=True, samesite="lax")
    else:
        answer.delete_cookie(KEYS_COOKIE, path="/", secure=True, samesite="lax")
    return answer


def _changed(at: Asked, field: str, action: Any) -> Response:
    """Carry a change out; what was wrong is said beside its field."""
    try:
        answer = at.does(action())
    except (WrongInput, Conflict) as error:
        return _account(at, FieldError.of(field, error))
    except SignInNeeded as error:  # the passkey's answer, not the session: that was looked at before
        return _account(at, FieldError.of(field, error))
    return doing.answered(at, answer, back=own_path(at.field("next")) or "/account")


def running(at: Asked, one: queries.Session) -> dict[str, Any]:
    """A session as its lines say it: which browser, where, since when and until when."""
    return {
        "id": one.id,
        "device": one.device,
        "place": at.house.places.name(one.address),
        "opened_with": queries.opened_with(one.through),
        "created": one.created,
        "last_seen": one.last_seen,
        "expires": one.expires,
        "ends": one.ends,
    }


def _account(at: Asked, error: FieldError | None = None) -> Response:
    with at.read() as connection:
        me = queries.person(connection, at.me.person)
        ways = queries.ways_in(connection, me.id)
        sessions = queries.sessions_of(connection, me.id, at.now)
        identities = providers.identities_of(connection, me.id)
        elevated = [
            (one, wording.role_title(one.role), wording.where(one.scope))
            for one in standing.standing(connection, me.id, at.now)
            if one.elevation
        ]
        tokens = [one for one in queries.tokens_of(connection, me.id) if one.revoked is None]
        joined = provisioning.joined(connection, me.id)
        alone = joined is None and provisioning.directory_of(connection, me.id) is None
        directories = {one.name for one in provisioning.directories(connection)} if alone else set()
        leading = {one.name for one in providers.providers(connection) if one.on and one.directory in directories}
    _, ahead = at.explain(MakeRecoveryCodes())
    _, joining = at.explain(JoinBySignIn(""))
    return at.page(
        "account/account.html",
        status=422 if error else 200,
        me=me,
        ways=ways,
        stale=ahead.lane is Lane.CLOSED,
        sessions=[running(at, one) for one in sessions],
        this=at.actor.credential,
        identities=identities,
        company=[one for one in at.house.company.offered() if one.name not in {mine.provider for mine in identities}],
        joinable=[one for one in at.house.company.offered() if one.name in leading],
        joins=joining,
        may_join=joining.lane is not Lane.CLOSED,
        joined=joined if joined is not None and joined.proven_by and not joined.taken else None,
        elevated=elevated,
        tokens=tokens,
        scopes=SCOPES,
        keys=at.request.cookies.get(KEYS_COOKIE) != "off",
        next=own_path(at.field("next")) or "/account",
        username=me.email or me.name,
        has_password=ways.password is not None,
        first=False,
        error=error,
    )
