"""A made-up organisation at work: two weeks of everyday changes, with hazards seeded among them.

The mix is an assumption, written down here so that it can be argued with: four hundred people, mostly small fixes of
pages for the own team, some new apps, few public ones, a tenth of the work done by agents. One change in twelve is a
hazard. Facts are given as they would be found: a simulation judges the policies, not the scanners.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from greenlane.govern.envelope import Envelope
from greenlane.govern.facts import RUNGS, Facts

MEMBERS = 400
APPS = 120
DAYS = 10
"""Working days that the changes are spread over."""

HAZARD_SHARE = 1 / 12
BURST_SHARE = 0.003
"""How often an agent begins a burst of small changes to one app."""

KINDS = ("page", "style")
HOSTS = ("fonts.example.net", "maps.example.org", "api.partner.example", "cdn.example.com")
BAD_HOST = "collect.attacker.example"


@dataclass(frozen=True, slots=True)
class Seeded:
    """One change: when (minutes since the first midnight), what, and which hazard it is; empty for a harmless one."""

    minute: float
    verb: str
    facts: Facts
    hazard: str = ""


@dataclass(slots=True)
class _App:
    """What the made-up organisation remembers of one app."""

    audience: str
    kinds: tuple[str, ...] = KINDS
    hosts: tuple[str, ...] = ()
    everyone_before: bool = False
    public_before: bool = False
    envelope: Envelope | None = None
    published: bool = True
    grew: list[float] = field(default_factory=list)


def changes(count: int, seed: int) -> Iterator[Seeded]:
    """That many changes in the order of time; the same for the same seed."""
    dice = random.Random(seed)
    apps = [_app(dice) for _ in range(APPS)]
    minutes = sorted(_working_minute(dice) for _ in range(count))
    burst: list[_App] = []
    for minute in minutes:
        if burst:
            app = burst.pop()
            yield Seeded(minute, "publish", _content(dice, app, agent=True, agent_velocity=60 - len(burst)))
        elif dice.random() < HAZARD_SHARE:
            name, seed_hazard = dice.choice(_HAZARDS)
            verb, facts = seed_hazard(dice, dice.choice(apps))
            yield Seeded(minute, verb, facts, name)
        else:
            if dice.random() < BURST_SHARE:
                burst = [dice.choice(apps)] * dice.randint(5, 20)
            make = dice.choices([one for one, _ in _HARMLESS], [weight for _, weight in _HARMLESS])[0]
            verb, facts = make(dice, dice.choice(apps), minute)
            yield Seeded(minute, verb, facts)


def _working_minute(dice: random.Random) -> float:
    """A moment between 8 and 18 o'clock on a working day, the first day being a Monday."""
    day = dice.randrange(DAYS)
    return (day // 5 * 7 + day % 5) * 1440 + dice.uniform(8 * 60, 18 * 60)


def _app(dice: random.Random) -> _App:
    audience = dice.choices(RUNGS, (20, 12, 45, 17, 6))[0]
    app = _App(audience, hosts=(dice.choice(HOSTS),) if dice.random() < 0.3 else ())
    app.everyone_before = audience in {"everyone", "public"}
    if audience == "public":
        app.public_before = True
        app.envelope = Envelope.from_facts("app", _content(dice, app), until="")
    return app


def _content(
    dice: random.Random,
    app: _App,
    *,
    wanted: str = "",
    agent: bool = False,
    new_hosts: tuple[str, ...] = (),
    new_kinds: tuple[str, ...] = (),
    agent_velocity: int = 3,
    files_changed: int = 0,
) -> Facts:
    """The facts of publishing one app as it is, or with what is new."""
    wanted = wanted or app.audience
    facts = Facts(
        actor_kind="agent" if agent else "person",
        made_by_agent=agent,
        may=True,
        members_active=MEMBERS,
        author_changes=dice.randrange(300),
        author_rollbacks=int(dice.random() < 0.1),
        author_velocity=dice.randrange(6),
        agent_velocity=agent_velocity if agent else 0,
        organisation_velocity=dice.randrange(15, 40),
        shape_velocity=dice.randrange(12),
        app_exists=app.published,
        environment="production",
        first_publish=not app.published,
        audience_now=app.audience,
        audience_wanted=wanted,
        audience_widens=RUNGS.index(wanted) > RUNGS.index(app.audience),
        audience_people={"me": 1, "named": 6, "team": 14}.get(wanted, MEMBERS),
        everyone_before=app.everyone_before,
        public_before=app.public_before,
        files=dice.randrange(3, 120),
        bytes=dice.randrange(4_000, 9_000_000),
        files_changed=files_changed or dice.randrange(1, 6),
        kinds=tuple(sorted({*app.kinds, *new_kinds})),
        new_kinds=new_kinds,
        executable="code" in {*app.kinds, *new_kinds},
        outside_hosts=tuple(sorted({*app.hosts, *new_hosts})),
        new_hosts=new_hosts,
        high_entropy=int(dice.random() < 0.15) * dice.randrange(12),
    )
    return _under_approval(app, facts)


def _under_approval(app: _App, facts: Facts) -> Facts:
    """The facts with what an approval in force says about them."""
    if app.envelope is None:
        return facts
    covers, missing = app.envelope.covers(facts)
    return replace(facts, envelope_in_force=True, envelope_covers=covers, envelope_missing=missing)


# -- harmless changes, with their share of the whole ---------------------------------------------------------------------

_Made = tuple[str, Facts]


def _small_fix(dice: random.Random, app: _App, _minute: float) -> _Made:
    return "publish", _content(dice, app)


def _agents_fix(dice: random.Random, app: _App, _minute: float) -> _Made:
    return "publish", _content(dice, app, agent=True)


def _new_pages(dice: random.Random, app: _App, _minute: float) -> _Made:
    return "publish", _content(dice, app, files_changed=dice.randrange(4, 60))


def _preview(dice: random.Random, app: _App, _minute: float) -> _Made:
    return "deploy", replace(_content(dice, app, agent=dice.random() < 0.3), environment="preview")


def _new_app(dice: random.Random, _app: _App, _minute: float) -> _Made:
    fresh = _App("me", published=False)
    return "publish", _content(dice, fresh, wanted=dice.choice(("me", "named", "team")), files_changed=20)


def _new_kind(dice: random.Random, app: _App, _minute: float) -> _Made:
    kind = dice.choice(("image", "script", "code", "document"))
    facts = _content(dice, app, new_kinds=() if kind in app.kinds else (kind,))
    app.kinds = tuple(sorted({*app.kinds, kind}))
    if app.envelope is not None:  # a person approved the difference
        app.envelope = Envelope.from_facts("app", facts, until="")
    return "publish", facts


def _known_service(dice: random.Random, app: _App, _minute: float) -> _Made:
    host = dice.choice(HOSTS)
    return "publish", _content(dice, app, new_hosts=() if host in app.hosts else (host,))


def _variable(dice: random.Random, app: _App, _minute: float) -> _Made:
    secrets = ("API_KEY",) if dice.random() < 0.4 else ()
    return "put-variable", _under_approval(app, replace(_content(dice, app), new_secrets=secrets))


def _wider(dice: random.Random, app: _App, minute: float) -> _Made:
    steps = sum(1 for moment in app.grew if minute - moment < 1440)
    wider = RUNGS[min(RUNGS.index(app.audience) + 1, 3)]
    facts = replace(_content(dice, app, wanted=max(wider, app.audience, key=RUNGS.index)), audience_steps=steps)
    if facts.audience_widens:
        app.grew.append(minute)
    app.audience = facts.audience_wanted
    app.everyone_before = app.everyone_before or app.audience == "everyone"
    return "set-audience", facts


def _go_public(dice: random.Random, app: _App, _minute: float) -> _Made:
    facts = _content(dice, app, wanted="public")
    app.audience, app.public_before, app.everyone_before = "public", True, True
    app.envelope = app.envelope or Envelope.from_facts("app", facts, until="")
    return "publish", facts


def _way_back(dice: random.Random, app: _App, _minute: float) -> _Made:
    verb = dice.choice(("rollback", "lock", "unlock", "set-audience"))
    return verb, replace(_content(dice, app), audience_wanted="me" if verb == "set-audience" else app.audience)


def _welcome(dice: random.Random, _app: _App, _minute: float) -> _Made:
    verb = dice.choice(("invite", "join-team", "create-token"))
    return verb, Facts(may=True, members_active=MEMBERS, role_wanted="" if verb == "create-token" else "builder")


def _approval(dice: random.Random, _app: _App, _minute: float) -> _Made:
    verb = dice.choice(("approve", "approve", "send-back"))
    return verb, Facts(may=True, members_active=MEMBERS, request_open=True, made_by_agent=dice.random() < 0.3)


_HARMLESS: tuple[tuple[Callable[[random.Random, _App, float], _Made], float], ...] = (
    (_small_fix, 34),
    (_preview, 18),
    (_new_pages, 10),
    (_agents_fix, 9),
    (_new_app, 8),
    (_welcome, 5),
    (_way_back, 4),
    (_variable, 3),
    (_new_kind, 3),
    (_wider, 3),
    (_known_service, 2),
    (_approval, 2),
    (_go_public, 0.5),
)


# -- hazards -------------------------------------------------------------------------------------------------------------


def _new_egress(dice: random.Random, app: _App) -> _Made:
    return "publish", _content(dice, app, new_hosts=(BAD_HOST,))


def _quiet_egress(dice: random.Random, app: _App) -> _Made:
    """The host comes in while the app is narrow, and the audience grows afterwards."""
    narrow = replace(app, audience="team", hosts=(*app.hosts, BAD_HOST))
    return "set-audience", _content(dice, narrow, wanted="public")


def _leaked_secret(dice: random.Random, app: _App) -> _Made:
    verb = dice.choice(("deploy", "publish"))
    return verb, replace(_content(dice, app), leaked_credentials=(dice.choice(("aws key", "private key")),))


def _data_jump(dice: random.Random, app: _App) -> _Made:
    if dice.random() < 0.4:
        classes: tuple[str, ...] = (dice.choice(("iban", "card", "national-id")),)
        narrow = replace(app, audience="team", envelope=None)
        return "publish", replace(_content(dice, narrow), data_classes=classes, new_data_classes=classes)
    wide = replace(app, audience=dice.choice(("everyone", "public")), everyone_before=True)
    facts = replace(_content(dice, wide), personal_data=True, data_classes=("email", "phone"))
    return "publish", _under_approval(wide, facts)


def _privilege_growth(dice: random.Random, _app: _App) -> _Made:
    facts = Facts(may=True, members_active=MEMBERS)
    return dice.choice(
        (
            (
                "grant-role",
                replace(facts, role_wanted="owner", role_powerful=True, role_keeps=True, role_above_own=True),
            ),
            ("grant-role", replace(facts, role_wanted="reviewer", role_powerful=True)),
            ("invite", replace(facts, role_wanted="platform-engineer", role_powerful=True, role_keeps=True)),
            ("create-token", replace(facts, token_unlimited=True)),
            ("grant-role", replace(facts, role_wanted="builder", actor_kind="agent", made_by_agent=True)),
            ("set-policy", facts),
        )
    )


def _contained_part(dice: random.Random, app: _App) -> _Made:
    return dice.choice(("deploy", "publish", "rollback")), replace(_content(dice, app), contained=True)


def _own_approval(dice: random.Random, _app: _App) -> _Made:
    facts = Facts(may=True, members_active=MEMBERS, request_open=True)
    return dice.choice(
        (
            ("approve", replace(facts, own_request=True)),
            ("approve", replace(facts, request_outdated=True)),
            ("approve", replace(facts, actor_kind="agent", made_by_agent=True)),
            ("approve", replace(facts, returned_favours=dice.randrange(5, 12))),
            ("confirm", replace(facts, own_request=True)),
        )
    )


def _check_removed(dice: random.Random, app: _App) -> _Made:
    return "publish", replace(_content(dice, app, new_kinds=("code",)), authorisation_removed=True)


def _agents_reach(dice: random.Random, app: _App) -> _Made:
    narrow = replace(app, audience="me", everyone_before=False)
    return dice.choice(
        (
            ("publish", _content(dice, app, agent=True, new_hosts=(BAD_HOST,))),
            ("declare-host", _content(dice, app, agent=True, new_hosts=(BAD_HOST,))),
            ("set-audience", _content(dice, narrow, agent=True, wanted=dice.choice(("team", "everyone", "public")))),
        )
    )


def _split_change(dice: random.Random, app: _App) -> _Made:
    """An agent that hides a large change in many small ones."""
    facts = _content(dice, app, agent=True, agent_velocity=dice.randrange(30, 400))
    if dice.random() < 0.5:
        return "publish", facts
    slow = replace(facts, agent_velocity=4, new_secrets=("TOKEN",), recent_reach=dice.randrange(3, 9))
    return "put-variable", _under_approval(app, slow)


def _audience_in_steps(dice: random.Random, app: _App) -> _Made:
    narrow = replace(app, audience="named", everyone_before=True)
    facts = _content(dice, narrow, wanted=dice.choice(("team", "everyone")))
    return "set-audience", replace(facts, audience_steps=dice.randrange(2, 5))


_HAZARDS: tuple[tuple[str, Callable[[random.Random, _App], _Made]], ...] = (
    ("new egress", _new_egress),
    ("egress that waits for an audience", _quiet_egress),
    ("leaked secret", _leaked_secret),
    ("data class jump", _data_jump),
    ("privilege growth", _privilege_growth),
    ("contained part", _contained_part),
    ("approval that does not count", _own_approval),
    ("check taken out", _check_removed),
    ("reach of an agent", _agents_reach),
    ("change split into small ones", _split_change),
    ("audience in small steps", _audience_in_steps),
)

HAZARDS = tuple(name for name, _ in _HAZARDS)
"""The kinds of hazards that are seeded."""
