"""The life of every release: asleep until somebody asks, awake while it is used, started again when it falls.

A release that ends by itself is started again when somebody asks for it, after a pause that doubles; one that falls again
and again says so, and why. What is not used for a while is put to sleep. Nothing here knows of control being there: a
release that was heard of once runs on without it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from greenlane.kit.errors import GreenlaneError
from greenlane.runtime import where_to_write as words
from greenlane.runtime.driver import CannotRun, DidNotStart, Instance, RuntimeDriver
from greenlane.runtime.jail import Ended
from greenlane.runtime.local import said
from greenlane.runtime.logs import Logs
from greenlane.runtime.release import Key, Release

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before a release that fell is started again: at first, and at most."""
CALM = 60.0
"""Seconds that a release must have run for its falls to be forgotten."""
LOOP = 5
"""Falls in a row after which it is said to fall again and again."""
AT_ONCE = 32
"""Releases that may be waking at the same time."""
GRACE = 10.0
"""Seconds that a release has to finish what it is doing when it is told to stop."""
DRAIN = 3.0
"""Seconds that a release which was replaced goes on before it is told to stop: who was on the way to it arrives."""
AT_ONCE_GRACE = 2.0
"""Seconds that a release has to finish which must not go on, because a value that it has was revoked."""
PATIENCE = 0.4
"""Seconds that whoever asks waits for a release that wakes, before being told that it does."""


LONG_ASLEEP = 3600.0
"""Seconds after which a release that sleeps is forgotten: most apps sleep for days, and are heard of anew in a moment."""


class State(StrEnum):
    """Where a release stands."""

    ASLEEP = "asleep"
    WAKING = "waking"
    AWAKE = "awake"
    RESTING = "resting"
    FALLING = "falling"
    REFUSED = "refused"


STATES = {
    State.ASLEEP: "It sleeps until somebody opens it.",
    State.WAKING: "It is being started.",
    State.AWAKE: "It runs.",
    State.RESTING: "It ended by itself and is started again shortly.",
    State.FALLING: "It ends again and again as soon as it is started.",
    State.REFUSED: "It cannot run here.",
}
"""The states as people read them."""


class Unknown(GreenlaneError):
    """No release of that name: control says that there is none."""

    code = "no-release"
    status = 404


Find = Callable[[Key], Release]
"""How a release is heard of. Raises ``Unknown``, or ``Unavailable`` when control is away."""


