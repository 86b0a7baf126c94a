"""The drill: a server is saved while people work with it, and comes back elsewhere as it was."""

from __future__ import annotations

from dataclasses import replace
from shutil import copytree

import pytest
from tests.stories.conftest import Writes
from tests.stories.running import Running


def test_a_backup_of_a_running_server_serves_and_verifies_elsewhere(fresh: Running, version: Writes, name: str) -> None:
    owner, file, back = fresh.owner, fresh.folder / "saved.tar", fresh.folder / "back"
    owner.does("deploy", version(1), "--app", name)
    owner.does("publish", name)
    # A folder each: what is written anew while it is sent is refused, as it should be.
    folders = [copytree(version(number), fresh.folder / f"version-{number}") for number in (2, 3)]
    under_way = [owner.begins("deploy", one, "--app", name, "--json") for one in folders]
    saved = owner.does("backup", file, "--data", fresh.data)
    told = [one.ended() for one in under_way]
    assert [one.code for one in told] == [0, 0], told
    assert saved["not_included"] is None
    assert file.stat().st_mode & 0o077 == 0
    fresh.stop()

    assert "prove nothing" in owner.types("restore", file, "--data", back).out
    assert owner.does("ledger", "verify", "--data", back)["ok"]

    fresh.data.rename(fresh.folder / "lost")
    back.rename(fresh.data)
    fresh.start()
    served = fresh.ask(name, token=owner.token)
    assert (served.status, "version 1" in served.text) == (200, True)
    owner.does("deploy", version(4), "--app", name)
    owner.does("publish", name)
    assert "version 4" in fresh.ask(name, token=owner.token).text
    assert owner.does("ledger", "verify")["ok"]


def test_a_restore_touches_nothing_that_is_there(fresh: Running) -> None:
    owner, file = fresh.owner, fresh.folder / "saved.tar"
    owner.does("backup", file, "--data", fresh.data)
    assert owner.gets(1, "restore", file, "--data", fresh.data)["code"] == "backup-trouble"
    assert owner.gets(1, "backup", file, "--data", fresh.data)["code"] == "backup-trouble"
    assert owner.gets(5, "backup", fresh.folder / "b.tar", "--data", fresh.folder)["code"] == "nothing-to-save"


@pytest.mark.parametrize("fresh", ["postgresql"], indirect=True)
def test_a_postgresql_goes_into_the_file_as_well(fresh: Running, version: Writes, name: str, postgres_url: str) -> None:
    owner, file, back = fresh.owner, fresh.folder / "saved.tar", fresh.folder / "back"
    owner.does("deploy", version(1), "--app", name)
    owner.does("publish", name)
    there, elsewhere = ({"GREENLANE_DATABASE": one} for one in (fresh.settings["GREENLANE_DATABASE"], postgres_url))
    assert replace(owner, more=there).does("backup", file, "--data", fresh.data)["database"] == "postgresql"
    assert replace(owner, more=there).gets(1, "restore", file, "--data", back)["code"] == "backup-trouble"
    assert list(back.iterdir()) == []
    replace(owner, more=elsewhere).does("restore", file, "--data", back)
    fresh.stop()

    fresh.data.rename(fresh.folder / "lost")
    back.rename(fresh.data)
    fresh.settings.update(elsewhere)
    fresh.start()
    assert "version 1" in fresh.ask(name, token=owner.token).text
    owner.does("deploy", version(2), "--app", name)
    assert owner.does("ledger", "verify")["ok"]
