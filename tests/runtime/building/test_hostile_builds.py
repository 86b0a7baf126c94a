"""Builds that mean harm, in the real sandbox: none of them gets anywhere, and each ends in words."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from greenlane.runtime.building.plan import Plan
from greenlane.runtime.layers import Layers

MAKES = "mkdir -p dist && echo '<h1>x</h1>' > dist/index.html\n"
PYTHON = {"main.py": "from fastapi import FastAPI\napp = FastAPI()", "requirements.txt": "small==1.0\n"}


def test_a_build_makes_what_its_command_writes(shop):
    made = shop.runs(MAKES)
    assert (made.state, list(made.files)) == ("done", ["index.html"])
    assert shop.content(made, "index.html") == b"<h1>x</h1>\n"
    assert "building: sh build.sh" in shop.log


# -- reading what is not its own -----------------------------------------------------------------------------------------


def test_no_key_of_the_platform_can_be_read(shop, tmp_path):
    key = tmp_path / "keys" / "payload.key"
    key.parent.mkdir()
    key.write_text("the-key-of-the-platform")
    made = shop.runs(
        MAKES + f"cat {key} > dist/key.txt; find / -name '*.key' -path '*keys*' 2>/dev/null > dist/found.txt; true"
    )
    assert made.state == "done"
    assert shop.content(made, "key.txt") == b""
    assert shop.content(made, "found.txt") == b""


def test_the_environment_of_the_platform_is_not_there(shop, monkeypatch):
    monkeypatch.setenv("GREENLANE_TOKEN", "glt_of_the_platform")
    made = shop.runs(
        MAKES + "env > dist/env.txt; cat /proc/1/environ >> dist/env.txt; cat /proc/*/environ >> dist/env.txt; true"
    )
    assert b"glt_of_the_platform" not in shop.content(made, "env.txt")


def test_no_link_leads_a_build_to_files_of_the_platform(shop, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("outside")
    made = shop.runs(
        MAKES
        + f"ln -s {secret} dist/a.txt; ln -s {tmp_path} dist/folder; ln -s / dist/root; ln {secret} dist/hard; true"
    )
    assert made.state == "done"
    assert list(made.files) == ["index.html"]
    assert "Links are left out" in made.notes[0]


@pytest.mark.parametrize("place", ["/", "/etc", "../../../../../../etc"])
def test_a_link_in_the_place_of_the_published_folder_leads_nowhere(shop, place):
    made = shop.runs(f"ln -s {place} dist")
    assert made.state == "failed"
    assert made.files == {}


def test_a_project_that_is_replaced_by_a_link_leads_nowhere(shop):
    files = shop.put({"web/build.sh": "cd .. && rm -rf web && ln -s /etc web"})
    made = shop.carries_out(Plan("site", "plain", folder="web", command="sh build.sh", publish="."), files)
    assert made.state == "failed"
    assert made.files == {}


def test_another_build_cannot_be_seen_or_reached(shop):
    """Two builds at once: the second finds neither the first one's files, nor its processes, nor its sockets."""
    first = threading.Thread(target=lambda: shop.runs("echo mine > /tmp/mine; sleep 3; " + MAKES))
    first.start()
    time.sleep(0.5)
    made = shop.runs(
        MAKES
        + "ls /build /tmp > dist/seen.txt; ps -e -o args > dist/processes.txt 2>/dev/null || cat /proc/*/cmdline > dist/processes.txt;"
        "find / -type s 2>/dev/null > dist/sockets.txt; true"
    )
    first.join()
    assert b"sleep 3" not in shop.content(made, "processes.txt")
    assert b"mine" not in shop.content(made, "seen.txt")
    assert shop.content(made, "sockets.txt") == b""


# -- going out -----------------------------------------------------------------------------------------------------------


