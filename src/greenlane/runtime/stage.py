"""The life of every release: asleep until somebody asks, awake while it is used, started again when it falls.

A release that ends by itself is started again when somebody asks for it, after a pause that doubles; one that falls again
and again says so, and why. What is not used for a while is put to sleep. Nothing here knows of control being there: a
release that was heard of once runs on without it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from greenlane.kit.errors import GreenlaneError
from greenlane.runtime.driver import CannotRun, DidNotStart, Instance, RuntimeDriver
from greenlane.runtime.local import said
from greenlane.runtime.logs import Logs
from greenlane.runtime.release import Key, Release
from greenlane.runtime.sandbox import Ended

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
PATIENCE = 0.4
"""Seconds that whoever asks waits for a release that wakes, before being told that it does."""


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

    def endpoint(self, key: Key, within: float = PATIENCE) -> dict[str, Any]:
        """Where a release answers: ``{"socket": path}``, or ``{"refused", "says", "next_step", "wait"}`` in words.

        A release that sleeps is woken; ``wait`` says whether asking again shortly may help.
        """
        life = self._life(key)
        with life.lock:
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
        """Put to sleep what nobody used for a while. To be called again and again."""
        with self._lock:
            lives = list(self._lives.values())
        for life in lives:
            if life.state == State.AWAKE and self._clock() - life.used > self._idle:
                self.sleep(life.key)

    def sleep(self, key: Key) -> None:
        """Stop a release until somebody asks for it again."""
        life = self._life(key)
        with life.lock:
            instance, life.instance = life.instance, None
            life.state, life.falls, life.due = State.ASLEEP, 0, 0.0
        if instance is not None:
            self._logs.of(key).tell("Nobody used it for a while: it sleeps until somebody opens it.")
            instance.stop(GRACE)

    def forget(self, key: Key) -> None:
        """Stop a release and hear of it anew when it is asked for: its variables changed, or it is no more."""
        life = self._life(key)
        with life.lock:
            instance, life.instance, life.release = life.instance, None, None
            life.state, life.falls, life.due = State.ASLEEP, 0, 0.0
        if instance is not None:
            self._logs.of(key).tell("It was stopped, to be started anew when somebody opens it.")
            instance.stop(GRACE)

    def standing(self, app: str = "") -> list[Standing]:
        """How every release does, of one app or all."""
        with self._lock:
            lives = [life for key, life in sorted(self._lives.items()) if app in {"", key.app}]
        return [self._standing(life) for life in lives]

    def close(self) -> None:
        """Stop everything."""
        self._closed = True
        self._driver.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _life(self, key: Key) -> _Life:
        with self._lock:
            return self._lives.setdefault(key, _Life(key))

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

    def _start(self, life: _Life) -> Path:
        key, kept = life.key, self._logs.of(life.key)
        try:
            release = life.release or self._find(key)
            kept.hide(sorted(release.secret))
            life.release = release
            life.starts += 1
            life.woke = self._clock()
            instance = self._driver.ensure(release, kept.hear, lambda ended: self._ended(life, ended))
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
            life.instance, life.state, life.waking, life.used = instance, State.AWAKE, None, self._clock()
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
