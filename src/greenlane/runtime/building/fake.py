"""A builder that builds nothing: what comes of each job is decided by whoever holds it."""

from __future__ import annotations

from dataclasses import dataclass, field

from greenlane.runtime.building.job import Job, Made


@dataclass(slots=True)
class FakeBuilder:
    """Jobs that were begun, by the build's id, and what is answered about them. ``missing`` is why it cannot build."""

    missing: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    results: dict[str, Made] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def cannot(self) -> str:
        """Why nothing can be built here."""
        return self.missing

    def begin(self, job: Job) -> None:
        """Remember a job."""
        self.jobs.setdefault(job.id, job)

    def stop(self, build: str) -> bool:
        """Remember that it was to end."""
        self.stopped.append(build)
        return build in self.jobs

    def state(self, build: str) -> str:
        """What state it would be in."""
        return "ended" if build in self.results else "building" if build in self.jobs else "unknown"

    def result(self, build: str) -> Made | None:
        """What was decided to come of it."""
        return self.results.get(build)

    def log(self, build: str, start: int = 0) -> tuple[str, int]:
        """Its log from a byte on."""
        text = self.logs.get(build, "")
        return text[start:], len(text)
