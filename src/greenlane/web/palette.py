"""Find or do anything by its name: rooms, your apps, and every verb that you may do, with its lane where that is known.

Made from the registry of verbs and the rooms of the console, so nothing that can be done is missing here. The dialog of
the running page and the plain page ask the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern.action import REGISTRY, Verb
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.kit.errors import GreenlaneError
from greenlane.web import frame, wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

MOST = 12
"""Entries that are shown at once."""

MOST_APPS = 4
"""Apps that a name is looked for in what was typed."""

MOST_DECIDED = 6
"""Lanes that are looked up for one answer: each is a decision."""

LONGEST = 100
"""Letters of what was typed that count."""

MORE_ROOMS = (
    ("/new", "New app", "deploy"),
    ("/roles", "Roles in words", ""),
    ("/policy/try", "Try the rules", "read-policy"),
    ("/settings", "Settings", "read-settings"),
    ("/sign-in-providers", "Company sign-in", "read-settings"),
    ("/keys", "Keys", ""),
    ("/agents", "Agents", ""),
    ("/device", "Sign a terminal in", ""),
    ("/directories", "The company's directory", "read-settings"),
    ("/groups", "Groups and what they give", "read-people"),
    ("/access-reviews", "Access reviews", ""),
    ("/break-glass", "Break-glass", "read-settings"),
    ("/models/try", "Try a prompt", ""),
    ("/spend", "What models cost", ""),
    ("/calls", "Calls to models", ""),
    ("/models/swap", "Swap a provider of models", "set-routes"),
    ("/models/prices", "Count calls to models anew", "read-all-model-calls"),
    ("/duties", "What is kept apart", "read-people"),
    ("/roles/make", "Make a role of your own", "create-role"),
)
"""Pages that the navigation leaves out: address, name, and the right without which they are not offered."""

ELSEWHERE = {
    "deploy": "/new",
    "sign-out": "/sign-out",
    **dict.fromkeys(("approve", "send-back", "decline", "confirm", "withdraw", "answer-look"), "/inbox"),
}
"""Verbs that have a better place than a form that asks for ids."""

USUAL = ("publish", "set-audience", "rollback", "lock")
"""What people mostly want to do with an app, in this order."""


@dataclass(frozen=True, slots=True)
class Found:
    """One entry: what it is called, what it is in a few words, where it leads, and its lane where that is known."""

    title: str
    says: str
    href: str
    lane: str = ""


def routes(site: Site) -> list[Route]:
    """The palette."""
    return [site.page("/palette", palette)]


def palette(at: Asked) -> Response:
    """What was found. The running page gets the options alone, the browser without scripts a page with a form."""
    wanted = at.query("q")[:LONGEST]
    with at.read() as connection:
        found = list(_find(at, connection, wanted.lower().split(), _app_here(at.query("at"))))[:MOST]
    template = "palette/options.html" if frame.partial(at.request) else "palette/palette.html"
    return at.page(template, part="options", wanted=wanted, found=found)


def offered(held: Sequence[identity.Held]) -> list[Verb]:
    """The verbs that somebody with these roles may do anywhere, or with what is their own."""
    return [verb for verb in REGISTRY if _may(verb, held)]


def _may(verb: Verb, held: Sequence[identity.Held]) -> bool:
    line = roles.VERBS.get(verb.name)
    if line is None or verb.name in roles.BY_NO_ROLE:
        return False
    return line.own or any(one.may(verb.name, place) for one in held for place in line.environments)


def _find(at: Asked, connection: Connection, words: list[str], here: str) -> Iterator[Found]:
    verbs = offered(at.held)
    if not words:
        if here:
            yield from _about(at, connection, [here], [one for one in verbs if one.name in USUAL])
        yield from _rooms(at)
        return
    rooms = [(room.title, room.says, room) for room in _rooms(at)]
    forms = [(_title(verb), verb.summary, Found(_title(verb), verb.summary, _place(verb))) for verb in verbs]
    known = {part for verb in verbs for part in verb.name.split("-")}
    doing = [word for word in words if any(part.startswith(word) for part in known)]
    naming = [word for word in words if word not in doing]
    if naming and doing:
        fitting = [verb for verb in verbs if all(_begins(_title(verb), word) for word in doing)]
        yield from _about(at, connection, _apps(at, connection, naming), fitting)
    yield from _matching([*forms, *rooms], words)
    apps = _apps(at, connection, words)
    yield from (Found(app, "App", f"/apps/{app}") for app in apps)
    if len(apps) == 1:
        yield from _about(at, connection, apps, [one for one in verbs if one.name in USUAL])


def _matching(entries: Sequence[tuple[str, str, Found]], words: Sequence[str]) -> Iterator[Found]:
    """Entries in whose title every word begins a word, and then those that have the words in their description."""
    by_title = [found for title, _, found in entries if all(_begins(title, word) for word in words)]
    exact = " ".join(words)
    yield from sorted(by_title, key=lambda found: found.title.lower() != exact)
    for title, says, found in entries:
        if found not in by_title and all(_begins(f"{title} {says}", word) for word in words):
            yield found


def _begins(text: str, word: str) -> bool:
    return any(part.startswith(word) for part in text.lower().replace("-", " ").split()) or word in text.lower().split()


def _about(at: Asked, connection: Connection, apps: Sequence[str], verbs: Sequence[Verb]) -> Iterator[Found]:
    """What could be done with these apps, each with its lane as long as that is cheap to say."""
    usual = {name: place for place, name in enumerate(USUAL)}
    fitting = sorted((one for one in verbs if one.subject == "app"), key=lambda one: usual.get(one.name, len(usual)))
    decided = 0
    for app in apps:
        for verb in fitting:
            complete = {one.name for one in verb.inputs if one.required} == {"app"}
            lane = ""
            if complete and decided < MOST_DECIDED:
                decided += 1
                lane = _lane(at, verb, app)
                if lane == "none":
                    continue
            title = f"{_title(verb)}: {app}"
            says = wording.LANES_AHEAD[lane] if lane else verb.summary
            yield Found(title, says, f"/do/{verb.name}?{urlencode({'app': app, 'back': f'/apps/{app}'})}", lane)


def _lane(at: Asked, verb: Verb, app: str) -> str:
    """The lane that it would get now; empty where something is missing for it, ``none`` without the right."""
    try:
        facts, decision = at.explain(verb.build({"app": app}))
    except GreenlaneError:
        return ""
    return str(decision.lane) if facts.may else "none"


def _apps(at: Asked, connection: Connection, words: Sequence[str]) -> list[str]:
    """Apps of the asker in whose name or title all these words are."""
    longest = max(words, key=len)
    found = catalog.apps_for(connection, at.me.person, at.now, after="", limit=50, containing=longest)
    named = [one for one in found if all(word in f"{one.name} {one.title}".lower() for word in words)]
    named.sort(key=lambda one: not all(word in one.name for word in words))
    return [one.name for one in named[:MOST_APPS]]


def _app_here(path: str) -> str:
    """The app whose page the palette was opened on."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[:2] == ["", "apps"] else ""


def _rooms(at: Asked) -> list[Found]:
    more = [(path, name) for path, name, right in MORE_ROOMS if not right or _somewhere(at, right)]
    return [Found(name, "Go there", path) for path, name in [*((one[0], one[1]) for one in at.rooms), *more]]


def _somewhere(at: Asked, right: str) -> bool:
    return any(one.may(right, place) for one in at.held for place in roles.VERBS[right].environments)


def _place(verb: Verb) -> str:
    return ELSEWHERE.get(verb.name, f"/do/{verb.name}")


def _title(verb: Verb) -> str:
    return verb.name.replace("-", " ").capitalize()