@dataclass(slots=True)
class _Life:
    """One release, as it stands."""

    key: Key
    state: State = State.ASLEEP
    release: Release | None = None
    instance: Instance | None = None
    waking: Future[Path] | None = None
    woke: float = 0.0
    used: float = 0.0
    falls: int = 0
    due: float = 0.0
    why: str = ""
    next_step: str = ""
    starts: int = 0
    forgotten: int = 0
    renewing: bool = False
    not_before: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a release does, for people: its state and what it says, how often it was started, what it uses now."""

    key: Key
    state: State
    says: str
    starts: int
    memory: int
    cpu: float


class Stage:
    """Every release that was asked for. Thread-safe. ``idle`` is how long an unused one stays awake, in seconds."""

    def __init__(
        self,
        driver: RuntimeDriver,
        find: Find,
        logs: Logs,
        *,
        idle: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._driver = driver
        self._find = find
        self._logs = logs
        self._idle = idle
        self._clock = clock
        self._lives: dict[Key, _Life] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="waking")
        self._closed = False
        self._over = threading.Event()

    def endpoint(self, key: Key, within: float = PATIENCE) -> dict[str, Any]:
        """Where a release answers: ``{"socket": path}``, or ``{"refused", "says", "next_step", "wait"}`` in words.

        A release that sleeps is woken; ``wait`` says whether asking again shortly may help.
        """
        with self._held(key) as life:
            life.used = self._clock()
            if life.instance is not None and life.state == State.AWAKE:
                if life.instance.probe():
                    return {"socket": str(life.instance.endpoint)}
                return _refusal(
                    "not-answering",
                    "This app runs, and takes no connections just now.",
                    _LOOK.format(key.app),
                    wait=True,
                )
            if life.state in {State.RESTING, State.FALLING, State.REFUSED} and self._clock() < life.due:
                return self._resting(life)
            waking = self._wake(life)
        try:
            return {"socket": str(waking.result(within))}
        except NotYet:
            return _refusal("waking", "This app is being started.", "It takes a moment.", wait=True)
        except GreenlaneError as error:
            if isinstance(error, DidNotStart):
                with life.lock:
                    return self._resting(life)
            wait = error.status == 503 and not isinstance(error, CannotRun)
            return _refusal(error.code, error.message, error.next_step, wait=wait)

    def used(self, keys: Iterable[Key]) -> None:
        """These were in use just now."""
        for key in keys:
            life = self._lives.get(key)
            if life is not None:
                life.used = self._clock()

    def look(self) -> None:
        """Put to sleep what nobody used for a while, and what stored more than it may; forget what has slept for long. To be
        called again and again.
        """
        with self._lock:
            lives = list(self._lives.values())
        for life in lives:
            instance = life.instance
            if life.state != State.AWAKE or instance is None:
                self._let_go(life)
            elif instance.outgrown:
                self.sleep(life.key, words.outgrown(self._driver.room(life.key.app, life.key.environment)))
            elif self._clock() - life.used > self._idle:
                self.sleep(life.key)

    def sleep(self, key: Key, why: str = "Nobody used it for a while: it sleeps until somebody opens it.") -> None:
        """Stop a release until somebody asks for it again."""
        with self._held(key) as life:
            instance, life.instance = life.instance, None
            life.state, life.falls, life.due = State.ASLEEP, 0, 0.0
        if instance is not None:
            self._logs.of(key).tell(why)
            instance.stop(GRACE)

    def forget(self, key: Key) -> None:
        """Stop a release at once and hear of it anew when it is asked for: a value of it was revoked, or it is no more.

        One that is being started begins anew.
        """
        with self._held(key) as life:
            instance, life.instance, life.release = life.instance, None, None
            life.forgotten += 1
            life.falls, life.due = 0, 0.0
            if life.waking is None:
                life.state = State.ASLEEP
        if instance is not None:
            instance.retire()
            self._logs.of(key).tell("It was stopped at once, to be started anew when somebody opens it.")
            instance.stop(AT_ONCE_GRACE)

    def given(self) -> dict[Key, tuple[str, ...]]:
        """Which versions of values each release has, of those that were heard of."""
        with self._lock:
            lives = list(self._lives.values())
        return {life.key: tuple(life.release.given) for life in lives if life.release is not None}

    def renew(self, key: Key) -> None:
        """Have a release run with what control says of it now: started beside itself, then its visitors are led over,
        then the one before finishes what it is doing. One that sleeps hears of it when it wakes.
        """
        with self._held(key) as life:
            if life.waking is not None:
                life.forgotten += 1
            elif life.instance is None or life.state != State.AWAKE:
                life.release = None
            elif not life.renewing and self._clock() >= life.not_before:
                life.renewing = True
                self._pool.submit(self._replace, life)

    def still(self, app: str, environment: str) -> AbstractContextManager[None]:
        """All of an app in an environment stands still meanwhile. Raises ``Unavailable``."""
        return self._driver.still(app, environment)

    @contextmanager
    def emptied(self, app: str, environment: str) -> Iterator[None]:
        """Nothing of an app in an environment runs meanwhile; whoever opens it then waits."""
        with self._lock:
            there = [key for key in self._lives if key[:2] == (app, environment)]
        for key in there:
            self.forget(key)
        with self._driver.emptied(app, environment):
            yield

    def owner(self, app: str, environment: str) -> int | None:
        """The user that an app's files belong to in an environment."""
        return self._driver.owner(app, environment)

    def standing(self, app: str = "") -> list[Standing]:
        """How every release does, of one app or all."""
        with self._lock:
            lives = [life for key, life in sorted(self._lives.items()) if app in {"", key.app}]
        return [self._standing(life) for life in lives]

    def close(self) -> None:
        """Stop everything."""
        self._closed = True
        self._over.set()
        self._driver.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # -- inside ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _held(self, key: Key) -> Iterator[_Life]:
        """A release with its lock held, the one that everybody finds."""
        while True:
            with self._lock:
                life = self._lives.setdefault(key, _Life(key))
            with life.lock:
                if self._lives.get(key) is life:  # it was not let go of meanwhile
                    yield life
                    return

    def _let_go(self, life: _Life) -> None:
        """Forget a release that has slept for long."""
        with life.lock:
            idle = life.state == State.ASLEEP and life.waking is None
            if idle and self._clock() - life.used > LONG_ASLEEP:
                with self._lock:
                    self._lives.pop(life.key, None)

    def _standing(self, life: _Life) -> Standing:
        use = life.instance.use() if life.instance is not None else None
        says = " ".join(part for part in (STATES[life.state], life.why if life.state in _FELL else "") if part)
        return Standing(life.key, life.state, says, life.starts, use.memory if use else 0, use.cpu if use else 0.0)

    def _wake(self, life: _Life) -> Future[Path]:
        """The waking that is under way, begun if there is none. Called with the life's lock held."""
        if life.waking is None:
            life.state = State.WAKING
            life.waking = self._pool.submit(self._start, life)
        return life.waking

    def _replace(self, life: _Life) -> None:
        """Start anew beside what runs. What does not start changes nothing, and is tried again after a while."""
        kept, before, known, forgotten = self._logs.of(life.key), life.instance, life.release, life.forgotten
        try:
            release = self._find(life.key)
            kept.hide(sorted(release.secret | (known.secret if known else frozenset())))
            instance = self._run(life, release)
        except GreenlaneError as error:
            kept.tell(
                f"It could not be started with its new values, and goes on with those from before: {error.message}"
            )
            with life.lock:
                life.renewing, life.not_before = False, self._clock() + LONGEST_PAUSE
            return
        with life.lock:
            life.renewing = False
            wanted = before is not None and life.instance is before and life.forgotten == forgotten
            if wanted:
                life.instance, life.release, life.woke, life.falls = instance, release, self._clock(), 0
                life.starts += 1
        if not wanted or before is None:  # it fell, was put to sleep or forgotten meanwhile
            instance.stop(0)
            return
        before.retire()
        kept.tell("It was started anew with its new values, and took over.")
        self._over.wait(DRAIN)
        before.stop(GRACE)

    def _run(self, life: _Life, release: Release) -> Instance:
        """Have it started, told beforehand when it cannot write, and afterwards where it can should it need to know."""
        kept, room = self._logs.of(life.key), self._driver.room(life.key.app, life.key.environment)
        full = room is not None and room.full
        if room is not None and full:
            kept.tell(words.full(life.key.app, room))
        hint = words.Hint(kept, needed=not full)
        return self._driver.ensure(release, hint.hear, lambda ended: self._ended(life, ended))

    def _start(self, life: _Life) -> Path:
        key, kept, forgotten = life.key, self._logs.of(life.key), life.forgotten
        try:
            release = life.release or self._find(key)
            kept.hide(sorted(release.secret))
            life.release = release
            life.starts += 1
            life.woke = self._clock()
            instance = self._run(life, release)
        except Unknown:
            with self._lock:
                self._lives.pop(key, None)
            raise
        except DidNotStart as error:
            kept.end()
            self._fell(life, error.message, error.next_step or _LOOK.format(key.app))
            raise
        except CannotRun as error:
            kept.tell(error.message)
            with life.lock:
                life.state, life.waking, life.why, life.next_step = State.REFUSED, None, error.message, error.next_step
                life.due = self._clock() + LONGEST_PAUSE
            raise
        except BaseException:
            with life.lock:
                life.state, life.waking = State.ASLEEP, None
            raise
        with life.lock:
            outdated = life.forgotten != forgotten
            if outdated:
                life.release = None
            else:
                life.instance, life.state, life.waking, life.used = instance, State.AWAKE, None, self._clock()
        if outdated:
            instance.stop(0)
            return self._start(life)
        if instance.ended is not None:  # it fell between listening and being noted
            self._ended(life, instance.ended)
        log.info(
            "an app is awake", app=key.app, environment=key.environment, ms=round((self._clock() - life.woke) * 1000)
        )
        return instance.endpoint

    def _ended(self, life: _Life, ended: Ended) -> None:
        """A sandbox is gone. While it was waking, the waking says so; when it was told to stop, that was meant."""
        self._logs.of(life.key).end()
        with life.lock:
            if life.state == State.ASLEEP:  # whoever wakes it takes up its log after this lock
                self._logs.rest(life.key)
            if life.instance is None or life.instance.ended is None or self._closed:
                return
            life.instance = None
        self._fell(life, f"It ended by itself: {said(ended)}.", _LOOK.format(life.key.app))

    def _fell(self, life: _Life, why: str, next_step: str) -> None:
        now = self._clock()
        with life.lock:
            life.falls = 1 if now - life.woke > CALM else life.falls + 1
            pause = min(FIRST_PAUSE * 2 ** (life.falls - 1), LONGEST_PAUSE)
            life.state = State.FALLING if life.falls >= LOOP else State.RESTING
            life.waking, life.why, life.next_step, life.due = None, why, next_step, now + pause
        self._logs.of(life.key).tell(f"{why} It may start again in {pause:.1f} s.")
        log.warning("an app ended", app=life.key.app, environment=life.key.environment, falls=life.falls, pause=pause)

    def _resting(self, life: _Life) -> dict[str, Any]:
        """Why it is not started now. Called with the life's lock held."""
        if life.state == State.REFUSED:
            return _refusal(CannotRun.code, life.why, life.next_step, wait=False)
        if life.state == State.FALLING:
            says = f"This app ended {life.falls} times in a row as soon as it was started. {life.why}"
            return _refusal("falling", says, life.next_step, wait=False)
        return _refusal("resting", f"This app is started again in a moment. {life.why}", life.next_step, wait=True)


_LOOK = "`greenlane logs {}` shows what it said."
_FELL = frozenset({State.RESTING, State.FALLING, State.REFUSED})


def _refusal(code: str, says: str, next_step: str, *, wait: bool) -> dict[str, Any]:
    return {"refused": code, "says": says, "next_step": next_step, "wait": wait}


def key_of(question: Mapping[str, Any]) -> Key:
    """The key that a question names. KeyError when it names none."""
    return Key(str(question["app"]), str(question["environment"]), str(question["deploy"]))
