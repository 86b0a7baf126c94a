"""Checking the evidence of a review (``gathering``), which needs no server.

It is checked with nothing but the document and the public keys: the frozen list and every decision are held against
the receipts, and each receipt against the signed log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from greenlane.govern.action import REGISTRY
from greenlane.kit import digest
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.exported import verify_export
from greenlane.ledger.note import unb64
from greenlane.ledger.receipt import NotAReceipt, Receipt
from greenlane.ledger.trust import Trust

FORMAT = "access-review/1"

_DECIDING = {"keep": "keep-access", "remove": "remove-access"}


def faults(document: Mapping[str, Any], trust: Trust) -> list[str]:
    """What does not hold in some evidence, in words; nothing where all of it does. Needs no server."""
    try:
        if document["greenlane"] != FORMAT:
            return ["This is not the evidence of a review."]
        if fault := _log_fault(document["receipts"], trust):
            return [fault]
        receipts = [Receipt.decode(unb64(line["bytes"])) for line in document["receipts"][1:]]
        done = {str(one.action["id"]): one for one in receipts if one.happened.get("state") == "done"}
        return [*_list_faults(document, done), *_decision_faults(document, done), *_end_faults(document, done)]
    except (KeyError, TypeError, ValueError, NotAReceipt, GreenlaneError) as error:
        return [f"It cannot be read: {error}."]


def _log_fault(lines: Sequence[Mapping[str, Any]], trust: Trust) -> str:
    """Why the receipts are not those of the log; empty where they are."""
    with TemporaryDirectory(prefix="greenlane-") as folder:
        file = Path(folder) / "receipts.jsonl"
        file.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in lines))
        report = verify_export(file, trust)
    return "" if report.fault is None else f"A receipt does not hold: {report.fault.reason}."


def _list_faults(document: Mapping[str, Any], done: Mapping[str, Receipt]) -> list[str]:
    review = document["review"]
    began = done.get(review["action"])
    if began is None or began.action["verb"] != "start-review" or began.happened["review"] != review["id"]:
        return ["No receipt says that this review was started."]
    if digest.of(document["rights"]) != began.happened["digest"]:
        return ["The list of rights is not the one that the review started with."]
    stated = (began.happened["due"], began.happened["reviewers"])
    return [] if stated == (review["due"], review["reviewers"]) else ["The review was started with other words."]


def _decision_faults(document: Mapping[str, Any], done: Mapping[str, Receipt]) -> list[str]:
    rights = {one["id"] for one in document["rights"]}
    if [one["id"] for one in document["decisions"]] != [one["id"] for one in document["rights"]]:
        return ["The decisions are not about the rights of the review."]
    last: dict[str, str] = {}
    for action, one in done.items():
        if one.action["verb"] in _DECIDING.values():
            last |= {right: action for right in one.action["inputs"]["rights"] if right in rights}
    found = []
    for one in document["decisions"]:
        fault = _fault_of(one, done, last.get(one["id"]))
        found += [f"{one['id']}: {fault}."] if fault else []
    return found


def _fault_of(one: Mapping[str, Any], done: Mapping[str, Receipt], last: str | None) -> str:
    """What is wrong with one decision. ``last`` is the action that decided the right last, by the receipts."""
    if one["action"] != last:
        return "the receipts say otherwise who decided it last"
    if last is None:
        return "it was not decided" if one["decided"] else ""
    receipt = done[last]
    if receipt.action["verb"] != _DECIDING.get(one["decided"]) or receipt.actor[-1]["id"] != one["by"]:
        return "its receipt says another decision, or another person"
    if one["because"]:
        verb = REGISTRY.named(receipt.action["verb"])
        said = verb.build({**receipt.action["inputs"], "because": one["because"]})
        if verb.digest_of(said) != receipt.action["digest"]:
            return "the reason is not the one that was given"
    if one["decided"] == "remove" and receipt.happened["removed"].get(one["id"]) != one["removed"]:
        return "its receipt says otherwise whether it was taken away"
    return "no receipt says that it was taken away" if one["removed"] and one["removed"] not in done else ""


def _end_faults(document: Mapping[str, Any], done: Mapping[str, Receipt]) -> list[str]:
    closing = [one for one in done.values() if one.action["verb"] == "close-review"]
    if not document["review"]["closed"]:
        return ["A receipt says that this review was closed."] if closing else []
    words = ("because", "trouble")
    decided = [{name: value for name, value in one.items() if name not in words} for one in document["decisions"]]
    if not any(one.happened["digest"] == digest.of(decided) for one in closing):
        return ["The decisions are not those with which the review was closed."]
    return []
