"""Everything that a person can meet has its words, and the text of the tree keeps its manners."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from greenlane.cli.references import errors
from greenlane.govern.action import REGISTRY
from greenlane.govern.facts import vocabulary
from greenlane.govern.policy import SAFEGUARDS, Pack
from greenlane.identity.roles import ROLES, SCOPES
from greenlane.insights.rules import SUBJECTS
from greenlane.kit.settings import Settings

ROOT = Path(__file__).parents[2]
KEPT_TEXT = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=False,
).stdout.splitlines()
WRITTEN = [
    ROOT / name
    for name in KEPT_TEXT
    if Path(name).suffix in {".py", ".md", ".toml", ".txt", ".cedar", ".css", ".html", ".lock", ".yml", ""}
    and (ROOT / name).is_file()
]


def sentence(text: str) -> bool:
    return bool(text) and text[0] == text[0].upper() and text.rstrip().endswith((".", "?"))


def test_every_verb_says_what_it_does_and_every_input_what_it_means() -> None:
    for verb in REGISTRY:
        assert sentence(verb.summary), verb.name
        assert verb.says, verb.name
        assert all(one.says for one in verb.inputs), verb.name
        assert verb.undo is None or REGISTRY.named(verb.undo)


def test_every_setting_and_every_fact_has_its_words() -> None:
    assert all(sentence(one.description or "") for one in Settings.model_fields.values())
    assert all(says for _, _, says in vocabulary())


def test_every_error_says_when_it_is_met_and_has_a_code_of_its_own() -> None:
    for one in errors():
        assert sentence((one.__doc__ or "").split("\n\n")[0].strip()), one.__name__
        assert re.fullmatch(r"[a-z][a-z-]*", one.code), one.__name__
        assert 200 <= one.status < 600
        assert one.exit_code in (1, 2, 3, 4, 5)


def test_every_policy_says_what_it_decides_what_to_do_instead_and_who_answers_for_it() -> None:
    for one in Pack.default(verbs=[verb.name for verb in REGISTRY]).policies:
        assert sentence(one.says), one.id
        assert one.owner, one.id
        assert one.lane.strictness == 0 or sentence(one.instead), one.id
        assert set(one.safeguards) <= set(SAFEGUARDS)


def test_every_file_of_the_default_pack_says_what_it_is_about() -> None:
    pack = Pack.default(verbs=[verb.name for verb in REGISTRY])
    assert {one.file for one in pack.policies} == SUBJECTS.keys()


def test_every_role_and_scope_is_told_of() -> None:
    told = (ROOT / "docs" / "roles.md").read_text()
    assert all(f"**{one}**" in told for one in (*ROLES, *SCOPES))


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/*.md")) + sorted(ROOT.glob("*.md")), ids=lambda one: one.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    """Files in backticks or links, and commands."""
    text = page.read_text()
    for name in re.findall(r"`((?:src|docs|tests|benchmarks)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
        assert (page.parent / name).exists(), name


def test_every_picture_is_shown_in_the_tour() -> None:
    tour = (ROOT / "docs" / "console.md").read_text()
    assert {one.name for one in (ROOT / "docs" / "screens").glob("*.webp")} == set(
        re.findall(r"screens/([\w-]+\.webp)", tour)
    )


def test_every_decision_is_a_page_with_its_check() -> None:
    """A page: what was decided in one sentence that can be quoted, why, what follows, and what checks it."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert all(later == before + 1 for before, later in pairwise(numbers))
    for page in pages:
        text = page.read_text()
        assert len(text.splitlines()) <= 60, page.name
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Check"], page.name
        assert re.search(r"^> .+\.$", text, re.MULTILINE), page.name


FORBIDDEN = {
    "a dash that no keyboard has": re.compile("\u2014"),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(?:work|root)/"),
    "a promise to do it later": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "the host of a registry": re.compile("pypi" + r"\.org|python" + "hosted|registry" + r"\.npmjs"),
}


SIGNED_NOTES = ("src/greenlane/ledger/note.py", "tests/ledger/test_witness.py")
"""A signature line begins with that dash by its format (C2SP signed-note)."""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_text_of_the_tree_keeps_its_manners(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in WRITTEN
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if FORBIDDEN[what].search(line) and path.relative_to(ROOT).as_posix() not in SIGNED_NOTES
    ]
    assert not found
