"""The policy pack: files of Cedar policies that a risk officer can read, parsed one by one, checked, and asked.

A pack is one or more layers, each a folder or a mapping of file names to texts. A later layer adds policies, or
replaces one by giving another with the same ``@id``; what is marked ``@fixed`` cannot be replaced. A pack is named by
the digest of its texts, and the stored texts rebuild it, so that an old decision can be made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import cedarpy
import orjson

from greenlane.govern import cedar
from greenlane.govern.cedar import PackError, Statement
from greenlane.govern.decision import Lane
from greenlane.govern.facts import Facts
from greenlane.govern.risk import Scorecard
from greenlane.govern.words import placeholders
from greenlane.kit import digest

Layer = Mapping[str, str]
"""File names and their texts: ``*.cedar`` policies, and ``risk.toml`` where the layer brings its own scorecard."""

SAFEGUARDS: Final = {
    "narrower-first": "it opens to the team first, and wider later unless somebody objects",
    "tell-owner": "whoever answers for it is told",
    "undo-offered": "the owner can undo it with one step",
    "sampled-look": "a person may be asked to look at it afterwards",
    "expires-unused-30-days": "it goes to sleep when nobody has opened it for 30 days; the owner is asked a week before",
}
"""The safeguards that the platform carries out. A policy cannot promise another."""

_REQUIRED: Final = ("id", "lane", "says", "instead", "owner")
_OPTIONAL: Final = ("safeguards", "fixed")
_SPEAKABLE: Final = frozenset(Facts.__dataclass_fields__) | {"risk"}


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule: what it does, in which words, who answers for it, and where it stands.

    ``verbs`` is None where it speaks of every verb. ``reads`` names the facts that its condition looks at. ``fixed``
    says why no other layer may replace it; empty where one may. ``digest`` is over ``text``.
    """

    id: str
    lane: Lane
    says: str
    instead: str
    owner: str
    safeguards: tuple[str, ...]
    fixed: str
    verbs: tuple[str, ...] | None
    reads: frozenset[str]
    file: str
    line: int
    text: str
    digest: str

    def speaks_of(self, verb: str) -> bool:
        """Whether this policy can have a say about a verb."""
        return self.verbs is None or verb in self.verbs


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one evaluation answered: allowed or not, and the policies that determined it, by id.

    ``failed`` holds what could not be evaluated. A rule that could not be evaluated must count as against the action.
    """

    allowed: bool
    policies: tuple[Policy, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """Everything prepared for one verb: its policies alone, parsed, and the facts that they read.

    In ``each`` every policy is a permit, so that an evaluation names all that match instead of those that determine.
    """

    policies: cedarpy.PolicySet
    each: cedarpy.PolicySet
    by_id: Mapping[str, Policy]
    reads: tuple[str, ...]


class Pack:
    """A checked set of policies with its scorecard. Immutable; build it with ``Pack.load``."""

    def __init__(self, layers: tuple[Layer, ...], policies: Mapping[str, tuple[Policy, dict[str, Any]]]) -> None:
        self._layers = layers
        self._trees = {name: tree for name, (_, tree) in policies.items()}
        self.policies: tuple[Policy, ...] = tuple(policy for policy, _ in policies.values())
        self.digest = digest.of(self.texts())
        """Over the canonical JSON of ``texts()``."""
        text = next(layer["risk.toml"] for layer in reversed(layers) if "risk.toml" in layer)
        self.scorecard = Scorecard.read(text)
        self._entities = cedarpy.Entities.from_json_str("[]")
        self._questions: dict[str, _Question] = {}
        self._ask = lru_cache(maxsize=4096)(self._evaluate)

    @classmethod
    def load(cls, *layers: Path | Layer, verbs: Iterable[str] | None = None) -> Pack:
        """Read, check and prepare a pack. ``verbs`` are the actions there are: any other is a spelling mistake.

        Without ``verbs`` the actions are taken as they stand, which is right only for a pack that was checked before.
        Raises ``PackError`` with file, line and reason.
        """
        texts = tuple(_texts(layer) for layer in layers)
        if not any("risk.toml" in layer for layer in texts):
            texts = ({"risk.toml": _default_file("risk.toml")}, *texts)
        return _built(
            tuple(tuple(sorted(layer.items())) for layer in texts), None if verbs is None else frozenset(verbs)
        )

    @classmethod
    def default(cls, *more: Path | Layer, verbs: Iterable[str] | None = None) -> Pack:
        """The default pack, with an organisation's own layers on top."""
        return cls.load(default_layer(), *more, verbs=verbs)

    def texts(self) -> list[dict[str, str]]:
        """The layers as plain data. ``Pack.load(*texts)`` builds this very pack again, with the same digest."""
        return [dict(sorted(layer.items())) for layer in self._layers]

    def policy(self, id: str) -> Policy:
        """The policy of that id. KeyError when there is none."""
        return next(one for one in self.policies if one.id == id)

    def reads(self, verb: str) -> tuple[str, ...]:
        """The names in the context that any policy about this verb reads, sorted."""
        return self._question(verb).reads

    def ask(self, verb: str, actor_kind: str, context: Mapping[str, Any]) -> Verdict:
        """One evaluation. ``context`` holds what ``reads`` names and nothing else."""
        return self._ask(verb, actor_kind, orjson.dumps(context))

    def matching(self, verb: str, actor_kind: str, context: Mapping[str, Any]) -> tuple[Policy, ...]:
        """Every policy about a verb whose condition holds, whichever of them would determine the answer."""
        answer = self._answer(verb, actor_kind, orjson.dumps(context), each_by_itself=True)
        by_id = self._question(verb).by_id
        return tuple(by_id[one] for one in sorted(answer.diagnostics.reasons))

    def _evaluate(self, verb: str, actor_kind: str, context: bytes) -> Verdict:
        answer = self._answer(verb, actor_kind, context)
        by_id = self._question(verb).by_id
        found = tuple(by_id[one] for one in sorted(answer.diagnostics.reasons))
        return Verdict(answer.allowed, found, tuple(answer.diagnostics.errors))

    def _answer(self, verb: str, actor_kind: str, context: bytes, each_by_itself: bool = False) -> cedarpy.AuthzResult:
        question = self._question(verb)
        return cedarpy.is_authorized(
            {
                "principal": {"type": cedar.PRINCIPALS[actor_kind], "id": "actor"},
                "action": {"type": "Action", "id": verb},
                "resource": {"type": "Organisation", "id": "here"},
                "context": context.decode(),
            },
            question.each if each_by_itself else question.policies,
            self._entities,
        )

    def _question(self, verb: str) -> _Question:
        """The policies of one verb, prepared once: fewer to walk, and fewer facts to hand over."""
        if verb not in self._questions:
            chosen = {one.id: one for one in self.policies if one.speaks_of(verb)}
            self._questions[verb] = _Question(
                policy_set({name: self._trees[name] for name in chosen}),
                policy_set({name: self._trees[name] | {"effect": "permit"} for name in chosen}),
                chosen,
                tuple(sorted(frozenset().union(*(one.reads for one in chosen.values())))),
            )
        return self._questions[verb]


