"""What a sandbox shows and hides, what it may use up, and how it ends."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from tests.runtime.conftest import LIMITS, USER, Run, give

from greenlane.runtime import cgroups
from greenlane.runtime.bubblewrap import LANDLOCK, PROGRAMS
from greenlane.runtime.jail import CannotIsolate, Jail, Mount
from greenlane.runtime.sandbox import Jailer


def _jail(*command: str, mounts: tuple[Mount, ...] = (), **more: object) -> Jail:
    return Jail(f"t{uuid4().hex[:8]}", command, {}, mounts, "/", LIMITS, USER, **more)  # type: ignore[arg-type]  # fields of any type by name


def test_what_it_writes_comes_out_and_its_status_is_told(run: Run) -> None:
    said = run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert sorted(said.output.split()) == ["err", "out"]
    assert (said.ended.status, said.ended.why) == (3, "failed")
    assert run("true").ended.why == "done"


def test_it_has_no_powers_and_cannot_gain_any(run: Run) -> None:
    status = dict(line.split(":", 1) for line in run("cat", "/proc/self/status").output.splitlines() if ":" in line)
    for power in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[power], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    assert "0" not in status["Uid"].split()


def test_it_sees_only_its_own_processes(run: Run) -> None:
    pids = run("sh", "-c", "for one in /proc/[0-9]*; do echo ${one#/proc/}; done").output.split()
    assert len(pids) <= 3


def test_it_knows_nothing_of_the_environment_outside(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENLANE_PLANTED", "seen")
    said = run("env", environment={"GREETING": "a b=c"})
    assert "GREETING=a b=c" in said.output
    assert "GREENLANE" not in said.output


def test_the_system_is_read_only_and_tmp_is_small(run: Run) -> None:
    for place in ("/x", "/usr/x", "/etc/x", "/dev/x"):
        assert run("touch", place).ended.status != 0
    full = run("sh", "-c", "head -c 2000000 /dev/zero > /tmp/much", disk=1024**2)
    assert full.ended.status != 0


def test_what_is_written_into_its_root_for_it_cannot_be_changed(run: Run) -> None:
    """Names of users and hosts, settings of the machine, and the platform's own programs are copies in its own root."""
    mounts = (Mount("/opt/greenlane/start.py", PROGRAMS / "start.py"),)
    for place in ("/etc/passwd", "/etc/ld.so.cache", "/etc/localtime", "/opt/greenlane/start.py", LANDLOCK):
        for attempt in ('echo more >> "$0"', 'rm -f "$0"', 'chmod 777 "$0"', 'mv "$0" "$0".other'):
            assert run("sh", "-c", attempt, place, mounts=mounts).ended.status != 0, (attempt, place)
    said = run("sh", "-c", "cat /opt/greenlane/start.py; echo ends; date; cat /etc/passwd", mounts=mounts).output
    program, _, rest = said.partition("ends\n")
    assert program == (PROGRAMS / "start.py").read_text()
    assert rest.splitlines()[1].startswith("app:x:")


def test_a_sandbox_that_cannot_be_laid_out_runs_nothing(jailer: Jailer, tmp_path: Path) -> None:
    said: list[bytes] = []
    with suppress(OSError):  # it was gone before anything could be brought
        ended = jailer.start(_jail("echo", "it ran", mounts=(Mount("/app", tmp_path / "nowhere"),)), said.append).wait(
            30
        )
        assert ended.status != 0
    assert b"it ran" not in b"".join(said)


def test_a_mount_is_read_only_unless_said_otherwise(run: Run, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "file").write_text("read me")
    open_ = tmp_path / "open"
    open_.mkdir()
    give(open_)
    mounts = (Mount("/app", tmp_path / "closed"), Mount("/data", open_, writable=True))
    said = run("sh", "-c", "cat /app/file; touch /app/no; echo kept > /data/yes", mounts=mounts)
    assert said.output.startswith("read me")
    assert not (tmp_path / "closed" / "no").exists()
    assert (open_ / "yes").read_text() == "kept\n"


