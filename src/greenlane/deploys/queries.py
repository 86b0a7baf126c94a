"""What can be known of uploads and deploys. Reads only, frozen answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from greenlane.catalog import queries as catalog
from greenlane.catalog.named import NOBODY, Named
from greenlane.catalog.tables import APP, ENVIRONMENT
from greenlane.deploys import alarms
from greenlane.deploys.tables import BUILD, DEPLOY, LOOK, PASSPORT_FILE, PLACEMENT, PREVIEW_TOKEN, UPLOAD, WANTED_HOST
from greenlane.govern import call
from greenlane.govern.errors import NotFound
from greenlane.govern.facts import RUNGS
from greenlane.ledger.queries import place_of


@dataclass(frozen=True, slots=True)
class DeployView:
    """One deploy. ``artifact`` is its manifest's digest, ``passport`` that of its provenance statement.

    ``facts`` are those of its content as they count now: what was called a false alarm is no leaked credential, and its
    finding names the action under ``called_off``.
    """

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

    @property
    def runs(self) -> bool:
        """Whether it has code that runs on the server, which can store something."""
        return bool((self.facts.get("run") or {}).get("kind", "static") != "static")


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
class BuildView:
    """One build as it stands. ``plan`` is what was to be done, ``made`` the upload that came of it."""

    id: str
    app: str
    upload: str
    person: str
    process: str
    action: str
    plan: Mapping[str, Any]
    state: str
    made: str | None
    outcome: Mapping[str, Any] | None
    log: str | None
    created_at: str
    ended_at: str | None

    @property
    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state in UNDER_WAY


UNDER_WAY = ("asked", "building")
"""The states of a build that has not ended."""


def build(connection: Connection, app: str, build_id: str) -> BuildView:
    """A build of an app. Raises ``NotFound``."""
    row = connection.execute(select(BUILD).where(BUILD.c.id == build_id, BUILD.c.app == app)).one_or_none()
    if row is None:
        raise NotFound(f"{app} has no build {build_id}.", next_step=f"`greenlane builds {app}` lists its newest ones.")
    return BuildView(**row._mapping)


def builds(connection: Connection, app: str, limit: int = 20) -> list[BuildView]:
    """Builds of an app, the newest first."""
    rows = connection.execute(
        select(BUILD).where(BUILD.c.app == app).order_by(BUILD.c.created_at.desc(), BUILD.c.id).limit(limit)
    )
    return [BuildView(**row._mapping) for row in rows]


def builds_under_way(connection: Connection) -> list[BuildView]:
    """Every build that has not ended, the oldest first."""
    rows = connection.execute(select(BUILD).where(BUILD.c.state.in_(UNDER_WAY)).order_by(BUILD.c.created_at))
    return [BuildView(**row._mapping) for row in rows]


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


def _deploy(row: Row[Any], known: Collection[alarms.Alarm]) -> DeployView:
    off = alarms.called_off(row.findings, known)
    findings = [
        {**one, "called_off": off[place].action} if place in off else one for place, one in enumerate(row.findings)
    ]
    return replace(DeployView(**row._mapping), facts=alarms.facts(row.facts, row.findings, known), findings=findings)


def deploy(connection: Connection, app: str, deploy_id: str) -> DeployView:
    """A deploy of an app. Raises ``NotFound``."""
    row = connection.execute(_DEPLOY, {"id": deploy_id, "app": app}).one_or_none()
    if row is None:
        raise NotFound(
            f"{app} has no deploy {deploy_id}.", next_step=f"`greenlane apps show {app}` lists its newest deploys."
        )
    return _deploy(row, alarms.alarms(connection, app))


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
    known = alarms.alarms(connection, app)
    return [_deploy(row, known) for row in connection.execute(query)]


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
    named: Named = NOBODY


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
            widest = DecidedFor(rung, Named(*(tuple(inputs.get(kind) or ()) for kind in ("people", "teams", "groups"))))
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


@dataclass(frozen=True, slots=True)
class FoundAt:
    """A finding in an upload or a deploy: the manifest that has its file, and the finding itself."""

    manifest: str
    finding: Mapping[str, Any]


def found_at(connection: Connection, app: str, found_in: str, mark: str, person: str | None = None) -> FoundAt:
    """What was found in an upload (of that person, where one is given) or in a deploy of that app.

    Raises ``NotFound``.
    """
    if found_in.startswith("upl_"):
        sent = upload(connection, found_in)
        if person not in {None, sent.person} or sent.inspection is None:
            raise NotFound(f"There is no upload {found_in}.", next_step="Deploy again and take its id.")
        manifest, findings = sent.inspection["manifest"], sent.inspection["findings"]
    else:
        one = deploy(connection, app, found_in)
        manifest, findings = one.artifact, one.findings
    for finding in findings:
        if mark and finding.get("mark") == mark and finding["weight"] != "public":
            return FoundAt(manifest, finding)
    raise NotFound(
        f"Nothing with the mark {mark!r} was found in {found_in}.",
        next_step="The mark stands beside each finding; deploy again where it is missing.",
    )


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