def describe(pack: Pack) -> list[dict[str, Any]]:
    """The pack as rows for people: a row a policy, in the order of file and line."""
    return [
        {
            "id": one.id,
            "lane": str(one.lane),
            "verbs": list(one.verbs) if one.verbs is not None else ["every verb"],
            "says": one.says,
            "instead": one.instead,
            "safeguards": list(one.safeguards),
            "owner": one.owner,
            "fixed": one.fixed,
            "file": one.file,
            "line": one.line,
            "digest": one.digest,
        }
        for one in sorted(pack.policies, key=lambda one: (one.file, one.line))
    ]


def policy_set(trees: Mapping[str, dict[str, Any]]) -> cedarpy.PolicySet:
    """A parsed set in which every policy keeps its own id."""
    return cedarpy.PolicySet.from_json_str(
        json.dumps({"templates": {}, "staticPolicies": dict(trees), "templateLinks": []})
    )


def default_layer() -> dict[str, str]:
    """The texts of the pack that ships with the platform."""
    return {name: _default_file(name) for name in _default_names()}


def default_cases() -> str:
    """The text of the default pack's own tests."""
    return _default_file("cases.toml")


def _default_names() -> Sequence[str]:
    folder = files("greenlane.govern") / "pack"
    return sorted(one.name for one in folder.iterdir() if one.name.endswith(".cedar") or one.name == "risk.toml")


def _default_file(name: str) -> str:
    return (files("greenlane.govern") / "pack" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=4)
def _built(texts: tuple[tuple[tuple[str, str], ...], ...], verbs: frozenset[str] | None) -> Pack:
    """The pack of these texts, checked. The same texts make the same pack: checking it takes a quarter of a second."""
    layers = tuple(dict(layer) for layer in texts)
    trees: dict[str, tuple[Policy, dict[str, Any]]] = {}
    statements: list[Statement] = []
    for layer in layers:
        for policy, tree, statement in _read_layer(layer, trees):
            trees[policy.id] = (policy, tree)
            statements.append(statement)
    known = sorted(verbs) if verbs is not None else _verbs_named(policy for policy, _ in trees.values())
    schema = cedarpy.Schema.from_str(cedar.schema(known))
    for statement in statements:
        cedar.validate(statement, schema)
    return Pack(layers, dict(sorted(trees.items())))


