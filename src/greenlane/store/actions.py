"""The verbs about what apps store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput

ENVIRONMENTS = ("production", "staging", "preview")
"""Where apps store something. All previews of an app share what they store."""

AppName = Annotated[str, "the app's name"]
EnvironmentName = Annotated[str, "production, staging or preview"]


def _check(environment: str) -> None:
    if environment not in ENVIRONMENTS:
        raise WrongInput(
            f"There is no environment called {environment!r} that stores anything.",
            next_step=f"Choose one of: {', '.join(ENVIRONMENTS)}.",
            field="environment",
        )


@verb(
    "snapshot-data",
    effect=EffectClass.WRITE,
    subject="app",
    says="{actor} {took|take} a snapshot of what {app} stores in {environment}",
)
@dataclass(frozen=True, slots=True)
class SnapshotData:
    """Keep what an app stores in an environment as it is now. The app stands still for a moment."""

    app: AppName
    environment: EnvironmentName = "production"

    def __post_init__(self) -> None:
        _check(self.environment)


@verb(
    "restore-data",
    effect=EffectClass.DESTROY,
    subject="app",
    undo="restore-data",
    says="{actor} {restored|restore} what {app} stores in {environment} from the snapshot {snapshot}",
)
@dataclass(frozen=True, slots=True)
class RestoreData:
    """Bring back what an app stored, as a snapshot holds it. What it stored since is kept as another snapshot first."""

    app: AppName
    environment: EnvironmentName = "production"
    snapshot: Annotated[str, "the snapshot's id, snp_…; the newest one when left out"] = ""

    def __post_init__(self) -> None:
        _check(self.environment)


@verb(
    "erase-data",
    effect=EffectClass.DESTROY,
    subject="app",
    says="{actor} {erased|erase} everything that {app} stores in {environment}, with its snapshots",
)
@dataclass(frozen=True, slots=True)
class EraseData:
    """Erase everything that an app stores in an environment, every snapshot of it too. Nothing brings it back."""

    app: AppName
    environment: EnvironmentName

    def __post_init__(self) -> None:
        _check(self.environment)
