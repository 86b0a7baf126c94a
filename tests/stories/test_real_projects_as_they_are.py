"""Projects that nobody here wrote, with their real packages: deployed as they are, published, and opened in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.chromium import tab
from tests.stories.running import Running
from tests.stories.terminal import Ended, Terminal

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STREAMLIT = """
import streamlit as st

st.title("Sales by month")
factor = st.slider("Factor", 1, 10, 3)
if st.button("Say it"):
    st.write(f"said {factor}")
"""

VITE = {
    "package.json": """{"name": "vendor-hub", "private": true, "version": "0.0.0", "type": "module",
        "scripts": {"build": "vite build"}, "dependencies": {"nanoid": "^5.0.0"}, "devDependencies": {"vite": "^5.4.0"}}""",
    "package-lock.json": """{"name": "vendor-hub", "version": "0.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {"": {"name": "vendor-hub", "version": "0.0.0", "devDependencies": {"vite": "^4.0.0"}}}}""",
    "index.html": '<!doctype html><title>Hub</title><h1></h1><script type="module" src="/main.js"></script>',
    "main.js": "import { nanoid } from 'nanoid'; document.querySelector('h1').textContent = `Hub ${nanoid().length}`",
}


DISAGREE = {
    "package.json": """{"name": "calendar", "private": true, "type": "module", "scripts": {"build": "vite build"},
        "dependencies": {"date-fns": "^4.1.0", "react": "^18.3.1", "react-day-picker": "8.10.1", "react-dom": "^18.3.1"},
        "devDependencies": {"vite": "^5.4.0"}}""",
    "index.html": '<!doctype html><title>Calendar</title><h1></h1><script type="module" src="/main.js"></script>',
    "main.js": "import { format } from 'date-fns'; document.querySelector('h1').textContent = format(new Date(2026, 0, 2), 'yyyy')",
}
"""What a builder of pages once wrote again and again: its calendar asks for an older date-fns than its list."""

ASTRO = {
    "package.json": """{"name": "handbook", "type": "module", "engines": {"node": ">=22.12.0"},
        "scripts": {"build": "astro build"}, "dependencies": {"astro": "^6.0.0"}}""",
    "astro.config.mjs": "import { defineConfig } from 'astro/config'; export default defineConfig({});",
    "src/pages/index.astro": "---\nconst made = process.version.split('.')[0];\n---\n<h1>Made by {made}</h1>",
}

FASTAPI = {
    "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef hello(name: str = 'you'):\n"
    "    return {'hello': name}\n",
    "pyproject.toml": """[project]
name = "hello"
version = "0.1.0"
requires-python = ">=3.99"
dependencies = ["fastapi>=0.115"]
""",
}


def written(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def deployed(owner: Terminal, folder: Path, name: str) -> Ended:
    """Deploy a source, wait for its build as long as it takes, and publish what came of it."""
    ended = owner.begins("deploy", folder, "--app", name).ended(600)
    assert ended.code == 0, ended.out + ended.err
    owner.does("publish", name)
    return ended


def test_a_streamlit_app_with_its_real_packages_is_used_in_a_browser(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(STREAMLIT)
    (tmp_path / "requirements.txt").write_text("streamlit\n")
    ended = deployed(owner, tmp_path, name)
    assert "releases younger than 7 days are not taken" in ended.out
    made_of = owner.does("dependencies", name)
    assert made_of["from"] == "build"
    assert "streamlit" in {one["package"] for one in made_of["items"]}
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        page = mine.page
        sockets: list[str] = []
        page.on("websocket", lambda one: sockets.append(one.url))
        page.goto(greenlane.address(name))
        expect(page.get_by_role("heading", name="Sales by month")).to_be_visible(timeout=60_000)
        page.get_by_role("button", name="Say it").click()
        expect(page.get_by_text("said 3")).to_be_visible(timeout=20_000)
        assert any("/_stcore/stream" in one for one in sockets), "what was clicked went over its websocket"


def test_a_vite_app_whose_lock_file_is_broken_is_built_and_says_so(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, tmp_path: Path
) -> None:
    written(tmp_path, VITE)
    ended = deployed(owner, tmp_path, name)
    assert "package.json and the lock file disagree about nanoid, vite" in ended.out
    assert "vite" in {one["package"] for one in owner.does("dependencies", name)["items"]}
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        mine.page.goto(greenlane.address(name))
        expect(mine.page.get_by_role("heading", name="Hub 21")).to_be_visible()


def test_a_vite_app_whose_packages_disagree_about_one_another_is_built_and_says_so(
    greenlane: Running, owner: Terminal, name: str, tmp_path: Path
) -> None:
    written(tmp_path, DISAGREE)
    ended = deployed(owner, tmp_path, name)
    assert "packages disagree about one another: they are installed all the same" in ended.out
    assert "date-fns" in {one["package"] for one in owner.does("dependencies", name)["items"]}


def test_an_astro_site_that_needs_node_22_gets_it(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, tmp_path: Path
) -> None:
    written(tmp_path, ASTRO)
    deployed(owner, tmp_path, name)
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        mine.page.goto(greenlane.address(name))
        expect(mine.page.get_by_role("heading", name="Made by v22")).to_be_visible()


def test_a_fastapi_app_that_names_its_authors_newer_python_runs_and_says_so(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, tmp_path: Path
) -> None:
    written(tmp_path, FASTAPI)
    ended = deployed(owner, tmp_path, name)
    assert "The project asks for Python >=3.99; Python 3." in ended.out
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        mine.page.goto(f"{greenlane.address(name)}?name=Ada")
        expect(mine.page.get_by_text('{"hello":"Ada"}')).to_be_visible(timeout=60_000)