def test_the_only_device_of_its_network_is_its_own_loopback(run: Run) -> None:
    devices = run("cat", "/proc/net/dev").output.splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


def test_what_listens_on_this_machine_is_not_reached(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        said = run("python3", "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
        assert "ConnectionRefusedError" in said.output


def test_a_socket_made_inside_is_reached_from_outside(jailer: Jailer, tmp_path: Path) -> None:
    sockets = give(tmp_path)
    heard = threading.Event()
    program = (
        "import socket; s = socket.socket(socket.AF_UNIX); s.bind('/run/app/http.sock'); s.listen(); "
        "print('ready', flush=True); c, _ = s.accept(); c.sendall(b'from inside')"
    )
    running = jailer.start(_jail("python3", "-c", program, sockets=sockets), lambda _line: heard.set())
    assert heard.wait(10)
    with socket.socket(socket.AF_UNIX) as visitor:
        visitor.connect(str(sockets / "http.sock"))
        assert visitor.recv(100) == b"from inside"
    assert running.wait(10).why == "done"


def test_the_way_out_leads_to_one_socket(run: Run, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as proxy:
        proxy.bind(str(tmp_path / "egress.sock"))
        proxy.listen()

        def answer() -> None:
            connection, _ = proxy.accept()
            with connection:
                connection.sendall(b"you asked " + connection.recv(100))

        answering = threading.Thread(target=answer)
        answering.start()
        program = (
            "import os, socket; host, port = os.environ['HTTPS_PROXY'].removeprefix('http://').split(':'); "
            "c = socket.create_connection((host, int(port))); c.sendall(b'nicely'); print(c.recv(100).decode())"
        )
        assert run("python3", "-c", program, egress=tmp_path / "egress.sock").output == "you asked nicely\n"
        answering.join(10)


def test_a_way_out_that_leads_nowhere_says_so(run: Run, tmp_path: Path) -> None:
    program = "import urllib.request; urllib.request.urlopen('http://example.com/')"
    assert "HTTP Error 502" in run("python3", "-c", program, egress=tmp_path / "nobody.sock").output


def test_without_a_way_out_nothing_listens(run: Run) -> None:
    said = run("python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 3128))")
    assert "ConnectionRefusedError" in said.output


def test_memory_ends_where_the_limit_is(run: Run) -> None:
    assert run("python3", "-c", "x = b'x' * 500_000_000").ended.why == "memory"


def test_a_fork_bomb_is_held_and_ended(run: Run) -> None:
    said = run("sh", "-c", "bomb() { bomb | bomb & }; bomb; sleep 0.5; exit 9")
    assert said.ended.why == "processes"


def test_what_never_ends_is_ended(run: Run) -> None:
    began = time.monotonic()
    assert run("sleep", "1000", seconds=0.3).ended.why == "time"
    assert time.monotonic() - began < 5


def test_what_fills_the_disk_is_ended(run: Run, tmp_path: Path) -> None:
    give(tmp_path)
    mounts = (Mount("/data", tmp_path, writable=True),)
    many = "i=0; while true; do head -c 300000 /dev/zero > /data/$i; i=$((i + 1)); done"
    assert run("sh", "-c", many, mounts=mounts, disk=3 * 1024**2).ended.why == "disk"
    one = run("sh", "-c", "exec head -c 9000000 /dev/zero > /data/one", mounts=mounts, disk=3 * 1024**2)
    assert one.ended.why == "disk"


def test_the_processor_is_shared_as_agreed(jailer: Jailer, run: Run) -> None:
    if jailer.weaker():
        pytest.skip(jailer.weaker())
    program = "import time; end = time.monotonic() + 1\nwhile time.monotonic() < end: pass\nprint(time.process_time())"
    assert float(run("python3", "-c", program, cpu=0.2).output) < 0.45


def test_open_files_end_where_the_limit_is(run: Run) -> None:
    program = "import os\nwhile True: print(os.open('/dev/null', os.O_RDONLY))"
    said = run("python3", "-c", program, files=40)
    assert "Too many open files" in said.output
    assert max(int(line) for line in said.output.split() if line.isdigit()) < 40


def test_stopping_asks_first_and_then_ends_everything(jailer: Jailer) -> None:
    told: list[bytes] = []
    ready = threading.Event()

    def hear(chunk: bytes) -> None:
        told.append(chunk)
        ready.set()

    polite = jailer.start(
        _jail("sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done"), hear
    )
    assert ready.wait(10)
    assert polite.stop(grace=10).why == "killed"
    assert b"bye" in b"".join(told)
    deaf = jailer.start(_jail("sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000"), told.append)
    assert deaf.stop(grace=0.2).why == "killed"


def test_nothing_outlives_a_sandbox(jailer: Jailer, run: Run) -> None:
    mark = f"7{uuid4().int % 10**8}"
    assert run("sh", "-c", f"setsid sleep {mark} & exit 0").ended.why == "done"
    left = [one for one in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _read(one)]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_it_dies_with_whoever_started_it(tmp_path: Path) -> None:
    mark = f"7{uuid4().int % 10**8}"
    child = os.fork()
    if child == 0:
        alone = Jailer(None)
        alone.start(_jail("sh", "-c", f"echo up; exec sleep {mark}"), lambda _line: (tmp_path / "up").touch())
        time.sleep(60)
        os._exit(0)
    deadline = time.monotonic() + 60
    while not (tmp_path / "up").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    deadline = time.monotonic() + 60
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while any(mark.encode() in _read(one) for one in Path("/proc").glob("[0-9]*/cmdline")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_many_open_files_of_the_platform_are_in_nobodys_way(run: Run) -> None:
    """Its descriptors went up to 1024 once, where select() stops."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    try:
        assert run("echo", "here").output == "here\n"
    finally:
        for one in held:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_program_that_prints_without_end_is_taken_as_it_comes(jailer: Jailer) -> None:
    seen = 0
    enough = threading.Event()

    def count(chunk: bytes) -> None:
        nonlocal seen
        seen += len(chunk)
        if seen > 20_000_000:
            enough.set()

    running = jailer.start(_jail("cat", "/dev/zero"), count)
    assert enough.wait(20)
    assert running.stop().why == "killed"


def test_a_command_that_is_not_there_is_said(run: Run) -> None:
    said = run("no-such-program")
    assert said.ended.why == "failed"
    assert "no-such-program" in said.output


def test_what_is_missing_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    poor = Jailer(None)
    assert "bubblewrap" in poor.available()
    with pytest.raises(CannotIsolate) as refused:
        poor.start(_jail("true"), lambda _line: None)
    assert "apt-get install" in refused.value.next_step


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else to try this")
def test_without_root_a_user_namespace_keeps_it_apart() -> None:
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            sys.base_prefix, sys.executable = "/usr", "/usr/bin/python3"
            said: list[bytes] = []
            alone = Jailer(cgroups.find("greenlane-nobody"))
            jail = Jail("alone", ("sh", "-c", "id -u; cat /proc/self/status"), {}, (), "/", LIMITS)
            ended = alone.start(jail, said.append).wait(10)
            output = b"".join(said).decode()
            assert output.startswith("1000\n")
            assert "CapBnd:\t0000000000000000" in output
            assert "without" not in alone.available()
            assert "memory" in alone.weaker()
            greedy = Jail("greedy", ("python3", "-c", "x = b'x' * 500_000_000"), {}, (), "/", LIMITS)
            assert alone.start(greedy, said.append).wait(10).status != 0
            os._exit(0 if ended.why == "done" else 1)
        except BaseException as error:  # noqa: BLE001  a fork must never come back
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(("failures", "missing"), [(["busy"], ""), (["no room", "no room"], "made here (no room)")])
def test_one_failure_is_no_proof_that_code_cannot_be_isolated(
    monkeypatch: pytest.MonkeyPatch, failures: list[str], missing: str
) -> None:
    """What a process finds of its machine counts as long as it lives."""
    monkeypatch.setattr(Jailer, "_try", lambda _self: failures.pop() if failures else "")
    assert (missing in Jailer(None).available()) if missing else Jailer(None).available() == ""
