"""What the gateway's journals say, as rows: every call, every life of a process, and what each life spent.

Made from a batch's records and committed together with the batch's receipt, so that no record counts twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from greenlane.gateway import call_rows as calls
from greenlane.gateway import daily, tables
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.prices.money import micro_cents
from greenlane.gateway.usage import Usage
from greenlane.govern.effect import Rows
from greenlane.kit.clock import parse

_WHO = ("worker", "key", "app", "environment", "deploy", "use", "team", "person", "run")
"""Members of a call's first record that may be missing, and have a column."""
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("provider", "model", "outcome", "code", "ended_in"), ""),
    **dict.fromkeys(("reserved", "pico", "micro_cents", "read", "written", "ms", "first_ms", "status"), 0),
    "state": "open",
    "budgets": [],
    "ended": "{}",
}
"""What a row says that no record has said yet."""
_AT_ONCE = 500
"""Calls that are looked up with one question."""

_COUNTED = tuple(tables.CALL.c[name] for name in (*daily.KEYS, "state", "pico", "read", "written"))
"""What the sums by day need of a call's row."""

_Open = tuple[str, str, str]
"""A life, a budget, and when its period began."""


def rows_of(slot: int, batch: str, records: Sequence[bytes]) -> Rows:
    """The rows of one batch. ``batch`` is its action's id; ValueError and KeyError for what is no record of ours."""
    lives: list[dict[str, Any]] = []
    begun: dict[str, dict[str, Any]] = {}
    ends: dict[str, dict[str, Any]] = {}
    rules: dict[str, dict[str, Any]] = {}
    for place, record in enumerate(records):
        said = orjson.loads(record)
        where = f"{batch}/{place}"
        match said["k"]:
            case "life":
                lives.append({"worker": said["worker"], "slot": slot, "began": said["at"], "over": False})
            case "begin":
                call = said["call"]
                begun[call] = _begun(slot, said, where)
            case "end" if (call := said["call"]) in begun:
                begun[call].update(_ended(said, where))
            case "end":
                ends[call] = _ended(said, where)
            case "refused":
                call = said["call"]
                begun[call] = _refused(slot, said, where)
            case "rules":
                rules[said["digest"]] = {"digest": said["digest"], "rules": said["rules"], "told_in": where}

    def rows(connection: Connection) -> None:
        for life in lives:
            connection.execute(insert(tables.LIFE).values(life))
        _tell(connection, rules)
        calls.put(connection, begun.values())
        sums = daily.counted(begun.values())
        spent = _spent_by(begun.values())
        settled, freed = _settle(connection, ends, sums)
        sums.write(connection)
        _add(connection, spent, settled, freed)

    return rows


def dead(connection: Connection, slots: int) -> dict[str, dict[Key, int]]:
    """Lives that are over, and all that each spent: open calls in full.

    One is over when the next one of its slot began; where there are only so many ``slots`` any more, those beyond are.
    """
    life = tables.LIFE.c
    living: dict[int, list[str]] = {}
    for row in connection.execute(select(life.worker, life.slot).where(life.over.is_(False)).order_by(life.began)):
        living.setdefault(row.slot, []).append(row.worker)
    found: dict[str, dict[Key, int]] = {}
    spent = tables.LIFE_SPENT.c
    for slot, workers in living.items():
        for worker in workers[:-1] if slot < slots else workers:
            rows = connection.execute(select(tables.LIFE_SPENT).where(spent.worker == worker))
            found[worker] = {Key(row.budget, parse(row.since)): row.settled + row.reserved for row in rows}
    return found


def over(workers: Iterable[str]) -> Rows:
    """Rows: these lives were buried."""
    names = list(workers)

    def rows(connection: Connection) -> None:
        connection.execute(update(tables.LIFE).where(tables.LIFE.c.worker.in_(names)).values(over=True))

    return rows


def _tell(connection: Connection, rules: Mapping[str, dict[str, Any]]) -> None:
    """Rules that were not told before: each worker tells them once in its life."""
    c = tables.RULES.c.digest
    known = set(connection.execute(select(c).where(c.in_(list(rules)))).scalars()) if rules else set()
    if fresh := [one for digest, one in rules.items() if digest not in known]:
        connection.execute(insert(tables.RULES), fresh)


