"""When a function runs by itself: the five fields of crontab, or a word such as ``@daily``.

CronSim reads the fields as Debian's cron does, also where clocks change; what it lacks is here: the words, and that an
expression which never comes is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from greenlane.govern.errors import WrongInput
from greenlane.kit.text import shown

WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""What stands for five fields, as crontab(5) and Netlify have it."""

GOOD = 'Write it like "0 6 * * *" (every day at six), "*/10 * * * *" (every ten minutes) or "@hourly".'
_FIELDS = 5
MOST_MISSED = 1000
"""Moments that are counted at most when a schedule was missed for long."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule that was read, in a time zone such as ``UTC`` or ``Europe/Berlin``."""

    expression: str
    zone: str = "UTC"

    @property
    def says(self) -> str:
        """In words: ``at 06:00 every day, UTC``."""
        words = self._from(datetime.now(UTC)).explain()
        return f"{words[:1].lower()}{words[1:]}, {self.zone.replace('_', ' ')}"

    def after(self, moment: datetime) -> datetime:
        """The first moment after this one at which it comes, in UTC."""
        return next(self._from(moment)).astimezone(UTC)

    def missed(self, due: datetime, now: datetime) -> int:
        """How often it came after ``due`` until now; counted up to ``MOST_MISSED``."""
        count, coming = 0, self._from(due)
        while count < MOST_MISSED and next(coming).astimezone(UTC) <= now:
            count += 1
        return count

    def _from(self, moment: datetime) -> CronSim:
        return CronSim(WORDS.get(self.expression, self.expression), moment.astimezone(ZoneInfo(self.zone)))


class NoSchedule(WrongInput):
    """What a function says of when it runs is no schedule, or cannot be read."""


def read(expression: str, said_by: str, zone: str = "UTC") -> Cron:
    """An expression, with its blanks put in order. ``said_by`` is the file that says it.

    Raises ``NoSchedule`` for what is no schedule, or never comes.
    """
    tidy = " ".join(expression.split())
    if tidy.startswith("@"):
        tidy = tidy.lower()
        if tidy not in WORDS:
            raise _wrong(expression, said_by, f"The words are {', '.join(WORDS)}")
    elif len(tidy.split(" ")) != _FIELDS:
        raise _wrong(expression, said_by, "It has five parts: minute, hour, day of the month, month, day of the week")
    cron = Cron(tidy, zone)
    try:
        cron.after(datetime.now(UTC))
    except CronSimError as error:
        raise _wrong(expression, said_by, f"{error}") from error
    except StopIteration as error:
        raise _wrong(expression, said_by, "There is no such day") from error
    return cron


def _wrong(expression: str, said_by: str, why: str) -> NoSchedule:
    return NoSchedule(f"{said_by} says the schedule {shown(expression)}, which is none. {why}.", next_step=GOOD)
