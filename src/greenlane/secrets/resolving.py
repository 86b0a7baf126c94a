"""What a build or a running release gets: for each name the value that wins, where it stands, and why it won.

``resolve`` is pure and sees no value. The more specific wins: an app's own over its team's over the organisation's, and
among those one that is for this use alone over one for both. Environments never lend to one another: a secret that has a
value elsewhere and none here is *missing*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import TooLarge
from greenlane.kit import digest
from greenlane.kit.clock import stamp
from greenlane.secrets import names, queries, references, scopes
from greenlane.secrets.queries import Version
from greenlane.secrets.sealing import Sealing

MOST = 1024 * 1024
"""Bytes of all names and values together that a program is started with; Linux takes 2 MiB with all else."""


@dataclass(frozen=True, slots=True)
class Won:
    """A name that has a value here: the version that counts, the one still working beside it, whom it beat, and why."""

    name: str
    version: Version
    previous: Version | None
    over: tuple[Version, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A secret without a value here. ``elsewhere`` are the environments that have one."""

    name: str
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which values count in an environment for a use, which are missing, and which are left out with why.

    ``changes_at`` is when a value from before stops working by itself: a stamp, or None.
    """

    environment: str
    use: str
    won: tuple[Won, ...]
    missing: tuple[Missing, ...]
    left_out: Mapping[str, str]
    changes_at: str | None

    @property
    def versions(self) -> tuple[Version, ...]:
        """Every version that counts, those beside which a newer one counts included."""
        return tuple(one for won in self.won for one in (won.version, won.previous) if one is not None)

    @property
    def digest(self) -> str:
        """Changes when another version counts for any name: what runs with the old one is out of date."""
        return digest.of([[*one.key, one.version] for one in self.versions])


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolution with its values, for whatever starts a build or an app. Never log it, never hand it to a face.

    ``values`` are what the program finds in its environment. ``secrets`` are texts to be masked wherever they appear.
    ``problems`` are sentences about what was left out. ``versions`` is what was read, for ``using.read``.
    """

    resolution: Resolution
    values: Mapping[str, str] = field(repr=False)
    secrets: frozenset[str] = field(repr=False)
    problems: tuple[str, ...]

    @property
    def versions(self) -> tuple[Version, ...]:
        """Every version whose value is handed over."""
        return tuple(
            one
            for won in self.resolution.won
            if won.name in self.values
            for one in (won.version, won.previous)
            if one is not None
        )


def resolve(found: Sequence[Version], environment: str, use: str, now: str, team: str = "") -> Resolution:
    """What counts, out of every version that the app's scopes hold. ``now`` is a stamp; ``team`` names the app's team."""
    fitting = [one for one in found if one.use in {use, scopes.BOTH}]
    here = [one for one in fitting if one.environment == environment]
    left_out = {one.name: why for one in here if (why := names.why_refused(one.name))}
    won: list[Won] = []
    for name in sorted({one.name for one in here} - left_out.keys()):
        newest = queries.current([one for one in here if one.name == name])
        best, *beaten = sorted(newest, key=_specific, reverse=True)
        won.append(Won(name, best, _still_working(here, best, now), tuple(beaten), _why(best, beaten, team)))
    named = {one.name for one in here}
    elsewhere: dict[str, set[str]] = {}
    for one in fitting:
        if one.name not in named and not one.readable:
            elsewhere.setdefault(one.name, set()).add(one.environment)
    ends = [one.previous.valid_until for one in won if one.previous and one.previous.valid_until]
    return Resolution(
        environment,
        use,
        tuple(won),
        tuple(Missing(name, _in_order(places)) for name, places in sorted(elsewhere.items())),
        left_out,
        min(ends, default=None),
    )


def resolution(connection: Connection, app: str, environment: str, use: str, now: datetime) -> Resolution:
    """What counts for an app. Raises ``NotFound``."""
    return _resolution(connection, app, environment, use, stamp(now))


def _resolution(connection: Connection, app: str, environment: str, use: str, now: str) -> Resolution:
    one = catalog.app(connection, app)
    found = queries.versions(connection, scopes.around(one.name, one.team))
    return resolve(found, environment, use, now)


def names_of(connection: Connection, app: str, environment: str, use: str) -> tuple[str, ...]:
    """The names that have a value for an app there, whichever counts. Raises ``NotFound``."""
    return tuple(one.name for one in _resolution(connection, app, environment, use, "").won)


def missing(connection: Connection, app: catalog.App, environment: str, use: str) -> tuple[Missing, ...]:
    """The secrets that an app has elsewhere and not in this environment."""
    return resolve(queries.versions(connection, scopes.around(app.name, app.team)), environment, use, "").missing


def resolved(connection: Connection, sealing: Sealing, app: str, environment: str, use: str, now: datetime) -> Resolved:
    """What a build or a release of an app gets, opened. Raises ``NotFound``, ``ValueUnreadable``, ``KeysAway``, and
    ``TooLarge`` when all of it together is more than a program can be started with.
    """
    one = resolution(connection, app, environment, use, now)
    texts = queries.texts_of(connection, sealing, one.versions)
    readable = {won.name: texts[won.version] for won in one.won if won.version.readable}
    secret = {won.name: texts[won.version] for won in one.won if not won.version.readable}
    filled = references.fill(readable, secret)
    values = dict(filled.values)
    hidden = {values[name] for name in filled.secret}
    for won in one.won:
        if won.previous is not None and won.name in values:
            before = texts[won.previous]
            values[won.name + names.PREVIOUS] = before
            if not won.previous.readable:
                hidden.add(before)
    if sum(len(name) + len(value.encode()) + 2 for name, value in values.items()) > MOST:
        raise TooLarge(
            f"The values of {app} in {environment} are more than {MOST // 1024} KiB together.",
            next_step="Take out what it does not need, or put large texts into its content.",
        )
    problems = [f"{name} is left out: {why}." for name, why in one.left_out.items()]
    problems += [f"{why}." for why in filled.problems.values()]
    return Resolved(one, values, frozenset(hidden), tuple(problems))


def _specific(one: Version) -> tuple[int, bool]:
    return scopes.rank(one.scope), one.use != scopes.BOTH


def _still_working(here: Sequence[Version], best: Version, now: str) -> Version | None:
    """The newest older version of the same value whose time beside it has not ended."""
    before = [one for one in here if one.key == best.key and one.version < best.version]
    working = [one for one in before if one.valid_until is not None and one.valid_until > now]
    return working[-1] if working else None


def _why(best: Version, beaten: Sequence[Version], team: str) -> str:
    if not beaten:
        return f"It is {scopes.words(best.scope, team)}, and there is no other."
    others = [one for one in beaten if one.scope != best.scope]
    if not others:
        return f"It is for {_for(best.use)} alone, which counts more than one for both."
    words = list(dict.fromkeys(scopes.words(one.scope, team) for one in others))
    return f"It is {scopes.words(best.scope, team)}, which counts more than {' and '.join(words)}."


def _for(use: str) -> str:
    return {"build": "builds", "run": "running"}.get(use, "both")


def _in_order(places: set[str]) -> tuple[str, ...]:
    return tuple(one for one in scopes.ENVIRONMENTS if one in places)
