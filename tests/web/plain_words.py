"""What people read, taken out of templates, code and policies, and held against the rules of plain language.

ISO 24495-1 asks that readers find, understand and use what they need; only readers can say so. These rules are the
tripwire before that: short sentences, "you", common words. ``python -m tests.web.plain_words`` prints what only a person
can judge: passives, and words that are rare in our own documents and stand in no glossary.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import greenlane.main  # noqa: F401 - every verb is declared
from greenlane.govern.action import REGISTRY
from greenlane.govern.policy import Pack

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "greenlane"
TEMPLATES = SOURCE / "web" / "templates"
LONGEST = 20
"""Words in a sentence."""


@dataclass(frozen=True)
class Said:
    """One piece of text and where it stands."""

    where: str
    text: str


# -- where text stands -----------------------------------------------------------------------------------------------

_BLOCK = re.compile(
    r"</?(?:p|h[1-6]|li|ul|ol|dt|dd|dl|div|td|th|tr|section|label|legend|button|summary|option|title|main|form|table|figcaption|caption|fieldset|details|nav|header|footer|dialog|br|a class=\"button)\b[^>]*>"
)
_BRANCH = re.compile(
    r"\{%-?\s*(?:if|for)\b(?:(?!%\}).)*%\}((?:(?!\{%-?\s*(?:if|for|endif|endfor)\b).)*)\{%-?\s*end(?:if|for)\s*-?%\}",
    re.DOTALL,
)
_TURN = re.compile(r"\{%-?\s*(?:elif\b(?:(?!%\}).)*|else)\s*-?%\}", re.DOTALL)


def of_template(template: str) -> Iterator[str]:
    """The pieces of text in a template: an expression counts as one word, of branches the longest one is read."""
    text = re.sub(r"\{#.*?#\}|<(script|svg|style)\b.*?</\1>", " ", template, flags=re.DOTALL)
    text = re.sub(r"<(code|pre)\b.*?</\1>", " it ", text, flags=re.DOTALL)
    for literal in re.findall(r"\"((?:[^\"\\]|\\.)*)\"", " ".join(re.findall(r"\{[{%](.*?)[}%]\}", text, re.DOTALL))):
        if len(literal.split()) > 2 and not re.search(r"[<>=/{}]", literal):
            yield literal
    text = re.sub(
        r"\{\{(.*?)\}\}",
        lambda one: "42 units" if "| plural" in one[1] else "42" if "| number" in one[1] else "it",
        text,
        flags=re.DOTALL,
    )
    while (shorter := _BRANCH.sub(lambda one: max(_TURN.split(one[1]), key=len), text)) != text:
        text = shorter
    text = re.sub(r"\{%.*?%\}", "\0", text, flags=re.DOTALL)
    for piece in re.split("\0", _BLOCK.sub("\0", text)):
        said = " ".join(re.sub(r"<[^>]*>", "", piece.replace("&nbsp;", " ").replace("&amp;", "and")).split())
        if re.search(r"[A-Za-z]{2}", said):
            yield said


def of_code(source: str) -> Iterator[str]:
    """The sentences in a Python module: strings that begin like one and end like one, and no docstring."""
    tree = ast.parse(source)
    documentation = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    inside = {id(part) for one in ast.walk(tree) if isinstance(one, ast.JoinedStr) for part in one.values}
    for one in ast.walk(tree):
        if id(one) in documentation or id(one) in inside:
            continue
        if isinstance(one, ast.JoinedStr):
            text = "".join(str(p.value) if isinstance(p, ast.Constant) else "it" for p in one.values)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            text = one.value
        else:
            continue
        if re.fullmatch(r"[A-Z\u201c][^<>{}\n]* [^<>{}\n]*[.?]", text):
            yield text


def on_the_pages() -> list[Said]:
    """What the console's pages say by themselves."""
    found = [
        Said(str(path.relative_to(SOURCE)), text)
        for path in sorted(TEMPLATES.rglob("*.html"))
        for text in of_template(path.read_text())
    ]
    for folder in ("web", "insights", "notices"):
        for path in sorted((SOURCE / folder).glob("*.py")):
            found += [Said(str(path.relative_to(SOURCE)), text) for text in of_code(path.read_text())]
    return found


def from_below() -> list[Said]:
    """What the pages print of policies and verbs."""
    pack = Pack.default(verbs=[verb.name for verb in REGISTRY])
    found = [Said(f"policy {one.id}", text) for one in pack.policies for text in (one.says, one.instead) if text]
    found += [Said(f"verb {verb.name}", verb.summary) for verb in REGISTRY]
    return found + [
        Said(f"input {one.name} of {verb.name}", one.says) for verb in REGISTRY for one in verb.inputs if one.says
    ]


# -- what is wrong with it -------------------------------------------------------------------------------------------


def sentences(text: str) -> list[str]:
    """The sentences of a text. What stands behind a colon or a semicolon is a thought of its own."""
    return [one.strip() for one in re.split(r"(?<=[.?!:;])[\"\u201d)]?\s+", text) if one.strip()]


def too_long(text: str) -> list[str]:
    """Sentences of more words than are easily read."""
    return [one for one in sentences(text) if len(re.findall(r"[\w\u2019'/@.-]*\w", one)) > LONGEST]


