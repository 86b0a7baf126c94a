"""New app, and a new version of one: something is dropped, it is looked at, one question is asked, a preview is there.

What is dropped goes into an upload, which is bookkeeping. ``/new/{upload}`` is the page about it, whatever became of it:
half sent, being looked at, refused, or ready to be made into a preview by the verbs create-app and deploy. The page's
address holds all that was typed, so that it can be reloaded. A script sends file by file and goes on after an
interruption (``arriving``); without one, a plain form sends everything at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp
from greenlane.deploys import alarms
from greenlane.deploys import queries as deploys
from greenlane.deploys.actions import Deploy
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity import queries as identity
from greenlane.insights import telling
from greenlane.kit.errors import GreenlaneError
from greenlane.web import arriving, doing, frame, wording
from greenlane.web.asked import Asked
from greenlane.web.doing import FormField
from greenlane.web.making import Wish, Work, Workbench, as_title, leaks
from greenlane.web.site import Site
from greenlane.web.streaming import Event, Streams

WAITED = 0.4
"""Seconds for which a form waits before it leads to a page that tells how far it is."""

LOOKS_EVERY = 0.25
"""Seconds between two looks of a stream at how far it is."""

AUDIENCES = ("team", "me", "everyone", "public")
"""What may be chosen here; people are named one by one on the app's page."""

SHOWN = 50
"""Names in a list of what was set aside."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Name and title as they stand in the form: what was typed, or else a guess. ``suffix`` ends the app's address."""

    app: str
    title: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One rung of the audience ladder as it is asked for."""

    value: str
    words: str
    says: str
    chosen: bool


def routes(site: Site) -> list[Route]:
    """The page, the upload's page, and what both send to."""
    bench = Workbench(site.house)
    room = NewApp(bench)
    return [
        site.page("/new", room.empty),
        site.taking("/new", room.sent),
        *arriving.routes(site, bench),
        site.page("/new/{upload}", room.arrived),
        site.form("/new/{upload}", room.made),
        Streams(site).route("/new/{upload}/stream", room.going_on),
    ]