def _texts(layer: Path | Layer) -> dict[str, str]:
    if not isinstance(layer, Path):
        return dict(layer)
    if not layer.is_dir():
        raise PackError(str(layer), 1, "this is no folder with policies")
    texts = {}
    for path in sorted([*layer.glob("*.cedar"), *layer.glob("risk.toml")]):
        try:
            texts[path.name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise PackError(path.name, line, "the file is not written in UTF-8") from error
    return texts


def _read_layer(
    layer: Layer, below: Mapping[str, tuple[Policy, dict[str, Any]]]
) -> Iterable[tuple[Policy, dict[str, Any], Statement]]:
    here: dict[str, Policy] = {}
    for file, text in sorted(layer.items()):
        if not file.endswith(".cedar"):
            continue
        for statement in cedar.statements(file, text):
            tree = cedar.tree(statement)
            policy = _policy(statement, tree)
            if policy.id in here:
                first = here[policy.id]
                raise statement.wrong(f'the id "{policy.id}" is used already in {first.file}, line {first.line}')
            if policy.id in below and (why := below[policy.id][0].fixed):
                raise statement.wrong(f'the policy "{policy.id}" cannot be replaced: {why}')
            here[policy.id] = policy
            yield policy, tree, statement


def _policy(statement: Statement, tree: dict[str, Any]) -> Policy:
    """The policy with its annotations checked. Raises ``PackError``."""
    notes: dict[str, str] = tree.get("annotations", {})
    for name in _REQUIRED:
        if name not in notes:
            raise statement.wrong(f"the policy has no @{name}")
        if not notes[name] and not (name == "instead" and notes.get("lane") == "green"):
            raise statement.wrong(f"@{name} is empty")
    for name in notes.keys() - {*_REQUIRED, *_OPTIONAL}:
        raise statement.wrong(f"there is no annotation @{name}")
    try:
        lane = Lane(notes["lane"])
    except ValueError:
        raise statement.wrong(f"there is no lane '{notes['lane']}': green, amber, red or closed") from None
    safeguards = tuple(sorted(one.strip() for one in notes.get("safeguards", "").split(",") if one.strip()))
    reads = cedar.reads(tree)
    if wrong := _wrong_lane(tree, lane, safeguards, reads):
        raise statement.wrong(wrong)
    for unknown in sorted(set(safeguards) - SAFEGUARDS.keys()):
        raise statement.wrong(f"there is no safeguard '{unknown}': {', '.join(SAFEGUARDS)}")
    for unknown in sorted((placeholders(notes["says"]) | placeholders(notes["instead"])) - _SPEAKABLE):
        raise statement.wrong(f"the sentence names '{unknown}', which is no fact")
    return Policy(
        id=notes["id"],
        lane=lane,
        says=notes["says"],
        instead=notes["instead"],
        owner=notes["owner"],
        safeguards=safeguards,
        fixed=notes.get("fixed", ""),
        verbs=cedar.verbs_of(tree),
        reads=reads,
        file=statement.file,
        line=statement.line,
        text=statement.text,
        digest=digest.sha256(statement.text.encode()),
    )


def _wrong_lane(tree: dict[str, Any], lane: Lane, safeguards: tuple[str, ...], reads: frozenset[str]) -> str:
    """Why a policy's lane does not fit its form, empty where it fits.

    A permit lets something through, so it is green or amber. A forbid is red when an approval lifts it, and closed when
    nothing does; the second evaluation could not tell otherwise.
    """
    if tree["effect"] == "permit":
        if lane in {Lane.RED, Lane.CLOSED}:
            return f"a permit cannot be '{lane}': what lets something through is green or amber"
        if "approved" in reads:
            return "a permit cannot ask for an approval; write a red forbid with '!context.approved' instead"
        if (lane is Lane.AMBER) != bool(safeguards):
            return "an amber permit names its @safeguards, a green one has none"
        return ""
    if lane in {Lane.GREEN, Lane.AMBER}:
        return f"a forbid cannot be '{lane}': what holds something up is red or closed"
    if safeguards:
        return "a forbid has no @safeguards: they belong to the permit that lets it through"
    if lane is Lane.RED and not cedar.needs_no_approval(tree):
        return "a red forbid must end with '&& !context.approved', or no approval could ever lift it"
    if lane is Lane.CLOSED and "approved" in reads:
        return "a closed forbid cannot look at 'approved': nothing lifts it"
    return ""


def _verbs_named(policies: Iterable[Policy]) -> list[str]:
    named = {verb for policy in policies for verb in policy.verbs or ()}
    return sorted(named) or ["publish"]
