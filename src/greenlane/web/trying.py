"""Trying a prompt: a real call through the gateway with a key of one's own, and the answer as it comes.

Neither prompt nor answer is kept anywhere but in the memory of this process, for minutes; the key never reaches the browser.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import orjson
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway import queries as gateway
from greenlane.gateway.actions import MakeGatewayKey, RevokeGatewayKey
from greenlane.gateway.asking import Asking, Begun
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.kit import ids
from greenlane.kit.errors import GreenlaneError
from greenlane.web import doing
from greenlane.web.asked import Asked
from greenlane.web.site import Site
from greenlane.web.streaming import Event, Streams

log = structlog.get_logger()

LONGEST = 20_000
"""Letters of a prompt."""
LONGEST_ANSWER = 400_000
"""Letters of an answer that are shown."""
LASTS = 600.0
"""Seconds for which an answer can be read again."""
KEY_LASTS = 1_800.0
"""Seconds for which one key serves; after that it is ended, and the next prompt makes another."""
MOST = 200
"""Answers that are remembered at once, of everybody."""
AT_ONCE = 2
"""Answers of one person that come at once."""
BEAT = 5.0
"""Seconds that a stream waits for the next piece before it looks again."""
PATIENCE = 8.0
"""Seconds that a page without a script waits for the answer before it is shown as far as it is."""


@dataclass(eq=False)
class Attempt:
    """One prompt and its answer so far. ``call`` is known once the gateway let it through."""

    id: str
    person: str
    model: str
    prompt: str
    began: float
    pieces: list[str] = field(default_factory=list)
    call: str = ""
    over: bool = False
    error: GreenlaneError | None = None
    heard: threading.Condition = field(default_factory=threading.Condition)

    @property
    def text(self) -> str:
        """The answer as far as it came."""
        return "".join(self.pieces)

    def changed(self, seen: int, within: float) -> None:
        """Wait until there are more pieces than ``seen``, or the end, or no longer than ``within`` seconds."""
        with self.heard:
            self.heard.wait_for(lambda: self.over or len(self.pieces) > seen, within)

    def ended(self, within: float) -> None:
        """Wait for the end, no longer than ``within`` seconds."""
        with self.heard:
            self.heard.wait_for(lambda: self.over, within)


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody's key for trying, in memory alone."""

    id: str
    secret: str = field(repr=False)
    until: float


def routes(site: Site) -> list[Route]:
    """The form, an answer, and its stream."""
    room = Room(site.house.asking, time.monotonic)
    return [
        site.page("/models/try", room.asking),
        site.form("/models/try", room.tried),
        site.page("/models/try/{attempt}", room.answer),
        Streams(site).route("/models/try/{attempt}/stream", room.going_on),
    ]