class NewApp:
    """The answers of this room."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def empty(self, at: Asked) -> Response:
        """Nothing was dropped yet."""
        return self._page(at, {name: at.query(name) for name in ("title", "app", "team", "audience", "for")}, "empty")

    async def sent(self, at: Asked) -> Response:
        """A plain form with a file in it: take the file, look at it, and make what was asked for."""
        typed: dict[str, str] = {}
        try:
            upload, called = await arriving.whole_form(at, typed)
        except GreenlaneError as error:
            return await run_in_threadpool(self._page, at, typed, "refused", error=error)
        return await run_in_threadpool(self._make, at, upload, called, typed)

    def made(self, at: Asked) -> Response:
        """The one button."""
        typed = {name: at.field(name) for name in at.form}
        return self._make(at, at.named("upload"), at.field("called"), typed)

    def arrived(self, at: Asked) -> Response:
        """An upload's page, whatever became of it."""
        upload = at.named("upload")
        typed = {name: at.query(name) for name in ("title", "app", "team", "audience", "called", "for", "new")}
        work = self._bench.of(at.actor, upload)
        running = work is not None and not work.ended.is_set()
        if frame.partial(at.request) and at.query(
            "still"
        ):  # is it over? A page that was shown without a form comes anew
            if running:
                return Response(status_code=204, headers=frame.PLAIN_HEADERS)
            if at.query("still") == "whole" or (work is not None and work.wish is not None):
                there = frame.PLAIN_HEADERS | {"hx-redirect": _address(upload, typed)}
                return Response(status_code=204, headers=there)
        if work is not None and work.wish is not None and not running:
            return self._outcome(at, work)
        one = _own(at, upload)
        if not running and one.inspection is not None and (work is None or work.error is None):
            work = self._bench.look(at.actor, upload, typed["called"])  # in mind again, after a restart
            running = not work.ended.wait(WAITED)
        return self._page(at, typed, "looking" if running else "", work=work, one=one)

    def going_on(self, at: Asked) -> AsyncIterator[Event] | None:
        """How far it is, as long as something runs."""
        work = self._bench.of(at.actor, at.named("upload"))
        return None if work is None or work.ended.is_set() else _telling(work)

    # what becomes of it

    def _make(self, at: Asked, upload: str, called: str, typed: Mapping[str, str]) -> Response:
        one = _own(at, upload)
        typed = {**typed, "called": called or _called(one)}
        changed = typed.get("for", "")
        wish = Wish(
            app=changed or typed.get("app", ""),
            new=not changed,
            sure=bool(typed.get("new")),
            title=typed.get("title", ""),
            team=typed.get("team", ""),
            audience=typed.get("audience", ""),
            key=typed.get("key", ""),
        )
        work = self._bench.make(at.actor, upload, typed["called"], wish)
        if not work.ended.wait(WAITED):
            return at.see(_address(upload, typed))
        if work.wish is None:
            return self._page(at, typed, work=work, one=_own(at, upload))
        return self._outcome(at, work, typed)

    def _outcome(self, at: Asked, work: Work, typed: Mapping[str, str] | None = None) -> Response:
        """Where it leads: the deploy's page, whoever decides, or back here with what is wrong."""
        wish = work.wish
        assert wish is not None, "only a wish has an outcome"
        again = {
            "for": "" if wish.new else wish.app,
            "app": wish.app if wish.new else "",
            "title": wish.title,
            "team": wish.team,
            "audience": wish.audience,
            "called": work.called,
            "new": "yes" if wish.sure else "",
            **(typed or {}),
        }
        if work.answer is None:
            return self._page(at, again, work=work, one=_own(at, work.upload))
        return answered(at, work.answer, wish, _address(work.upload, again))

    # the page

    def _guess(self, at: Asked, typed: Mapping[str, str], called: str, found: Mapping[str, Any] | None) -> Guess:
        said = str(found.get("title", "")) if found else ""
        app = typed.get("app", "") or (self._bench.free_name(called, said) if found else "")
        title = typed.get("title", "") or said or (as_title(app) if app else "")
        return Guess(app, title, at.house.addresses.url("x").partition("://x")[2].rstrip("/"))

    def _page(
        self,
        at: Asked,
        typed: Mapping[str, str],
        state: str = "",
        *,
        error: GreenlaneError | None = None,
        work: Work | None = None,
        one: deploys.UploadView | None = None,
    ) -> Response:
        if not at.has_somewhere("create-app") and not typed.get("for"):
            return at.page("new_app/not_for_you.html", status=403)
        upload = one.id if one else ""
        running = state == "looking"
        found = None if running else (work.found if work is not None else None) or (one.inspection if one else None)
        error = error or (work.error if work is not None and not running else None)
        name_error = isinstance(error, (WrongInput, Conflict)) and found is not None
        lacking = None
        if not state:
            state = "found" if found else "refused" if error else "open"
        if state == "open" and one is not None:
            lacking = at.house.uploads.lacking(at.me.person, upload)
            state = "open" if lacking.missing else "arrived"
        with at.read() as connection:
            leaked = leaks(found, alarms.alarms(connection, typed.get("for", "")))
        if leaked:
            state = "leaked"
        called = typed.get("called") or (_called(one) if one else "")
        guess = self._guess(at, typed, called, found)
        changing = typed.get("for", "")
        with at.read() as connection:
            teams, sizes = _teams(at, connection), identity.team_sizes(connection)
            everyone = identity.members_active(connection)
            app = (
                catalog.find_app(connection, changing)
                if at.may(connection, "read-receipts", f"app:{changing}")
                else None
            )
        return at.page(
            "new_app/new_app.html",
            status=_status(error, leaked),
            part="found",
            state=state,
            upload=upload,
            stream=f"/new/{upload}/stream",
            still=_address(
                upload, {**typed, "called": called, "still": "part" if frame.partial(at.request) else "whole"}
            ),
            work=work,
            error=None if name_error else error,
            lacking=lacking,
            found=found,
            leaked=leaked,
            set_aside=(found or {}).get("set_aside", [])[:SHOWN],
            set_aside_more=max(0, len((found or {}).get("set_aside", [])) - SHOWN),
            resembles=None if typed.get("new") or changing or work is None else work.resembles,
            no_new_app=_address(upload, {**typed, "called": called, "new": "yes"}),
            changing=changing,
            changing_title=(app.title or app.name) if app else changing,
            called=called,
            guess=guess,
            name=FormField("app", "Address", "", "text", guess.app, False, (), error if name_error else None),
            teams=teams,
            sizes=sizes,
            team=typed.get("team", ""),
            audiences=_audiences(typed.get("audience", ""), everyone),
            ahead=_ahead(at, upload, guess, typed, found) if state in {"empty", "found"} else None,
            asking=typed.get("new", ""),
        )


