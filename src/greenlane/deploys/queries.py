"""What can be known of uploads and deploys. Reads only, frozen answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from greenlane.catalog import queries as catalog
from greenlane.catalog.tables import APP, ENVIRONMENT
from greenlane.deploys.tables import DEPLOY, LOOK, PASSPORT_FILE, PLACEMENT, PREVIEW_TOKEN, UPLOAD, WANTED_HOST
from greenlane.govern import call
from greenlane.govern.errors import NotFound
from greenlane.govern.facts import RUNGS
from greenlane.ledger.queries import place_of


@dataclass(frozen=True, slots=True)
class DeployView:
    """One deploy. ``artifact`` is its manifest's digest, ``passport`` that of its provenance statement."""

    id: str
    app: str
    artifact: str
    passport: str
    sbom: str
    process: str
    action: str
    author: str | None
    made_by_agent: bool
    facts: Mapping[str, Any]
    reach: Mapping[str, list[str]]
    findings: list[dict[str, Any]]
    files: int
    bytes: int
    created_at: str


@dataclass(frozen=True, slots=True)
class LiveContent:
    """Who may open an app, and the facts of what is live in production; none where nothing is."""

    rung: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UploadView:
    """One upload as it stands."""

    id: str
    person: str
    state: str
    files: Mapping[str, Mapping[str, Any]]
    archive: Mapping[str, Any] | None
    inspection: Mapping[str, Any] | None
    created_at: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A version that was put into an environment: by which action, and when; with its author."""

    action: str
    deploy: str
    at: str
    author: str | None
    made_by_agent: bool
    created_at: str


@dataclass(frozen=True, slots=True)
class PreviewTokenView:
    """A preview token that works; ``secret`` is its SHA-256 in hexadecimal."""

    id: str
    secret: str
    app: str
    deploy: str
    expires_at: str


_DEPLOY = select(DEPLOY).where(DEPLOY.c.id == bindparam("id"), DEPLOY.c.app == bindparam("app"))


def _deploy(row: Row[Any]) -> DeployView:
    return DeployView(**row._mapping)


def deploy(connection: Connection, app: str, deploy_id: str) -> DeployView:
    """A deploy of an app. Raises ``NotFound``."""
    row = connection.execute(_DEPLOY, {"id": deploy_id, "app": app}).one_or_none()
    if row is None:
        raise NotFound(
            f"{app} has no deploy {deploy_id}.", next_step=f"`greenlane apps show {app}` lists its newest deploys."
        )
    return _deploy(row)


def newest(connection: Connection, app: str) -> DeployView | None:
    """The newest deploy of an app."""
    rows = deploys(connection, app, limit=1)
    return rows[0] if rows else None


def deploys(connection: Connection, app: str, *, limit: int = 50, before: str = "") -> list[DeployView]:
    """Deploys of an app, the newest first; ``before`` is the id of the last one seen."""
    place = place_of(DEPLOY.c.action)
    query = select(DEPLOY).where(DEPLOY.c.app == app).order_by(place.desc()).limit(limit)
    if before:
        seen = DEPLOY.alias()
        query = query.where(place < select(place_of(seen.c.action)).where(seen.c.id == before).scalar_subquery())
    return [_deploy(row) for row in connection.execute(query)]


def meant(connection: Connection, app: str, deploy_id: str) -> DeployView:
    """The deploy that is meant: the named one, or the newest. Raises ``NotFound``."""
    if deploy_id:
        return deploy(connection, app, deploy_id)
    one = newest(connection, catalog.app(connection, app).name)
    if one is None:
        raise NotFound(f"{app} has no deploy yet.", next_step=f"Make one: `greenlane deploy PATH --app {app}`.")
    return one


def stored_bytes(connection: Connection, app: str) -> int:
    """Bytes that all deploys of an app name together, shared files counted once a deploy."""
    total = select(func.coalesce(func.sum(DEPLOY.c.bytes), 0)).where(DEPLOY.c.app == app)
    return int(connection.execute(total).scalar_one())


def placed_before(connection: Connection, app: str, environment: str, live: str | None) -> str | None:
    """The deploy that was in the environment before the present one."""
    return connection.execute(
        select(PLACEMENT.c.deploy)
        .where(PLACEMENT.c.app == app, PLACEMENT.c.environment == environment, PLACEMENT.c.deploy != (live or ""))
        .order_by(place_of(PLACEMENT.c.action).desc())
        .limit(1)
    ).scalar_one_or_none()


def was_placed(connection: Connection, app: str, environment: str, deploy_id: str) -> bool:
    """Whether the deploy has been in the environment."""
    found = select(func.count()).where(
        PLACEMENT.c.app == app, PLACEMENT.c.environment == environment, PLACEMENT.c.deploy == deploy_id
    )
    return connection.execute(found).scalar_one() > 0


def placements(connection: Connection, app: str, environment: str, *, limit: int = 20) -> list[Placed]:
    """What was put into an environment, the newest first."""
    rows = connection.execute(
        select(
            PLACEMENT.c.action,
            PLACEMENT.c.deploy,
            PLACEMENT.c.at,
            DEPLOY.c.author,
            DEPLOY.c.made_by_agent,
            DEPLOY.c.created_at,
        )
        .join(DEPLOY, DEPLOY.c.id == PLACEMENT.c.deploy)
        .where(PLACEMENT.c.app == app, PLACEMENT.c.environment == environment)
        .order_by(place_of(PLACEMENT.c.action).desc())
        .limit(limit)
    )
    return [Placed(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class DecidedFor:
    """The widest audience that a deploy was decided for in production: a rung, and whom it named."""

    rung: str = "me"
    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


def decided_for(connection: Connection, app: str, deploy_id: str) -> DecidedFor:
    """For how many people somebody, or the policy, decided about showing them this very deploy.

    What was open when it was published counts, and what it was opened to while it was live.
    """
    widest = DecidedFor()
    for verb, inputs, facts in call.done_about(connection, f"app:{app}", ("publish", "set-audience")):
        if inputs["deploy"] != deploy_id or (verb == "publish" and inputs["environment"] != "production"):
            continue
        rung = str(facts["audience_wanted"])
        if RUNGS.index(rung) >= RUNGS.index(widest.rung):
            widest = DecidedFor(rung, tuple(inputs.get("people") or ()), tuple(inputs.get("teams") or ()))
    return widest


def placing_actions(connection: Connection, app: str, deploy_id: str) -> list[str]:
    """The actions that put a deploy into an environment, the oldest first."""
    query = select(PLACEMENT.c.action).where(PLACEMENT.c.app == app, PLACEMENT.c.deploy == deploy_id)
    return list(connection.execute(query.order_by(place_of(PLACEMENT.c.action))).scalars())


def upload(connection: Connection, upload_id: str) -> UploadView:
    """An upload. Raises ``NotFound``."""
    row = connection.execute(select(UPLOAD).where(UPLOAD.c.id == upload_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no upload {upload_id}.", next_step="Deploy again; what arrived is not sent twice.")
    return UploadView(row.id, row.person, row.state, row.files, row.archive, row.inspection, row.created_at)


def open_uploads(connection: Connection, before: str) -> list[UploadView]:
    """Uploads begun before that stamp that nobody finished and nobody has noted."""
    rows = connection.execute(
        select(UPLOAD).where(
            UPLOAD.c.state.in_(("open", "complete")), UPLOAD.c.created_at < before, UPLOAD.c.noted_at.is_(None)
        )
    )
    return [UploadView(r.id, r.person, r.state, r.files, r.archive, r.inspection, r.created_at) for r in rows]


def preview_tokens(connection: Connection, now: str, app: str | None = None) -> list[PreviewTokenView]:
    """Preview tokens that work at that stamp, of one app or of all."""
    query = select(PREVIEW_TOKEN).where(PREVIEW_TOKEN.c.revoked_at.is_(None), PREVIEW_TOKEN.c.expires_at > now)
    if app is not None:
        query = query.where(PREVIEW_TOKEN.c.app == app)
    return [
        PreviewTokenView(row.id, row.secret, row.app, row.deploy, row.expires_at) for row in connection.execute(query)
    ]


def wanted(connection: Connection, deploy_id: str) -> dict[str, list[str]]:
    """Hosts that a preview tried to call, by directive."""
    found: dict[str, list[str]] = {}
    query = select(WANTED_HOST).where(WANTED_HOST.c.deploy == deploy_id).order_by(WANTED_HOST.c.host)
    for row in connection.execute(query):
        found.setdefault(row.directive, []).append(row.host)
    return found


@dataclass(frozen=True, slots=True)
class LookView:
    """A sampled look: at which action, who was asked, and what was seen (fine or not-fine; None while nobody said)."""

    about: str
    app: str
    asked: tuple[str, ...]
    asked_at: str
    verdict: str | None


def looks(connection: Connection) -> list[LookView]:
    """Sampled looks that nobody answered yet, the oldest first."""
    rows = connection.execute(select(LOOK).where(LOOK.c.verdict.is_(None)).order_by(LOOK.c.asked_at))
    return [_look(row) for row in rows]


def look(connection: Connection, app: str, about: str) -> LookView | None:
    """The sampled look at an action, or None."""
    row = connection.execute(select(LOOK).where(LOOK.c.about == about, LOOK.c.app == app)).one_or_none()
    return None if row is None else _look(row)


def looked_at(connection: Connection) -> frozenset[str]:
    """The actions that a look was asked for."""
    return frozenset(connection.execute(select(LOOK.c.about)).scalars())


def _look(row: Row[Any]) -> LookView:
    return LookView(row.about, row.app, tuple(row.asked), row.asked_at, row.verdict)


def process_of(connection: Connection, action: Any) -> str | None:
    """The piece of work that an action continues: a publish goes on with what its deploy began."""
    app, named = getattr(action, "app", ""), getattr(action, "deploy", None)
    if named is None or not app:
        return None
    found = select(DEPLOY.c.process).where(DEPLOY.c.app == app)
    if named:
        found = found.where(DEPLOY.c.id == named)
    return connection.execute(found.order_by(place_of(DEPLOY.c.action).desc()).limit(1)).scalar_one_or_none()


def passport_files(connection: Connection, deploys: Collection[str]) -> dict[str, str]:
    """The stored passports of these deploys, as digests of blobs."""
    rows = connection.execute(select(PASSPORT_FILE).where(PASSPORT_FILE.c.deploy.in_(list(deploys))))
    return {row.deploy: row.blob for row in rows}


def live_contents(connection: Connection, apps: Collection[str]) -> dict[str, LiveContent]:
    """What is live in each of these apps, and for whom, by the app's name."""
    rows = connection.execute(
        select(APP.c.name, APP.c.rung, DEPLOY.c.facts)
        .outerjoin(ENVIRONMENT, (ENVIRONMENT.c.app == APP.c.name) & (ENVIRONMENT.c.name == "production"))
        .outerjoin(DEPLOY, DEPLOY.c.id == ENVIRONMENT.c.live_deploy)
        .where(APP.c.name.in_(list(apps)))
    )
    return {row.name: LiveContent(row.rung, row.facts or {}) for row in rows}
