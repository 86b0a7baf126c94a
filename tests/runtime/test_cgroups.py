"""Both generations of control groups: the first as this machine may have it, the second against a tree of files."""

from __future__ import annotations

from pathlib import Path

from greenlane.runtime import cgroups


def _second(root: Path) -> Path:
    own = root / "own"
    own.write_text("0::/unit\n")
    unit = root / "fs" / "unit"
    for folder in (unit, unit / "platform", unit / "base"):
        folder.mkdir(parents=True)
        (folder / "cgroup.subtree_control").touch()
        (folder / "cgroup.procs").touch()
    (unit / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (unit / "cgroup.type").write_text("domain\n")
    (unit / "cgroup.procs").write_text("10\n11\n")
    return unit


def test_on_the_second_generation_our_processes_move_into_a_leaf(tmp_path: Path) -> None:
    unit = _second(tmp_path)
    assert isinstance(cgroups.find("base", mount=tmp_path / "fs", own=tmp_path / "own"), cgroups.SecondGeneration)
    assert (unit / "platform" / "cgroup.procs").read_text() == "11"
    for folder in (unit, unit / "base"):
        assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"


def test_on_the_second_generation_limits_are_written_as_the_kernel_reads_them(tmp_path: Path) -> None:
    unit = _second(tmp_path)
    groups = cgroups.find("base", mount=tmp_path / "fs", own=tmp_path / "own")
    assert groups is not None
    folder = unit / "base" / "one"
    folder.mkdir()
    (folder / "memory.swap.max").touch()
    group = groups.make("one", memory=1000, processes=7, cpu=0.5)
    assert {one.name: one.read_text() for one in folder.iterdir()} == {
        "memory.max": "1000",
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": "7",
        "cpu.max": "50000 100000",
    }
    assert group.doors == (folder / "cgroup.procs",)


def test_on_the_second_generation_use_and_what_ran_out_are_read(tmp_path: Path) -> None:
    unit = _second(tmp_path)
    groups = cgroups.find("base", mount=tmp_path / "fs", own=tmp_path / "own")
    assert groups is not None
    group = groups.make("one", memory=1000, processes=7, cpu=0.5)
    folder = unit / "base" / "one"
    (folder / "memory.current").write_text("10\n")
    (folder / "memory.peak").write_text("20\n")
    (folder / "pids.current").write_text("3\n")
    (folder / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 0\n")
    (folder / "pids.events").write_text("max 2\n")
    assert group.use() == cgroups.Use(10, 20, 1.5, 3)
    assert group.ran_out() == "processes"
    (folder / "memory.events").write_text("oom_kill 1\n")
    assert group.ran_out() == "memory"


def test_where_groups_may_not_be_made_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("0::/\n")
    (tmp_path / "fs").mkdir()
    (tmp_path / "fs" / "cgroup.controllers").write_text("cpu io\n")
    assert cgroups.find("base", mount=tmp_path / "fs", own=tmp_path / "own") is None
    assert cgroups.find("base", mount=tmp_path / "fs", own=tmp_path / "none") is None


def test_two_installations_on_one_machine_leave_each_others_groups_alone(tmp_path):
    names = {cgroups.base_of(tmp_path / one) for one in ("a/builds", "a/runtime", "b/builds", "b/runtime")}
    assert len(names) == 4
    assert cgroups.base_of(tmp_path / "a/builds") in names, "and a fresh start finds its own again"