def answered(at: Asked, answer: Answer, wish: Wish, back: str) -> Response:
    """On to the page of the deploy that was made, which offers to publish it to the audience that was chosen."""
    if answer.state != "done":
        return doing.answered(at, answer, back)
    if answer.verb == "build":
        return at.see(f"/apps/{wish.app}/builds/{answer.happened['build']}", answer)
    where = f"/apps/{wish.app}/deploys/{answer.happened['deploy']}"
    return at.see(f"{where}?{urlencode({'audience': wish.audience})}" if wish.audience else where, answer)


def _called(one: deploys.UploadView) -> str:
    return str(one.archive["name"]) if one.archive else ""


def _own(at: Asked, upload: str) -> deploys.UploadView:
    """The asker's own upload. Raises ``NotFound`` for anybody else's, as for none."""
    with at.read() as connection:
        one = deploys.upload(connection, upload)
    if one.person != at.me.person:
        raise NotFound("There is no such upload.", next_step="Drop it again; what arrived is not sent twice.")
    return one


def _status(error: GreenlaneError | None, leaked: Sequence[Any]) -> int:
    return error.status if error is not None else 422 if leaked else 200


def _address(upload: str, typed: Mapping[str, str]) -> str:
    """The upload's page with what was typed. ``key`` and what is empty stay out of it."""
    kept = {name: value for name, value in typed.items() if value and name in _KEPT}
    return f"/new/{upload}?{urlencode(kept)}" if kept else f"/new/{upload}"


_KEPT = frozenset({"title", "app", "team", "audience", "called", "for", "new", "still"})


def _teams(at: Asked, connection: Connection) -> list[identity.Team]:
    """The teams in which the asker may make an app, their first one first."""
    scopes = {one.scope for one in at.held if one.may("create-app")}
    everywhere = identity.ORGANISATION in scopes
    first = identity.first_team(connection, at.me.person)
    found = [one for one in identity.teams(connection) if everywhere or f"team:{one.id}" in scopes]
    return sorted(found, key=lambda one: (first is None or one.id != first.id, one.name))


def _audiences(chosen: str, everyone: int) -> list[Choice]:
    words = {
        "team": ("My team", "Everybody in the team that has the app."),
        "me": ("Only me", "Nobody else, until you open it further."),
        "everyone": ("Everyone here", f"Your whole organisation: {wording.plural(everyone, 'person', 'people')}."),
        "public": ("The whole internet", "Anybody who has the address, without signing in."),
    }
    chosen = chosen if chosen in words else AUDIENCES[0]
    return [Choice(rung, *words[rung], rung == chosen) for rung in AUDIENCES]


def _ahead(
    at: Asked, upload: str, guess: Guess, typed: Mapping[str, str], found: Mapping[str, Any] | None
) -> tuple[Any, Any] | None:
    """What would happen on pressing the button; None while that cannot be said."""
    if typed.get("for"):
        action: Any = Deploy(typed["for"], upload) if found else None
    else:
        action = CreateApp(guess.app or "my-site", team=typed.get("team", ""))
    if action is None:
        return None
    try:
        facts, decision = at.explain(action)
    except (WrongInput, Conflict, NotFound):
        return None
    return decision, telling.reasons(facts, decision)


async def _telling(work: Work) -> AsyncIterator[Event]:
    said = ""
    while not work.ended.is_set():
        if (now := work.says()) != said:
            said = now
            yield Event("told", said)
        await asyncio.sleep(LOOKS_EVERY)  # the work goes on in a thread of its own, which nobody here can await
    yield Event("done", "")