class Room:
    """Prompts that are being tried. ``now`` counts seconds and never goes back."""

    def __init__(self, models: Asking, now: Callable[[], float]) -> None:
        self._models = models
        self._now = now
        self._attempts: dict[str, Attempt] = {}
        self._keys: dict[str, Held] = {}
        self._lock = threading.Lock()

    def asking(self, at: Asked) -> Response:
        """An empty form."""
        return self._form(at)

    def tried(self, at: Asked) -> Response:
        """Send a prompt; its answer has a page of its own, which can be read again for some minutes."""
        model, prompt = at.field("model"), at.field("prompt")
        try:
            if not prompt:
                raise WrongInput("There is no prompt.", next_step="Type what the model should read.", field="prompt")
            if len(prompt) > LONGEST:
                raise WrongInput(
                    f"The prompt is longer than {LONGEST:,} letters.", next_step="Shorten it.", field="prompt"
                )
            if not model:
                raise WrongInput("No model is named.", next_step="Name one, such as fast.", field="model")
            if sum(not one.over for one in self._of(at.me.person)) >= AT_ONCE:
                raise WrongInput("Two answers are still coming.", next_step="Wait for one of them.", field="prompt")
        except WrongInput as error:
            return self._form(at, error)
        key = self._key(at)
        if isinstance(key, Response):
            return key
        attempt = Attempt(ids.token(96), at.me.person, model, prompt, self._now())
        with self._lock:
            self._forget()
            self._attempts[attempt.id] = attempt
        threading.Thread(target=self._ask, args=(attempt, key.secret), name="trying", daemon=True).start()
        return at.see(f"/models/try/{attempt.id}")

    def answer(self, at: Asked) -> Response:
        """The answer as far as it came. A page without a script is told to wait a little for it."""
        one = self._mine(at)
        if at.query("wait"):
            one.ended(PATIENCE)
        return self._form(at, shown=one)

    def going_on(self, at: Asked) -> AsyncIterator[Event] | None:
        """Each piece as it comes, as JSON text: an event's lines would lose the ends of its lines."""
        one = self._mine(at)
        return self._told(one)

    async def _told(self, one: Attempt) -> AsyncIterator[Event]:
        seen = 0
        while True:
            await run_in_threadpool(one.changed, seen, BEAT)
            pieces, over = one.pieces[seen:], one.over
            seen += len(pieces)
            yield Event("words", orjson.dumps("".join(pieces)).decode())
            if over and seen == len(one.pieces):
                yield Event("done", "")
                return

    def _form(self, at: Asked, error: WrongInput | None = None, shown: Attempt | None = None) -> Response:
        with at.read() as connection:
            providers = [one for one in gateway.providers(connection) if one.on]
            names = [one.alias for one in gateway.routes(connection)]
        typed = at.form if at.form else {}
        over = shown is not None and shown.over  # before the text is taken: it may end in between
        return at.page(
            "models/try.html",
            status=error.status if error is not None else 200,
            part="answer",
            ready=bool(providers),
            names=names,
            model=shown.model if shown else "".join(typed.get("model", [])) or (names[0] if names else ""),
            prompt=shown.prompt if shown else "".join(typed.get("prompt", [])),
            shown=shown,
            over=over,
            text=shown.text if shown else "",
            wrong=error,
            longest=LONGEST,
        )

    def _mine(self, at: Asked) -> Attempt:
        one = self._attempts.get(at.named("attempt"))
        if one is None or one.person != at.me.person:
            raise NotFound(
                "This answer is not kept any more.", next_step="Answers stay for ten minutes. Try the prompt again."
            )
        return one

    def _of(self, person: str) -> list[Attempt]:
        with self._lock:
            return [one for one in self._attempts.values() if one.person == person]

    def _forget(self) -> None:
        """Let go of what is old, and of the oldest where there is too much."""
        kept = [one for one in self._attempts.values() if self._now() - one.began < LASTS or not one.over]
        self._attempts = {one.id: one for one in kept[-MOST + 1 :]}

    def _key(self, at: Asked) -> Held | Response:
        """The asker's key, made through the door where there is none; or the page that says why there is none."""
        person = at.me.person
        held = self._keys.get(person)
        if held is not None and self._now() < held.until:
            return held
        if held is not None:
            del self._keys[person]
            try:
                at.does(RevokeGatewayKey(held.id))
            except NotFound:
                log.info("a key for trying had ended before", key=held.id)
        made = at.does(MakeGatewayKey(days=1))
        if made.state != "done":
            return doing.answered(at, made, "/models/try")
        fresh = Held(str(made.answer["key"]), str(made.answer["token"]), self._now() + KEY_LASTS)
        self._keys[person] = fresh
        return fresh

    def _ask(self, one: Attempt, secret: str) -> None:
        """Carry one call out, piece by piece, and always end it."""
        error: GreenlaneError | None = None
        length = 0
        try:
            for piece in self._models.ask(secret, one.model, one.prompt):
                with one.heard:
                    if isinstance(piece, Begun):
                        one.call = piece.call
                    else:
                        one.pieces.append(piece.text)
                        length += len(piece.text)
                    one.heard.notify_all()
                if length > LONGEST_ANSWER:
                    break
        except GreenlaneError as found:
            error = found
        finally:
            with one.heard:
                one.error, one.over = error, True
                one.heard.notify_all()