HARD = {
    "utilize": "use",
    "utilise": "use",
    "leverage": "use",
    "facilitate": "help",
    "seamless": "",
    "seamlessly": "",
    "effortless": "",
    "effortlessly": "",
    "robust": "",
    "powerful": "",
    "supercharge": "",
    "streamline": "",
    "delve": "",
    "empower": "",
    "elevate": "",
    "holistic": "",
    "oops": "say what happened",
    "whoops": "say what happened",
    "please note": "say it",
    "in order to": "to",
    "prior to": "before",
    "subsequently": "then",
    "null": "nothing",
    "undefined": "unknown",
    "nan": "unknown",
    "traceback": "what went wrong",
    "stack trace": "what went wrong",
    "exception": "what went wrong",
    "boolean": "yes or no",
    "regex": "pattern",
    "uuid": "id",
    "backend": "server",
    "frontend": "page",
    "endpoint": "address",
    "env var": "variable",
    "cron": "every day at",
    "daemon": "process",
    "timeout": "it took too long",
    "deprecated": "going away",
    "rollout": "publish",
    "principal": "person",
    "entity": "name it",
    "whitelist": "list",
    "blacklist": "list",
    "sanity check": "check",
    "click here": "say where the link goes",
    "learn more": "say what about",
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "say it all, or nothing",
    "etc": "say it all, or nothing",
    "via": "through",
    "invalid": "say what is wrong and what would be right",
    "illegal": "say what is wrong and what would be right",
    "successfully": "",
    "failed to": "could not",
    "aborted": "stopped",
    "please": "ask plainly",
}
"""Words of the trade, of advertisements and of forms, with what to say instead; empty: leave it out."""

_HARD = re.compile(
    rf"(?<![\w-])(?:{'|'.join(re.escape(one) for one in sorted(HARD, key=len, reverse=True))})(?![\w-])", re.IGNORECASE
)
_CONTRACTED = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|wo|would|should|must|ca|sha)n['\u2019]t\b", re.IGNORECASE
)


def hard_words(text: str) -> list[str]:
    """Words that many readers would have to look up, or that say nothing."""
    return [found[0] for found in _HARD.finditer(text)]


def contracted(text: str) -> list[str]:
    """A "not" that is easily overlooked."""
    return [found[0] for found in _CONTRACTED.finditer(text)]


def shouted(text: str) -> list[str]:
    """Exclamation marks, words in capitals, dashes that no keyboard has."""
    known = r"(?:API|HTML|CSV|JSON|SBOM|UTC|PDF|ID|SSO|TLS|CSS|C2SP|SHA|URL|DNS|CSP|SMTP|SQL|CPU|II|KB|MB|OK|TXT|RFC|CNAME|OIDC|SAML|SCIM|SPIFFE|XML|HTTP|JWK|PIN|AES|OSV|YOU)"
    return re.findall(rf"!(?=\s|$)|\u2014|\b(?!{known}\b)[A-Z]{{3,}}\b", text)


def unexplained(text: str) -> list[str]:
    """Names of the trade that stand without their words in front of them."""
    return re.findall(r"(?<!\()\bSBOM\b(?!\))", text)


def by_colour_or_place(text: str) -> list[str]:
    """1.3.3: what can only be found by who sees its colour, its shape or where it stands."""
    return re.findall(
        r"\b(?:the|a) (?:green|red|amber|grey|round|square) (?:button|link|box|icon|dot)\b|\b(?:on|to) the (?:left|right)(?:-hand)?\b(?! (?:person|role|people))|"
        r"\b(?:button|link|box) (?:above|below)\b",
        text,
        re.IGNORECASE,
    )


def bare_numbers(template: str) -> list[str]:
    """A number that a template prints as a whole element without its unit, outside tables and charts."""
    return re.findall(
        r"<(?:p|strong|b|span|li|dd|h[1-6]|a)\b[^>]*>\s*\{\{[^}]*\|\s*number(?:\([^)]*\))?\s*\}\}\s*</", template
    )


def passives(text: str) -> list[str]:
    """Where nobody seems to act: a form of "be" and a participle. A report, because some are right."""
    return re.findall(r"\b(?:is|are|was|were|been|being|be) (?:\w+ly )?\w+(?:ed|wn|ken|ten|ven|nt)\b", text)


def rare_words() -> Counter[str]:
    """Words on the pages that neither the glossary nor our documents use: each is new to a reader of both."""
    known = " ".join(one.read_text() for one in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]).lower()
    words = Counter(word for one in on_the_pages() for word in re.findall(r"[a-z]{4,}", one.text.lower()))
    kept = set(re.findall(r"[a-z]{4,}", known))
    return Counter({word: count for word, count in words.items() if not {word, word.rstrip("s"), word + "s"} & kept})


if __name__ == "__main__":
    print("Passives:")
    for one in on_the_pages():
        for found in passives(one.text):
            print(f"  {one.where}: {found}: {one.text}")
    print("Words in no document of ours:")
    for word, number in sorted(rare_words().items()):
        print(f"  {word} ({number})")