def _begun(slot: int, said: dict[str, Any], where: str) -> dict[str, Any]:
    """A call's row by its first record. What has a column is taken out of the record, and the rest is kept as it is."""
    del said["k"]
    row = _who(slot, said)
    reserved = row["reserved"] = row["pico"] = int(said.pop("reserved"))
    row["provider"], row["model"] = said.pop("provider"), said.pop("model")[:200]
    row["micro_cents"] = micro_cents(reserved)
    row["budgets"], row["begun_in"] = said.pop("budgets"), where
    row["begun"] = orjson.dumps(said).decode()
    return row


def _refused(slot: int, said: dict[str, Any], where: str) -> dict[str, Any]:
    del said["k"]
    row = _who(slot, said)
    row["state"], row["code"], row["status"] = "refused", said.pop("code"), int(said.pop("status"))
    row["begun"], row["begun_in"] = orjson.dumps(said).decode(), where
    return row


def _who(slot: int, said: dict[str, Any]) -> dict[str, Any]:
    """What any call's row begins with; what its records have not said yet is empty."""
    row = _EMPTY.copy()
    row["id"], row["slot"], row["at"] = said.pop("call"), slot, said.pop("at")
    row["day"] = row["at"][:10]
    row["wire"], row["asked"] = said.pop("wire"), said.pop("asked")[:200]
    for name in _WHO:
        row[name] = said.pop(name, None) or ""
    return row


def _ended(said: dict[str, Any], where: str) -> dict[str, Any]:
    """What a call's last record changes of its row."""
    del said["k"], said["call"]
    usage = Usage(**said["usage"])
    pico = int(said.pop("pico"))
    row = {
        "state": "settled",
        "pico": pico,
        "micro_cents": micro_cents(pico),
        "read": usage.read,
        "written": usage.written,
        "ms": int(said.pop("ms") or 0),
        "first_ms": int(said.pop("first_ms") or 0),
        "outcome": said.pop("outcome"),
        "status": int(said.pop("status") or 0),
        "ended_in": where,
    }
    if tried := said.get("tries"):
        row["provider"], row["model"] = tried[-1]["provider"], tried[-1]["model"]
    row["ended"] = orjson.dumps(
        said
    ).decode()  # text at once: a batch of nested objects would keep Python counting them
    return row


def _spent_by(begun: Iterable[Mapping[str, Any]]) -> Counter[tuple[_Open, str]]:
    """What calls that began in this batch add to what lives spent: reserved while they are open, settled after that."""
    found: Counter[tuple[_Open, str]] = Counter()
    for one in begun:
        for budget, since in one["budgets"]:
            kind = "reserved" if one["state"] == "open" else "settled"
            found[(one["worker"], budget, since), kind] += one["pico"]
    return found


def _settle(
    connection: Connection, ends: Mapping[str, dict[str, Any]], sums: daily.Sums
) -> tuple[Counter[tuple[_Open, str]], Counter[tuple[_Open, str]]]:
    """End calls that began in earlier batches; what that adds to and takes from what lives spent."""
    added: Counter[tuple[_Open, str]] = Counter()
    freed: Counter[tuple[_Open, str]] = Counter()
    c, names = tables.CALL.c, list(ends)
    for at in range(0, len(names), _AT_ONCE):
        wanted = select(c.id, c.worker, c.budgets, c.reserved, *_COUNTED).where(c.id.in_(names[at : at + _AT_ONCE]))
        for row in connection.execute(wanted).all():
            before = dict(row._mapping)
            sums.add(before, -1)
            sums.add(before | ends[row.id])
            for budget, since in row.budgets:
                added[(row.worker, budget, since), "settled"] += ends[row.id]["pico"]
                freed[(row.worker, budget, since), "reserved"] += row.reserved
    calls.end(connection, ends)
    return added, freed


def _add(
    connection: Connection,
    spent: Counter[tuple[_Open, str]],
    settled: Counter[tuple[_Open, str]],
    freed: Counter[tuple[_Open, str]],
) -> None:
    """One writer alone writes these rows, so that looking before inserting is enough."""
    c = tables.LIFE_SPENT.c
    for worker, budget, since in {which for which, _ in (*spent, *settled, *freed)}:
        which = (worker, budget, since)
        more = {
            "settled": spent[which, "settled"] + settled[which, "settled"],
            "reserved": spent[which, "reserved"] - freed[which, "reserved"],
        }
        known = update(tables.LIFE_SPENT).where(c.worker == worker, c.budget == budget, c.since == since)
        changed = known.values(settled=c.settled + more["settled"], reserved=c.reserved + more["reserved"])
        if connection.execute(changed).rowcount == 0:
            named = {"worker": worker, "budget": budget, "since": since}
            connection.execute(insert(tables.LIFE_SPENT).values(**named, **more))
