"""The perimeter: what looking at a prompt and at a stream costs beside reading it, and how often chance is taken for data.

    python benchmarks/perimeter.py [--rounds 5] [--numbers 200000] [--json FILE]

The floor reads the request as JSON and looks for one letter in its text: what anything that looks at a prompt must do.
*clean* is a prompt of 2 KB of prose with every class looked for, 10,000 marks of secrets and 20 own patterns, in which
nothing stands; *masked* holds an address, a telephone number, a card, an account and a secret; *large* is 200 KB of
prose. *taken for data* is the share of rows of random digits, written as chance writes them, in which a class is found.
"""

from __future__ import annotations

import argparse
import json
import random
import string
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson

from greenlane.gateway.perimeter.classes import WORDS
from greenlane.gateway.perimeter.marks import marks_of
from greenlane.gateway.perimeter.perimeter import Perimeter

PROSE = "The quarterly report shows that deliveries arrived earlier than expected, although several suppliers changed. "
HELD = (
    "Ask alice@example.com or +49 30 12345678, card 4111 1111 1111 1111, DE89370400440532013000, key Tr0ub4dor-and-3."
)
KEY = b"k" * 32


def perimeter(marks: int, patterns: int) -> Perimeter:
    chance = random.Random(1)
    values = ["".join(chance.choices(string.ascii_letters + string.digits, k=24)) for _ in range(marks // 4)]
    known = frozenset().union(*(marks_of(value, KEY) for value in (*values, "Tr0ub4dor-and-3")))
    own = {f"own-{number}": {"pattern": rf"OWN{number}-[0-9]{{6}}"} for number in range(patterns)}
    rules = {name: {"action": "mask", "answers": "mask"} for name in (*WORDS, *own) if name != "attachment"}
    return Perimeter(rules, own, known, KEY)


def prompt(text: str) -> bytes:
    return orjson.dumps({"model": "m", "messages": [{"role": "user", "content": text}]})


def microseconds(work: Callable[[], object], rounds: int, times: int = 300) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, time.process_time() - began)
    return best / times * 1e6


def streamed(looking: Perimeter, rounds: int) -> float:
    events = [
        b"data: " + orjson.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": word + " "}}]}) + b"\n\n"
        for word in (PROSE * 5).split()
    ]

    def once() -> None:
        screen = looking.screen("openai-chat")
        for event in events:
            screen.feed(event)
        screen.close()

    return microseconds(once, rounds, 10) / len(events)


def taken(numbers: int) -> dict[str, float]:
    chance = random.Random(2)
    looking = perimeter(0, 0)
    found: Counter[str] = Counter()
    for _ in range(numbers // 100):
        lines = ["".join(chance.choices(string.digits, k=chance.randint(6, 19))) for _ in range(100)]
        found.update(looking.look(prompt("id: " + "\nid: ".join(lines))).masked)
    return {name: found[name] / numbers for name in sorted(found)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--numbers", type=int, default=200_000)
    arguments.add_argument("--json", type=Path)
    chosen = arguments.parse_args()
    looking = perimeter(10_000, 20)
    clean = prompt((PROSE * 20)[:2_000])
    masked = prompt((PROSE * 20)[:1_880] + HELD)
    large = prompt((PROSE * 2_000)[:200_000])
    figures = {
        "floor us": microseconds(lambda: "@" in orjson.loads(clean)["messages"][0]["content"], chosen.rounds),
        "clean us": microseconds(lambda: looking.look(clean), chosen.rounds),
        "masked us": microseconds(lambda: looking.look(masked), chosen.rounds),
        "large us a KB": microseconds(lambda: looking.look(large), chosen.rounds, 10) / 200,
        "streamed us an event": streamed(looking, chosen.rounds),
        "taken for data": taken(chosen.numbers),
    }
    assert looking.look(clean).body is clean
    assert sum(looking.look(masked).masked.values()) == 5
    print(json.dumps(figures, indent=2))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
