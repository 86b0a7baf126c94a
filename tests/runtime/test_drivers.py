"""What every driver promises, tried on each of them, and what the local one adds."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.runtime.apps import ASGI, FUNCTION, WSGI, function, get, release
from tests.runtime.conftest import QUOTA, WAYS, local_driver
from tests.stories.running import until

from greenlane.kit.blobs import Blobs
from greenlane.runtime.bubblewrap import PROGRAMS
from greenlane.runtime.building import gathering
from greenlane.runtime.driver import CannotRun, DidNotStart, Instance, RuntimeDriver
from greenlane.runtime.fake import FakeDriver
from greenlane.runtime.jail import Ended
from greenlane.runtime.local import LocalDriver, installed_deno
from greenlane.runtime.release import Key, Release
from greenlane.runtime.sandbox import Jailer


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def local(jailer: Jailer, tmp_path: Path, blobs: Blobs) -> Iterator[LocalDriver]:
    with local_driver(jailer, tmp_path, blobs) as driver:
        yield driver


@pytest.fixture(params=["fake", *WAYS])
def driver(request: pytest.FixtureRequest, tmp_path: Path, blobs: Blobs) -> Iterator[RuntimeDriver]:
    if request.param != "fake":
        with local_driver(request.getfixturevalue(request.param), tmp_path, blobs) as one:
            yield one
        return
    folder = Path(tempfile.mkdtemp(prefix="gl-"))
    fake = FakeDriver(folder)
    yield fake
    fake.close()
    shutil.rmtree(folder)


class Started:
    """A release that was started, with what it wrote and how it ended."""

    def __init__(self, driver: RuntimeDriver, one: Release) -> None:
        self.key = one.key
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
    assert one.instance.endpoint.stat().st_mode & 0o777 == 0o666, "the edge that leads visitors here is another user"
    assert not list(one.instance.endpoint.parent.glob("*.new"))


def test_a_streamlit_script_finds_its_variables_where_streamlit_keeps_secrets(local: LocalDriver, blobs: Blobs) -> None:
    """Streamlit itself is a stand-in that reads the file as Streamlit does."""
    streamlit = (
        "import http.server, json, os, sys, tomllib\n"
        "kept = tomllib.load(open(os.path.expanduser('~/.streamlit/secrets.toml'), 'rb'))\n"
        "class Hello(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(kept).encode())\n"
        "port = int(sys.argv[sys.argv.index('--server.port') + 1])\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', port), Hello).serve_forever()\n"
    )
    value = 'a "quoted" \\ value\nof two lines, ünï\u2028'
    given = release(
        blobs, "streamlit", "app.py", {"app.py": "", "streamlit.py": streamlit}, variables={"CRM_KEY": value}
    )
    kept = json.loads(get(Started(local, given).instance.endpoint)[1])
    assert kept["CRM_KEY"] == value
    assert not {"PATH", "HOME", "HTTPS_PROXY"} & kept.keys()


def test_a_line_that_its_visitor_half_closed_is_answered_all_the_same(local: LocalDriver, blobs: Blobs) -> None:
    script = (
        "import gc, os, socket, time\n"
        "with socket.create_server((os.environ['GRADIO_SERVER_NAME'], int(os.environ['GRADIO_SERVER_PORT']))) as server:\n"
        "    while True:\n"
        "        line, _ = server.accept()\n"
        "        heard = b''\n"
        "        while data := line.recv(1000): heard += data\n"
        "        time.sleep(0.2); gc.collect()\n"
        "        line.sendall(heard.upper()); line.close()\n"
    )
    one = Started(local, release(blobs, "gradio", "app.py", {"app.py": script}))
    with socket.socket(socket.AF_UNIX) as visitor:
        visitor.settimeout(20)
        visitor.connect(str(one.instance.endpoint))
        visitor.sendall(b"hello")
        visitor.shutdown(socket.SHUT_WR)
        assert visitor.recv(100) == b"HELLO"


def test_what_a_flask_app_keeps_in_its_instance_folder_stays(local: LocalDriver, blobs: Blobs) -> None:
    text = WSGI.replace('b"wsgi at "', 'open("/app/instance/kept", "rb").read()') + (
        "import os\nos.makedirs('/app/instance', exist_ok=True)\n"
        "with open('/app/instance/kept', 'a') as kept: kept.write('x')\n"
    )
    key = Key("flasky", "production", "d1")
    for times in (1, 2):
        one = Started(local, release(blobs, "wsgi", "web:app", {"web.py": text}, key=key))
        assert get(one.instance.endpoint, "/")[1] == b"x" * times + b"/"
        one.instance.stop(0)


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


def test_what_deno_makes_of_functions_is_kept_and_is_not_the_apps_to_change(
    local: LocalDriver, blobs: Blobs, tmp_path: Path
) -> None:
    files = {"functions/hello.ts": FUNCTION, "functions/bad.ts": "export default ((("}
    declared = [function("bad", "/bad"), function("hello", "/hello/:name")]
    one = Started(local, release(blobs, "functions", "", files, functions=declared))
    assert get(one.instance.endpoint, "/hello/you")[1].startswith(b"hello you")
    assert get(one.instance.endpoint, "/bad")[0].status == 500
    [kept] = (tmp_path / "runtime" / "functions").iterdir()
    assert (kept / "gen/file/app/functions/hello.ts.js").exists()
    assert (kept / "gen/file/opt/greenlane/functions.ts.js").exists()
    assert {path.stat().st_uid for path in kept.rglob("*")} == {os.getuid()}
    shutil.copytree(kept, tmp_path / "looked-at")  # looking would write to it
    with sqlite3.connect(tmp_path / "looked-at" / "v8_code_cache_v2") as compiled:
        ours = {row[0].rpartition("/")[2] for row in compiled.execute("select specifier from codecache")}
        assert {"functions.ts", "context.ts"} < ours, "rehearsed"
        assert not {"hello.ts", "bad.ts"} & ours, "no function was loaded"
        assert compiled.execute("select count(*) from sqlite_stat1").fetchone()[0] > 0, "can be opened read-only"
    before = {path: path.stat().st_mtime_ns for path in kept.rglob("*")}
    again = Started(local, release(blobs, "functions", "", files, functions=declared))
    assert get(again.instance.endpoint, "/hello/you")[1].startswith(b"hello you")
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*")} == before


def test_before_a_function_starts_nothing_is_read_but_what_serves_it(tmp_path: Path) -> None:
    (tmp_path / "other.ts").write_text("export const never = 'asked for';")
    text = (PROGRAMS / "context.ts").read_text()
    assert text.count("file:///app/") == 1
    (tmp_path / "context.ts").write_text(text.replace("file:///app/", f"{tmp_path.as_uri()}/"))
    deno = installed_deno()
    assert deno is not None
    asked = [str(deno), "info", "--json", "--no-remote", "--no-config", "context.ts"]
    told = subprocess.run(asked, cwd=tmp_path, env={"DENO_DIR": f"{tmp_path}/kept"}, check=True, capture_output=True)
    assert [Path(one["local"]).name for one in json.loads(told.stdout)["modules"]] == ["context.ts"]


def test_a_function_answers_by_its_path_and_method(local: LocalDriver, blobs: Blobs) -> None:
    declared = [
        {**function("hello", "/hello/:name"), "excluded": ["/hello/nobody"]},
        function("only", "/hello/only", methods=("POST",)),
    ]
    files = {"functions/hello.ts": FUNCTION, "functions/only.ts": FUNCTION}
    one = Started(local, release(blobs, "functions", "", files, functions=declared))
    answer, body = get(one.instance.endpoint, "/hello/you", X_Forwarded_Host="app.example")
    assert body == b"hello you by GET at app.example"
    assert answer.headers["set-cookie"].startswith("seen=yes")
    assert get(one.instance.endpoint, "/elsewhere")[0].status == 404
    assert get(one.instance.endpoint, "/hello/nobody")[0].status == 404
    refused, _ = get(one.instance.endpoint, "/hello/you", method="DELETE")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, POST")


def test_a_path_without_a_pattern_is_matched_as_a_pattern_would(local: LocalDriver, blobs: Blobs) -> None:
    """Those of plain letters are compared as they are; whatever else an address may hold, a pattern decides."""
    text = "export default (_, context) => new Response(JSON.stringify(context.params));"
    paths = (
        "/",
        "/a.b/~c_d-1",
        "/a/",
        "/.well-known/x",
        "/up/../over",
        "/caf\u00e9",
        "/one{/two}?",
        "/:id/x",
        "/star/*",
    )
    declared = [function("s", *paths), function("out", "/plain/here")]
    declared[1]["excluded"] = ["/plain/here"]
    one = Started(
        local,
        release(blobs, "functions", "", {f"functions/{name}.ts": text for name in ("s", "out")}, functions=declared),
    )
    for asked, found in {
        **dict.fromkeys(
            ("/", "/?x=/a", "/a.b/~c_d-1", "/a/", "/.well-known/x", "/over", "/caf%C3%A9", "/one", "/one/two"), "{}"
        ),
        **dict.fromkeys(("/a", "/aXb/~c_d-1", "/a.b/~c_d-1/", "/A/", "/up/../ever", "/plain/here"), ""),
        "/7/x": '{"id":"7"}',
        "/star/a/../b": '{"0":"b"}',
        "/star/a/b": '{"0":"a/b"}',
    }.items():
        answer, body = get(one.instance.endpoint, asked)
        if found == "":
            assert answer.status == 404, asked
        else:
            assert (answer.status, body.decode()) == (200, found), asked


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
    until(lambda: b"the reason" in one.said, "the reason in the log")


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


def test_visitors_are_let_in_from_the_moment_that_it_listens(local: LocalDriver, blobs: Blobs) -> None:
    listens = """
