"""Whether a bundle is the source of an app rather than the app itself, said in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection

import orjson

_BUILT = ("dist", "build", "out", "public", "_site", "docs", ".output/public", "www")
"""Folders that builders write a finished site into."""

_FRAMEWORKS = (
    # a file's name begins with, what people call it, where it builds to
    ("next.config.", "Next.js", "out"),
    ("nuxt.config.", "Nuxt", ".output/public"),
    ("svelte.config.", "SvelteKit", "build"),
    ("astro.config.", "Astro", "dist"),
    ("angular.json", "Angular", "dist"),
    ("gatsby-config.", "Gatsby", "public"),
    ("remix.config.", "Remix", "build"),
    ("vite.config.", "Vite", "dist"),
    ("vue.config.", "Vue", "dist"),
    ("webpack.config.", "webpack", "dist"),
    (".eleventy.", "Eleventy", "_site"),
    ("eleventy.config.", "Eleventy", "_site"),
)
_GENERATORS = (("_config.yml", "Jekyll", "jekyll build", "_site"), ("mkdocs.yml", "MkDocs", "mkdocs build", "site"))
_PYTHON = ("requirements.txt", "pyproject.toml", "app.py", "main.py", "streamlit_app.py", "manage.py", "pipfile")


def source_tree(paths: Collection[str], read: Callable[[str], bytes]) -> str:
    """What to do instead of deploying this, or the empty string for something that can be served.

    ``read`` gives the bytes of a path; only `package.json` and a Python app's first file are asked for.
    """
    here = {path.lower(): path for path in paths if "/" not in path}
    index = here.get("index.html")
    script, framework = _build(here, read)
    if index is not None and not (script and b"/src/" in read(index) and any(p.startswith("src/") for p in paths)):
        return ""
    built = next((folder for folder in _BUILT if f"{folder}/index.html" in paths), "")
    if built:
        return f"The pages are in the folder `{built}`: deploy `{built}` instead of the folder around it."
    if script:
        name, folder = framework or ("JavaScript", "dist")
        return (
            f"This looks like {_article(name)} {name} project that has not been built: "
            f"run `{script}` and deploy `{folder}`."
        )
    for file, name, command, folder in _GENERATORS:
        if file in here:
            return f"This looks like the source of {_article(name)} {name} site: run `{command}` and deploy `{folder}`."
    if any(name in here for name in _PYTHON):
        kind = _python_kind(here, read)
        return f"This looks like {_article(kind)} {kind} app, which needs a server: only finished pages can be deployed so far."
    if index is None and any(path.endswith((".php", ".rb", ".go", ".java", ".cs")) for path in here):
        return (
            "This looks like the source of a program, which needs a server: only finished pages can be deployed so far."
        )
    return ""


def _build(here: dict[str, str], read: Callable[[str], bytes]) -> tuple[str, tuple[str, str] | None]:
    """The command that builds the project, empty when there is none, and its framework with the folder it fills."""
    framework = next(
        ((name, folder) for start, name, folder in _FRAMEWORKS if any(file.startswith(start) for file in here)), None
    )
    if "package.json" not in here:
        return "", framework
    try:
        package = orjson.loads(read(here["package.json"]))
        scripts = package.get("scripts", {})
        needs = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    except (ValueError, AttributeError, TypeError):
        return "", framework
    if framework is None and "react-scripts" in needs:
        framework = ("React", "build")
    if framework is None and "parcel" in needs:
        framework = ("Parcel", "dist")
    if "build" not in scripts:
        return "", framework
    runner = next(
        (one for one, lock in (("pnpm", "pnpm-lock.yaml"), ("yarn", "yarn.lock"), ("bun", "bun.lock")) if lock in here),
        "npm",
    )
    return f"{runner} run build", framework


def _python_kind(here: dict[str, str], read: Callable[[str], bytes]) -> str:
    for file in ("requirements.txt", "pyproject.toml", "streamlit_app.py", "app.py", "main.py"):
        if file in here:
            text = read(here[file]).lower()
            for word in ("streamlit", "gradio", "dash", "django", "flask", "fastapi"):
                if word.encode() in text:
                    return "FastAPI" if word == "fastapi" else word.capitalize()
    return "Python"


def _article(word: str) -> str:
    return "an" if word[0] in "AEIOU" else "a"
