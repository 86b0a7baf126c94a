"""What every driver promises, tried on each of them, and what the local one adds."""

from __future__ import annotations

import os
import queue
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.runtime.apps import ASGI, FUNCTION, WSGI, function, get, release
from tests.runtime.conftest import LIMITS

from greenlane.kit.blobs import Blobs
from greenlane.runtime.building import gathering
from greenlane.runtime.driver import CannotRun, DidNotStart, Instance, RuntimeDriver
from greenlane.runtime.egress.fake import FakeWaysOut
from greenlane.runtime.fake import FakeDriver
from greenlane.runtime.local import LocalDriver
from greenlane.runtime.release import Key, Release
from greenlane.runtime.sandbox import Ended, Jailer

PATIENT = replace(LIMITS, seconds=None)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def local(jailer: Jailer, tmp_path: Path, blobs: Blobs) -> Iterator[LocalDriver]:
    sockets = Path(tempfile.mkdtemp(prefix="gl-"))
    driver = LocalDriver(jailer, tmp_path / "runtime", sockets, blobs, PATIENT, FakeWaysOut(sockets / "out"))
    yield driver
    driver.close()
    shutil.rmtree(sockets)


@pytest.fixture(params=["fake", "local"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RuntimeDriver]:
    if request.param == "local":
        yield request.getfixturevalue("local")
        return
    folder = Path(tempfile.mkdtemp(prefix="gl-"))
    fake = FakeDriver(folder)
    yield fake
    fake.close()
    shutil.rmtree(folder)


class Started:
    """A release that was started, with what it wrote and how it ended."""

    def __init__(self, driver: RuntimeDriver, one: Release) -> None:
        self.said = b""
        self.over: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self.instance: Instance = driver.ensure(one, self._hear, self.over.put)

    def _hear(self, chunk: bytes) -> None:
        self.said += chunk


# -- every driver ------------------------------------------------------------------------------------------------------


def test_a_release_answers_once_it_is_started(driver: RuntimeDriver, blobs: Blobs) -> None:
    assert driver.capabilities().refused == ""
    one = Started(driver, release(blobs, "asgi", "main:app", {"main.py": ASGI}))
    assert one.instance.probe()
    assert get(one.instance.endpoint)[1].startswith(b"hello")
    assert one.instance.ended is None


def test_a_release_that_is_stopped_is_gone_and_says_so(driver: RuntimeDriver, blobs: Blobs) -> None:
    one = Started(driver, release(blobs, "asgi", "main:app", {"main.py": ASGI}))
    one.instance.stop(5)
    assert one.over.get(timeout=10).why == "killed"
    assert not one.instance.probe()
    assert not one.instance.endpoint.exists()


def test_a_release_that_ends_at_once_did_not_start(driver: RuntimeDriver, blobs: Blobs) -> None:
    with pytest.raises(DidNotStart) as failed:
        Started(driver, release(blobs, "asgi", "broken", {"broken.py": "raise SystemExit('no key')"}))
    assert failed.value.ended is not None
    assert failed.value.ended.why == "failed"


def test_what_is_no_kind_of_app_cannot_run(driver: RuntimeDriver, blobs: Blobs) -> None:
    one = release(blobs, "cobol", "main", {"main.cob": "STOP RUN."})
    with pytest.raises(CannotRun):
        driver.plan(one)


def test_two_releases_run_beside_each_other(driver: RuntimeDriver, blobs: Blobs) -> None:
    first = Started(driver, release(blobs, "asgi", "main:app", {"main.py": ASGI}))
    second = Started(driver, release(blobs, "asgi", "main:app", {"main.py": ASGI}))
    assert first.instance.endpoint != second.instance.endpoint
    first.instance.stop(0)
    assert get(second.instance.endpoint)[0].status == 200


def test_closing_a_driver_ends_everything(driver: RuntimeDriver, blobs: Blobs) -> None:
    one = Started(driver, release(blobs, "asgi", "main:app", {"main.py": ASGI}))
    driver.close()
    assert one.over.get(timeout=10)
    assert not one.instance.probe()


# -- this machine's sandboxes ------------------------------------------------------------------------------------------


def test_a_wsgi_app_and_one_that_a_call_makes(local: LocalDriver, blobs: Blobs) -> None:
    for entry in ("pkg.web:app", "pkg.web:make()"):
        one = Started(local, release(blobs, "wsgi", entry, {"pkg/web.py": WSGI, "pkg/__init__.py": ""}))
        assert get(one.instance.endpoint, "/there")[1] == b"wsgi at /there"


def test_a_dash_app_is_served_by_the_server_within_it(local: LocalDriver, blobs: Blobs) -> None:
    files = {
        "app.py": WSGI.replace("def app", "def inner")
        + "\nclass Dash:\n    server = staticmethod(inner)\napp = Dash()\n"
    }
    files["app.py"] = files["app.py"].replace("    return app\n", "    return inner\n")
    one = Started(local, release(blobs, "dash", "app:app", files))
    assert get(one.instance.endpoint, "/board")[1] == b"wsgi at /board"


def test_an_app_that_insists_on_a_port_gets_one_of_its_own(local: LocalDriver, blobs: Blobs) -> None:
    script = (
        "import os, http.server\n"
        "class Hello(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.end_headers(); self.wfile.write(b'by a port')\n"
        "address = (os.environ['GRADIO_SERVER_NAME'], int(os.environ['GRADIO_SERVER_PORT']))\n"
        "http.server.ThreadingHTTPServer(address, Hello).serve_forever()\n"
    )
    one = Started(local, release(blobs, "gradio", "app.py", {"app.py": script}))
    assert get(one.instance.endpoint)[1] == b"by a port"


def test_packages_that_an_app_brings_come_before_the_platforms(
    local: LocalDriver, blobs: Blobs, tmp_path: Path
) -> None:
    text = "import h11, mine\nassert mine.HERE\nimport os\nos.environ['GREETING'] = h11.OWN\n" + ASGI
    (tmp_path / "layer" / "h11").mkdir(parents=True)
    (tmp_path / "layer" / "mine.py").write_text("HERE = True")
    (tmp_path / "layer" / "h11" / "__init__.py").write_text("OWN = 'its own'")
    layer = gathering.pack(tmp_path / "layer", blobs, gathering.Bounds(), within=tmp_path)
    one = Started(local, release(blobs, "asgi", "main:app", {"main.py": text}, layers=(layer["digest"],)))
    assert get(one.instance.endpoint)[1] == b"its own from /"


def test_variables_are_handed_in_and_what_it_says_is_heard(local: LocalDriver, blobs: Blobs) -> None:
    files = {"main.py": "print('speaking', flush=True)\n" + ASGI}
    one = Started(
        local, release(blobs, "asgi", "main:app", files, variables={"GREETING": "good day", "LD_PRELOAD": "x"})
    )
    assert get(one.instance.endpoint, "/a")[1] == b"good day from /a"
    assert one.said == b"speaking\n"


def test_what_an_app_stores_stays_and_belongs_to_one_environment(local: LocalDriver, blobs: Blobs) -> None:
    text = (
        "import os, sqlite3\n"
        "path = os.environ['DATABASE_URL'].removeprefix('sqlite:///')\n"
        "with sqlite3.connect(path) as db:\n"
        "    db.execute('create table if not exists visit (n)'); db.execute('insert into visit values (1)')\n"
        "    count = db.execute('select count(*) from visit').fetchone()[0]\n"
        "os.environ['GREETING'] = str(count)\n"
    ) + ASGI
    counts = []
    for environment in ("production", "production", "staging"):
        one = Started(local, release(blobs, "asgi", "m:app", {"m.py": text}, key=Key("counter", environment, "d1")))
        counts.append(get(one.instance.endpoint)[1].split()[0])
        one.instance.stop(5)
        one.over.get(timeout=10)
    assert counts == [b"1", b"2", b"1"]


def test_python_files_are_compiled_before_the_app_first_starts(
    local: LocalDriver, blobs: Blobs, tmp_path: Path
) -> None:
    Started(local, release(blobs, "asgi", "main:app", {"main.py": ASGI, "bad.py": "def"}))
    assert [one.name.split(".")[0] for one in (tmp_path / "runtime" / "files").rglob("*.pyc")] == ["main"]


def test_a_function_answers_by_its_path_and_method(local: LocalDriver, blobs: Blobs) -> None:
    declared = [function("hello", "/hello/:name"), function("only", "/hello/only", methods=("POST",))]
    files = {"functions/hello.ts": FUNCTION, "functions/only.ts": FUNCTION}
    one = Started(local, release(blobs, "functions", "", files, functions=declared))
    answer, body = get(one.instance.endpoint, "/hello/you", X_Forwarded_Host="app.example")
    assert body == b"hello you by GET at app.example"
    assert answer.headers["set-cookie"].startswith("seen=yes")
    assert get(one.instance.endpoint, "/elsewhere")[0].status == 404
    refused, _ = get(one.instance.endpoint, "/hello/you", method="DELETE")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, POST")


def test_a_function_that_fails_fails_alone_and_says_why_in_the_log(local: LocalDriver, blobs: Blobs) -> None:
    files = {
        "functions/bad.ts": "export default () => { throw new Error('the reason'); }",
        "functions/none.ts": "export const x = 1;",
        "functions/late.ts": "export default () => { Promise.reject(new Error('later')); return new Response('fine'); }",
    }
    declared = [function(name, f"/{name}") for name in ("bad", "none", "late")]
    one = Started(local, release(blobs, "functions", "", files, functions=declared))
    assert get(one.instance.endpoint, "/bad")[0].status == 500
    assert get(one.instance.endpoint, "/none")[0].status == 500
    assert get(one.instance.endpoint, "/late")[1] == b"fine"
    assert get(one.instance.endpoint, "/late")[1] == b"fine"
    assert b"the reason" in one.said


def test_a_function_streams_its_answer(local: LocalDriver, blobs: Blobs) -> None:
    text = (
        "export default () => new Response(new ReadableStream({ async start(out) {"
        " for (const part of ['a', 'b', 'c']) { out.enqueue(new TextEncoder().encode(part)); await new Promise(r => setTimeout(r, 5)); }"
        " out.close(); } }));"
    )
    one = Started(local, release(blobs, "functions", "", {"functions/s.ts": text}, functions=[function("s", "/s")]))
    assert get(one.instance.endpoint, "/s")[1] == b"abc"


def test_a_background_function_is_not_waited_for(local: LocalDriver, blobs: Blobs) -> None:
    text = "export default async () => { await new Promise(r => setTimeout(r, 50)); console.log('worked'); }"
    declared = [function("w", "/w", background=True)]
    one = Started(local, release(blobs, "functions", "", {"functions/w.ts": text}, functions=declared))
    assert get(one.instance.endpoint, "/w", method="POST")[0].status == 202


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give users of their own")
def test_each_app_in_each_environment_is_a_user_of_its_own(local: LocalDriver, blobs: Blobs) -> None:
    text = "import os\nos.environ['GREETING'] = str(os.getuid())\n" + ASGI
    users = set()
    for app, environment in (("one", "production"), ("one", "staging"), ("two", "production")):
        one = Started(local, release(blobs, "asgi", "m:app", {"m.py": text}, key=Key(app, environment, "d1")))
        users.add(get(one.instance.endpoint)[1].split()[0])
    assert len(users) == 3
    assert b"0" not in users


def test_a_link_in_the_place_of_its_socket_leads_nobody_anywhere(
    local: LocalDriver, blobs: Blobs, tmp_path: Path
) -> None:
    """An app may put what it likes where its socket is meant to be; visitors are not sent along."""
    text = "import os\nos.symlink('/var/run/other.sock', '/run/app/http.sock')\nimport time\ntime.sleep(0.3)\nraise SystemExit(3)\n"
    with pytest.raises(DidNotStart):
        Started(local, release(blobs, "asgi", "m:app", {"m.py": text}))