def test_nothing_but_registries_can_be_reached_and_the_attempt_is_on_the_record(shop):
    script = """
import os, socket, urllib.request
said = []
for place in ("http://169.254.169.254/latest/meta-data", "http://example.com/", "http://127.0.0.1:22/"):
    try:
        urllib.request.urlopen(place, timeout=5)
        said.append(place)
    except Exception as error:
        pass
for place in (("8.8.8.8", 53), ("127.0.0.1", 5432), ("10.0.0.1", 80)):
    try:
        socket.create_connection(place, 2)
        said.append(place)
    except OSError:
        pass
os.makedirs("dist"); open("dist/index.html", "w").write(repr(said))
"""
    files = shop.put({"go.py": script})
    made = shop.carries_out(Plan("site", "plain", command="python3 go.py", publish="dist"), files)
    assert made.state == "done", shop.log
    assert shop.content(made, "index.html") == b"[]"
    assert "example.com:80" in made.network["refused"]
    assert "169.254.169.254:80" in made.network["refused"]


# -- using everything up ---------------------------------------------------------------------------------------------------


def test_a_build_that_never_ends_is_ended(shop):
    object.__setattr__(shop.shop, "limits", type(shop.shop.limits)(seconds=2.0, memory=shop.shop.limits.memory))
    began = time.monotonic()
    made = shop.runs("trap '' TERM INT; while true; do :; done")
    assert time.monotonic() - began < 20
    assert made.state == "failed"
    assert "was not done within" in made.why
    assert "build_minutes" in made.instead


def test_a_build_that_fills_the_disk_is_ended_and_leaves_nothing(shop):
    made = shop.runs("i=0; while true; do head -c 4000000 /dev/zero > fill$i || exit 1; i=$((i+1)); done")
    assert made.state == "failed"
    assert "disk" in made.why
    assert list((shop.shop.folder / "rooms").iterdir()) == []


def test_a_build_that_forks_for_ever_is_held(shop):
    made = shop.runs("f() { f | f & }; f; sleep 1; echo still here; exit 1")
    assert made.state == "failed"


def test_a_build_that_takes_all_memory_is_ended(shop):
    files = shop.put({"go.py": "x = []\nwhile True: x.append(bytearray(8_000_000))"})
    made = shop.carries_out(Plan("site", "plain", command="python3 go.py", publish="dist"), files)
    assert made.state == "failed"
    assert "memory" in made.why, made.why


def test_a_build_that_prints_without_end_is_ended_and_its_log_is_small(shop, monkeypatch):
    monkeypatch.setattr("greenlane.runtime.building.log.MOST", 8 * 1024 * 1024)
    made = shop.runs("cat /dev/zero | tr '\\0' 'y'")
    assert made.state == "failed"
    assert "printed without end" in made.why
    assert len(shop.log) < 3 * 1024 * 1024


def test_a_build_that_prints_bytes_that_are_no_text_has_a_log_that_is(shop):
    made = shop.runs(MAKES + "head -c 100000 /dev/urandom; printf '\\033[2J\\033]0;owned\\007'; echo after")
    assert made.state == "done"
    assert "\x1b" not in shop.log
    assert "after" in shop.log


def test_nothing_of_a_build_outlives_it(shop):
    made = shop.runs(
        MAKES + "(setsid nohup sh -c 'while true; do sleep 1; done' greenlane-outliver >/dev/null 2>&1 &) ; true"
    )
    assert made.state == "done"
    left = [one for one in Path("/proc").iterdir() if one.name.isdigit() and b"greenlane-outliver" in _command(one)]
    assert left == []
    assert list((shop.shop.folder / "rooms").iterdir()) == []


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_build_can_be_stopped(shop):
    stopping = threading.Event()
    threading.Timer(1.0, stopping.set).start()
    made = shop.runs("sleep 60", stopping=stopping)
    assert (made.state, made.why) == ("stopped", "The build was stopped.")


# -- leaking ---------------------------------------------------------------------------------------------------------------


def test_a_secret_does_not_reach_the_log(shop):
    secret = "correct-horse-battery-staple"
    made = shop.runs(
        MAKES
        + 'echo "$API_KEY"; echo "$API_KEY" | base64; echo "$API_KEY" | rev; printf %s "$API_KEY" | od -An -tx1 | tr -d " \\n"; echo',
        values={"API_KEY": secret},
    )
    assert made.state == "done"
    assert secret not in shop.log
    assert secret[::-1] not in shop.log
    assert secret.encode().hex() not in shop.log
    assert "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5" not in shop.log
    assert shop.log.count("[secret]") >= 4


