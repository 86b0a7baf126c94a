"""The filter: its form, and that the kernel refuses by it what it names."""

from __future__ import annotations

import json
import os
import struct

import pytest
from tests.runtime.conftest import Run

from greenlane.runtime import seccomp

TRY = """
import ctypes, json, sys
library = ctypes.CDLL(None, use_errno=True)
found = {}
for name, number in json.loads(sys.argv[1]).items():
    ctypes.set_errno(0)
    found[name] = (library.syscall(number, 0, 0, 0, 0, 0, 0), ctypes.get_errno())
print(json.dumps(found))
"""


@pytest.mark.parametrize("machine", sorted(seccomp.machines()))
def test_every_jump_lands_inside_and_the_last_word_is_a_return(machine: str) -> None:
    program = seccomp.program(machine)
    lines = list(struct.iter_unpack("=HBBI", program))
    assert len(lines) < 4096
    for place, (code, then, otherwise, _) in enumerate(lines):
        if code in (0x15, 0x35, 0x45):
            assert place + 1 + max(then, otherwise) < len(lines)
    assert lines[-1][0] == 0x06


def test_every_call_on_the_list_is_refused(run: Run) -> None:
    said = run("python3", "-c", TRY, json.dumps(seccomp.refused(os.uname().machine)))
    answers = json.loads(said.output)
    assert len(answers) > 60
    assert {name: answer for name, answer in answers.items() if answer != [-1, 1]} == {}


def test_calls_newer_than_the_list_do_not_exist(run: Run) -> None:
    said = run("python3", "-c", TRY, json.dumps({"next": 463, "later": 1000, "clone3": 435, "x32": 0x40000000}))
    assert set(map(tuple, json.loads(said.output).values())) == {(-1, 38)}


@pytest.mark.parametrize("family", ["AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_BLUETOOTH", "AF_TIPC"])
def test_families_of_sockets_that_no_app_needs_are_refused(run: Run, family: str) -> None:
    said = run("python3", "-c", f"import socket; socket.socket(socket.{family}, socket.SOCK_STREAM)")
    assert "Address family not supported" in said.output


def test_ordinary_programs_notice_nothing(run: Run) -> None:
    program = (
        "import threading, subprocess, socket, mmap, multiprocessing.shared_memory as m; "
        "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join(); "
        "print(subprocess.run(['echo', 'child'], capture_output=True, text=True).stdout.strip()); "
        "s = m.SharedMemory(create=True, size=10); s.close(); s.unlink(); print(socket.getaddrinfo('localhost', 80)[0][4][0])"
    )
    assert run("python3", "-c", program).output.split() == ["thread", "child", "127.0.0.1"]
