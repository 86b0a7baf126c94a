"""An app can check who visits it without a way out, by the examples that the documentation gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from tests.runtime.apps import function, get, release
from tests.runtime.conftest import local_driver

from greenlane.edge import ring
from greenlane.edge.ring import ALGORITHM, Ring
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import FakeClock, SystemClock
from greenlane.runtime.local import LocalDriver
from greenlane.runtime.release import Key
from greenlane.runtime.sandbox import Jailer

PAGE = (Path(__file__).parents[2] / "docs" / "apps-that-run.md").read_text()
KEY = Key("board", "production", "d1")

Makes = Callable[..., str]


def example(language: str) -> str:
    """The example on the page."""
    (found,) = re.findall(rf"```{language}\n(.*?def visitor.*?|.*?function visitor.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return tmp_path / "known"


@pytest.fixture
def token(tmp_path: Path, known: Path) -> Makes:
    """Makes tokens as the edge does, under keys that are laid out for apps."""
    keys, others = Ring(tmp_path / "keys", SystemClock()), Ring(tmp_path / "others", FakeClock())
    ring.publish(orjson.dumps(keys.known), known)

    def make(*, foreign: bool = False, **claims: Any) -> str:
        signing = (others if foreign else keys).signing
        now = int(SystemClock().now().timestamp())
        usual = {"sub": "p_ada", "aud": "board", "environment": "production", "exp": now + 300}
        return jwt.encode({"alg": ALGORITHM, "kid": signing.id}, {**usual, **claims}, signing.key)

    return make


REFUSED: list[dict[str, Any]] = [{"aud": "another"}, {"environment": "staging"}, {"exp": 1}, {"foreign": True}]


def test_the_example_in_python_believes_what_is_ours_alone(
    token: Makes, known: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("APP", "board"), ("ENVIRONMENT", "production"), ("JWKS", f"{known}/jwks.json")):
        monkeypatch.setenv(f"GREENLANE_{name}", value)
    program: dict[str, Any] = {}
    exec(compile(example("python"), "apps-that-run.md", "exec"), program)
    assert program["visitor"](token())["sub"] == "p_ada"
    for wrong in REFUSED:
        with pytest.raises((JoseError, ValueError)):
            program["visitor"](token(**wrong))


@pytest.fixture
def driver(jailer: Jailer, tmp_path: Path) -> Iterator[LocalDriver]:
    with local_driver(jailer, tmp_path, Blobs(tmp_path / "blobs")) as made:
        yield made


def test_the_example_in_typescript_believes_what_is_ours_alone_and_needs_no_way_out(
    driver: LocalDriver, token: Makes, known: Path, tmp_path: Path
) -> None:
    answers = """
export default async (request: Request): Promise<Response> => {
  try {
    return new Response(String((await visitor(request.headers.get("greenlane-identity") ?? "")).sub));
  } catch (error) {
    return new Response(String(error), { status: 403 });
  }
};
"""
    files = {"functions/who.ts": example("ts") + answers}
    one = release(Blobs(tmp_path / "blobs"), "functions", "", files, key=KEY, functions=[function("who", "/who")])
    instance = driver.ensure(one, lambda said: None, lambda ended: None)

    def asked(value: str) -> tuple[int, bytes]:
        answer, body = get(instance.endpoint, "/who", Greenlane_Identity=value)
        return answer.status, body

    assert asked(token()) == (200, b"p_ada")
    assert [asked(token(**wrong))[0] for wrong in REFUSED] == [403] * len(REFUSED)
    assert asked("nonsense")[0] == 403
    fresh = Ring(tmp_path / "fresh", SystemClock())
    good = {"sub": "p_bob", "aud": "board", "environment": "production", "exp": 2**40}
    another = jwt.encode({"alg": ALGORITHM, "kid": fresh.signing.id}, good, fresh.signing.key)
    assert asked(another)[0] == 403
    ring.publish(orjson.dumps(fresh.known), known)
    assert asked(another) == (200, b"p_bob"), "another key reaches what runs already"