# -- poisoning -------------------------------------------------------------------------------------------------------------


def _installed(shop, made) -> dict[str, bytes]:
    place = Layers(shop.folder / "layers", shop.shop.blobs).place(made.run["layers"][0]["digest"])
    return {str(one.relative_to(place)): one.read_bytes() for one in place.rglob("*") if one.is_file()}


def test_the_packages_of_a_python_app_come_with_their_bytecode(shop, registry):
    registry("small", {"small/__init__.py": b"answer = 42\n"})
    made = shop.builds_it(PYTHON)
    assert made.state == "done", shop.log
    files = _installed(shop, made)
    assert files["small/__init__.py"] == b"answer = 42\n"
    assert any(path.endswith(".pyc") for path in files)
    assert made.run["kind"] == "asgi"
    assert made.run["entry"] == "main:app"
    assert list(made.network["reached"]) == [shop.registry.removeprefix("http://").removesuffix("/simple")]


def test_the_same_lock_is_installed_once_and_makes_the_same_layer(shop, registry):
    registry("small", {"small/__init__.py": b"answer = 42\n"})
    first, second = shop.builds_it(PYTHON), shop.builds_it(PYTHON)
    assert (first.cached, second.cached) == (False, True)
    assert first.run["layers"] == second.run["layers"]
    assert second.network["reached"] == {}


def test_a_build_cannot_poison_the_packages_of_the_next_one(shop, registry):
    """The first build shares the lock of the second, and tampers with everything that it can write to."""
    registry("small", {"small/__init__.py": b"answer = 42\n"})
    bad = {**PYTHON, "greenlane.toml": '[build]\ncommand = "sh evil.sh"\n'}
    evil = (
        "for place in /build /tools /tmp; do find $place -name '*.py' -exec sh -c 'echo evil >> {}' \\; ; done; exit 0"
    )
    assert shop.builds_it({**bad, "evil.sh": evil}).state == "done", shop.log
    good = shop.builds_it(PYTHON)
    assert good.cached
    assert _installed(shop, good)["small/__init__.py"] == b"answer = 42\n"


def test_another_lock_is_another_cache(shop, registry):
    registry("small", {"small/__init__.py": b"answer = 42\n"})
    registry("other", {"other/__init__.py": b""})
    first = shop.builds_it(PYTHON)
    second = shop.builds_it({**PYTHON, "requirements.txt": "small==1.0\nother==1.0\n"})
    assert not second.cached
    assert first.run["layers"] != second.run["layers"]


def test_a_list_that_names_files_of_the_project_is_never_kept(shop, registry):
    registry("small", {"small/__init__.py": b"answer = 42\n"})
    files = {**PYTHON, "requirements.txt": "-r more.txt\n", "more.txt": "small==1.0\n"}
    assert [shop.builds_it(files).cached, shop.builds_it(files).cached] == [False, False]


def test_a_package_that_is_not_there_ends_the_build_in_words(shop):
    made = shop.builds_it(PYTHON)
    assert made.state == "failed"
    assert made.why.startswith("Installing failed")
    assert "small" in shop.log


def test_a_package_from_git_is_not_reached_and_the_build_says_why(shop):
    files = {**PYTHON, "requirements.txt": "small @ git+https://git.example/small.git@v1\n"}
    made = shop.builds_it(files)
    assert made.state == "failed"
    assert "git.example/small.git" in made.why
    assert "registry_hosts" in made.instead


def test_the_tools_of_builds_belong_to_the_platform(shop):
    made = shop.runs(
        MAKES + "touch /usr/bin/x 2>/dev/null && echo usr; touch /build/../x 2>/dev/null && echo root; id -u; true"
    )
    assert made.state == "done"
    printed = [line for line in shop.log.splitlines() if not line.startswith("greenlane:")]
    assert len(printed) == 1, printed
    assert printed[0] != "0"


def test_a_build_that_the_machine_ended_says_so(shop):
    made = shop.runs("kill -9 $$")
    assert made.state == "failed"
    assert "was ended by the machine" in made.why