import os, socket, time
os.umask(0o077)
line = socket.socket(socket.AF_UNIX)
line.bind("/run/app/http.sock")
line.listen(8)
time.sleep(60)
"""
    one = Started(local, release(blobs, "asgi", "main:app", {"main.py": listens}))
    assert one.instance.endpoint.stat().st_mode & 0o777 == 0o666, "the edge has no power to pass over that"


# -- what apps store ---------------------------------------------------------------------------------------------------

WRITER = """
import multiprocessing, os, threading
def write(name):
    number = 0
    with open("/data/" + name, "w") as file:
        while True:
            number += 1
            file.seek(0)
            file.write(str(number))
            file.flush()
for number in range(3):
    multiprocessing.get_context("fork").Process(target=write, args=(f"process-{number}",), daemon=True).start()
threading.Thread(target=write, args=("thread",), daemon=True).start()
"""
FILLER = """
import json
import os
async def app(scope, receive, send):
    try:
        with open("/data/more", "ab") as file:
            file.write(bytes(int(scope["path"][1:] or 0)))
        said = "written"
    except OSError as error:
        said = os.strerror(error.errno)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said.encode()})
"""


def content(folder: Path) -> dict[str, str]:
    return {one.name: one.read_text() for one in folder.iterdir()}


def test_all_processes_of_an_app_stand_still_while_it_is_held(local: LocalDriver, blobs: Blobs) -> None:
    one = release(blobs, "asgi", "main:app", {"main.py": WRITER + ASGI})
    started = Started(local, one)
    room = local.room(*one.key[:2])
    assert room is not None
    until(lambda: len(content(room.folder)) == 4, "four files")
    with local.still(*one.key[:2]):
        first = content(room.folder)
        until_later = time.monotonic() + 0.3
        while time.monotonic() < until_later:
            assert content(room.folder) == first
    until(lambda: all(content(room.folder)[name] != first[name] for name in first), "all of them to change")
    assert get(started.instance.endpoint)[0].status == 200


def test_nothing_starts_while_an_app_is_emptied(local: LocalDriver, blobs: Blobs) -> None:
    one = release(blobs, "asgi", "main:app", {"main.py": ASGI})
    first = Started(local, one)
    with ThreadPoolExecutor(1) as pool:
        with local.emptied(*one.key[:2]):
            assert first.instance.ended is not None
            second = pool.submit(Started, local, one)
            with pytest.raises(TimeoutError):
                second.result(0.3)
        assert get(second.result(20).instance.endpoint)[0].status == 200


def test_a_release_that_outgrew_its_quota_says_so_and_can_only_read_when_it_is_started_again(
    local: LocalDriver, blobs: Blobs
) -> None:
    one = release(blobs, "asgi", "main:app", {"main.py": FILLER})
    started = Started(local, one)
    assert get(started.instance.endpoint, f"/{QUOTA // 2}")[1] == b"written"
    assert not started.instance.outgrown
    assert get(started.instance.endpoint, f"/{QUOTA // 2 + 1}")[1] == b"written"
    until(lambda: started.instance.outgrown, "the quota to be noticed")
    started.instance.stop(5)
    again = Started(local, one)
    assert get(again.instance.endpoint, "/1")[1] == b"Read-only file system"
    assert not again.instance.outgrown, "it was told already"


def test_a_file_grows_no_further_than_a_quarter_over_the_quota(local: LocalDriver, blobs: Blobs) -> None:
    started = Started(local, release(blobs, "asgi", "main:app", {"main.py": FILLER}))
    assert get(started.instance.endpoint, f"/{QUOTA * 2}")[1] == b"File too large"
    room = local.room(*started.key[:2])
    assert room is not None
    assert room.stored <= QUOTA + QUOTA // 4 + 8192


def test_many_files_that_are_too_much_end_it(local: LocalDriver, blobs: Blobs) -> None:
    much = f"import threading\ndef fill():\n    for one in range(40):\n        open(f'/data/{{one}}', 'wb').write(bytes({QUOTA // 16}))\n"
    text = much + "threading.Timer(0.5, fill).start()\n" + ASGI
    started = Started(local, release(blobs, "asgi", "main:app", {"main.py": text}))
    assert started.over.get(timeout=20).why == "disk"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives users")
def test_a_folder_that_came_back_from_a_backup_is_the_apps_again(local: LocalDriver, blobs: Blobs) -> None:
    one = release(blobs, "asgi", "main:app", {"main.py": FILLER})
    room = local.room(*one.key[:2])
    assert room is not None
    (room.folder / "more").write_text("from a backup")
    (room.folder / "more").chmod(0o600)
    (room.folder / "link").symlink_to("/etc/passwd")
    started = Started(local, one)
    assert get(started.instance.endpoint, "/1")[1] == b"written"
    assert (room.folder / "link").lstat().st_uid == local.owner(*one.key[:2])
    assert Path("/etc/passwd").stat().st_uid == 0
