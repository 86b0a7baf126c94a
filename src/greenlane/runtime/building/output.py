"""The output folder of a front end: which one its build filled, and what of it is served."""

from __future__ import annotations

from pathlib import Path

from greenlane.govern.errors import WrongInput
from greenlane.runtime import fallback
from greenlane.runtime.building import gathering
from greenlane.runtime.building.build import Build
from greenlane.runtime.building.gathering import Files, is_within

_USUAL = ("dist", "build", "out", "public", "_site", "www")
"""Folders that builders fill, for a project that says nothing."""

_PROJECT_FILES = frozenset(
    [
        "package.json",
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "netlify.toml",
        "greenlane.toml",
        "tsconfig.json",
    ]
)


def pages(build: Build) -> Files:
    """What is served, put into the store. What is left out or added is noted.

    Raises ``WrongInput`` where no folder was filled, ``TooLarge``.
    """
    place, published = _published(build)
    ignored = gathering.IGNORED if published else gathering.IGNORED | {"netlify", "functions"}
    files, aside = gathering.gather(place, build.shop.blobs, build.job.bounds, ignored, within=build.room.project)
    files = {path: entry for path, entry in files.items() if published or not _of_the_project(path)}
    if aside:
        build.notes.append(f"Links are left out: {', '.join(aside[:5])}{' and more' if len(aside) > 5 else ''}.")
    if published and (says := fallback.reason(build.tree, files)):
        files[fallback.FALLBACK] = files["index.html"]
        build.notes.append(says)
    return files


def _published(build: Build) -> tuple[Path, bool]:
    """The folder that is served, and whether the build filled it. Raises ``WrongInput`` when it cannot be found.

    Some builders write into a folder within the one they are known for, such as `dist/app/browser`.
    """
    plan, here = build.plan, build.here
    if not plan.command and not plan.publish:
        return here, False
    names = (plan.publish,) if plan.publish else _USUAL
    for name in names:
        place = here / name
        if not is_within(place, here) or not place.is_dir():
            continue
        if plan.publish and (plan.app_kind == "functions" or (place / "index.html").is_file()):
            return place, True
        inner = sorted(
            (one.parent for one in place.rglob("index.html") if one.is_file()), key=lambda one: len(one.parts)
        )
        if inner and is_within(inner[0], here):
            return inner[0], True
        if plan.publish and any(place.iterdir()):
            return place, True
    raise WrongInput(
        f"The build did not fill {' or '.join(names)}.",
        next_step="Say `publish` under `[build]` in greenlane.toml.",
    )


def _of_the_project(path: str) -> bool:
    """Files that make a project and are no pages: they stay out where the project's own folder is what is served."""
    return path in _PROJECT_FILES or path.startswith(".")
