"""The passport of an artifact: what it is, what was decided about it, under which conditions, and who answers for it.

One JSON file of signed statements, the receipts they rest on, and a log proof for each. It verifies offline with nothing
but the files and the trust root. Its digest is over the artifact's statement alone and is fixed when it is deployed;
everything around that statement may grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from greenlane.kit import digest as digests
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.bundle import Attester, open_bundle, read_statement, sign_bundle, statement
from greenlane.ledger.note import SignatureDoesNotHold, b64, unb64
from greenlane.ledger.proof import NotProven, Proof
from greenlane.ledger.receipt import NotAReceipt, Receipt
from greenlane.ledger.trust import Trust

FORMAT = "passport/1"
SLSA = "https://slsa.dev/provenance/v1"
CYCLONEDX = "https://cyclonedx.org/bom"
DECISION = "urn:greenlane:decision/v1"
USE = "urn:greenlane:use/v1"
COST = "urn:greenlane:cost/v1"
UPLOAD = "urn:greenlane:upload/v1"
BUILD = "urn:greenlane:build/v1"
MANIFEST = "greenlane:manifest"
"""The subject that stands for all files together; a file of that name would not verify."""

KINDS = {"artifact": SLSA, "decision": DECISION, "use": USE, "cost": COST, "sbom": CYCLONEDX}
"""The statements of a passport. ``artifact`` is always there."""


def artifact_statement(
    *,
    origin: str,
    app: str,
    deploy: str,
    manifest: str,
    files: Mapping[str, str],
    started: str,
    finished: str,
    by_agent: bool = False,
    built: Mapping[str, Any] | None = None,
) -> bytes:
    """SLSA provenance v1 of an artifact: every file by path and digest, and the manifest's digest.

    ``started`` and ``finished`` are stamps. Holds nothing that could change later, and nobody's name. ``built`` is the
    record of the build that made the files, written by the platform outside of it: ``invocation``, ``started``,
    ``finished``, ``parameters``, ``materials`` (resource descriptors) and ``byproducts``.
    """
    if built is not None:
        predicate = _of_a_build(origin, app, deploy, by_agent, built)
        return statement(SLSA, predicate, {**files, MANIFEST: manifest})
    predicate = {
        "buildDefinition": {
            "buildType": UPLOAD,
            "externalParameters": {"app": app, "deploy": deploy, "madeByAgent": by_agent},
            "internalParameters": {},
            "resolvedDependencies": [],
        },
        "runDetails": {
            "builder": {"id": f"urn:greenlane:{origin}"},
            "metadata": {"invocationId": deploy, "startedOn": started, "finishedOn": finished},
        },
    }
    return statement(SLSA, predicate, {**files, MANIFEST: manifest})


def _of_a_build(origin: str, app: str, deploy: str, by_agent: bool, built: Mapping[str, Any]) -> dict[str, Any]:
    """SLSA provenance v1 of what a build made (slsa.dev/spec/v1.0/provenance)."""
    return {
        "buildDefinition": {
            "buildType": BUILD,
            "externalParameters": {"app": app, "deploy": deploy, "madeByAgent": by_agent, **built["parameters"]},
            "internalParameters": {},
            "resolvedDependencies": list(built["materials"]),
        },
        "runDetails": {
            "builder": {"id": f"urn:greenlane:{origin}:builder"},
            "metadata": {
                "invocationId": built["invocation"],
                "startedOn": built["started"],
                "finishedOn": built["finished"],
            },
            "byproducts": list(built["byproducts"]),
        },
    }


def passport_digest(artifact: bytes) -> str:
    """The passport's digest: that of the artifact's statement."""
    return digests.sha256(artifact)


def build(
    attester: Attester,
    trust: Trust,
    *,
    artifact: bytes,
    decision: Mapping[str, Any],
    use: Sequence[Mapping[str, Any]] = (),
    cost: Mapping[str, Any] | None = None,
    sbom: Mapping[str, Any] | None = None,
    receipts: Sequence[tuple[bytes, Proof]] = (),
) -> dict[str, Any]:
    """A passport around an artifact's statement.

    ``decision`` has ``lane``, ``policies`` (each with ``id``, ``text``, ``says``, ``owner``, ``digest`` of the text),
    ``safeguards`` still in force, ``owner`` and ``approver`` (each ``{"id", "name"}``; no approver where none was asked,
    and an approver who confirmed their own request in an organisation of one is marked ``unreviewed``).
    ``use`` are edges, ``receipts`` bytes and log proofs in order of the log; the lane is that of the last one decided.
    """
    subjects = read_statement(artifact, SLSA)["subject"]
    about = {one["name"]: one["digest"]["sha256"] for one in subjects if one["name"] == MANIFEST}
    rests_on = [{"index": proof.index, "digest": digests.sha256(data)} for data, proof in receipts]
    payloads = {
        "artifact": artifact,
        "decision": statement(DECISION, {**decision, "receipts": rests_on}, about),
        "use": statement(USE, {"edges": list(use)}, about),
        "cost": statement(COST, dict(cost or {}), about),
    }
    if sbom is not None:
        payloads["sbom"] = statement(CYCLONEDX, sbom, about)
    key = next(iter(sorted(trust.attestation)))
    return {
        "greenlane": FORMAT,
        "digest": passport_digest(artifact),
        "bundles": {name: sign_bundle(payload, attester, key) for name, payload in payloads.items()},
        "receipts": [{"bytes": b64(data), "proof": str(proof)} for data, proof in receipts],
    }


@dataclass(frozen=True, slots=True)
class PassportReport:
    """What a passport says, and what about it does not hold. Nothing here comes from an unsigned part."""

    digest: str
    app: str = ""
    deploy: str = ""
    decision: Mapping[str, Any] = field(default_factory=dict)
    cost: Mapping[str, Any] = field(default_factory=dict)
    receipts: int = 0
    witnessed: bool = False
    origin: str = ""
    problems: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything in it was found to be true."""
        return not self.problems

    def words(self) -> list[str]:
        """What a stranger reads, one sentence a line."""
        if self.problems:
            return ["This passport does not hold.", *self.problems]
        approver = self.decision.get("approver")
        answers = self.decision["owner"].get("name") or self.decision["owner"]["id"]
        lines = [
            f"These files are {self.app}, deploy {self.deploy}, exactly as they were deployed.",
            f"{answers} answers for it.",
            f"It was decided in the {self.decision['lane']} lane.",
        ]
        if approver:
            name = approver.get("name") or approver["id"]
            alone = approver.get("unreviewed")
            lines.append(f"{name} confirmed it alone: nobody else reviewed it." if alone else f"{name} approved it.")
        lines += [f"{one['says']} (policy {one['id']}, owned by {one['owner']})" for one in self.decision["policies"]]
        lines += [f"Still in force: {one}." for one in self.decision["safeguards"]]
        lines.append(f"{self.receipts} receipts are in the log {self.origin}.")
        if not self.witnessed:
            lines.append("No witness has confirmed that log.")
        return lines


def verify_passport(passport: Mapping[str, Any], files: Mapping[str, str], trust: Trust) -> PassportReport:
    """Verify a passport offline against the files at hand (path -> SHA-256 digest) and a trust root.

    Every problem is named: a signature, a file that is missing, extra or changed, a receipt that the log does not hold.
    """
    digest = str(passport.get("digest", ""))
    problems: list[str] = []
    statements: dict[str, dict[str, Any]] = {}
    try:
        if passport.get("greenlane") != FORMAT:
            raise SignatureDoesNotHold("This is not a passport that this version can read.")
        for name, bundle in passport["bundles"].items():
            payload = open_bundle(bundle, trust.attestation)
            statements[name] = read_statement(payload, KINDS[name])
            if name == "artifact" and passport_digest(payload) != digest:
                problems.append("The passport's digest is not that of its artifact.")
        artifact, decision = statements["artifact"], statements["decision"]["predicate"]
    except (SignatureDoesNotHold, KeyError, AttributeError) as error:
        return PassportReport(digest, problems=(*problems, _text(error)))
    named = {one["name"]: one["digest"]["sha256"] for one in artifact["subject"]}
    manifest = named.pop(MANIFEST, None)
    problems += _files(named, {path: digests.bare(one) for path, one in files.items()})
    for name, document in statements.items():
        about = {one["name"]: one["digest"]["sha256"] for one in document["subject"]}
        if about.get(MANIFEST) != manifest:
            problems.append(f"The statement about {name} is about another artifact.")
    for policy in decision["policies"]:
        if digests.sha256(policy["text"].encode()) != policy["digest"]:
            problems.append(f"The words of policy {policy['id']} are not those that its digest names.")
    receipts = passport.get("receipts", [])
    problems += _receipts(receipts, decision, trust)
    build_of = artifact["predicate"]["buildDefinition"]["externalParameters"]
    return PassportReport(
        digest,
        app=build_of["app"],
        deploy=build_of["deploy"],
        decision=decision,
        cost=statements["cost"]["predicate"] if "cost" in statements else {},
        receipts=len(receipts),
        witnessed=trust.witness is not None and bool(receipts),
        origin=trust.origin,
        problems=tuple(problems),
    )


def _files(named: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """What is missing, extra or changed, by path."""
    missing = [f"{path} is missing." for path in sorted(named.keys() - there.keys())]
    extra = [f"{path} does not belong to it." for path in sorted(there.keys() - named.keys())]
    changed = [f"{path} was changed." for path in sorted(named.keys() & there.keys()) if named[path] != there[path]]
    return missing + extra + changed


def _receipts(receipts: Sequence[Mapping[str, str]], decision: Mapping[str, Any], trust: Trust) -> list[str]:
    """Whether the receipts are those that the decision rests on, in the log, and of the lane that is claimed."""
    problems: list[str] = []
    found: list[dict[str, Any]] = []
    lane = None
    for one in receipts:
        try:
            data, proof = unb64(one["bytes"]), Proof.parse(one["proof"])
            proof.check(data, trust.log, trust.witness)
            lane = Receipt.decode(data).decided.get("lane", lane)
        except (NotProven, SignatureDoesNotHold, NotAReceipt, ValueError, KeyError) as error:
            problems.append(f"A receipt is not in the log: {_text(error)}")
            continue
        found.append({"index": proof.index, "digest": digests.sha256(data)})
    if not problems and found != decision["receipts"]:
        problems.append("The receipts are not those that the decision rests on.")
    if lane is not None and lane != decision["lane"]:
        problems.append(f"The lane is said to be {decision['lane']}, but the receipts say {lane}.")
    return problems


def _text(error: Exception) -> str:
    return error.message if isinstance(error, GreenlaneError) else f"a part of it is missing ({error})."
