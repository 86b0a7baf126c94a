"""The line to the server: where it dials, what it tries again, whom it believes."""

from __future__ import annotations

import socket
import ssl
import stat
from pathlib import Path

import pytest
from starlette.responses import Response
from tests.cli.conftest import Types
from tests.cli.fake_control import TOKEN, FakeControl, new_root, problem

from greenlane.cli.client import Client
from greenlane.cli.errors import FromControl, NotReachable


@pytest.fixture
def client(control: FakeControl):
    with Client(control.url, TOKEN, sleep=lambda _: None) as opened:
        yield opened


def test_localhost_is_dialled_at_both_loopback_addresses(client: Client, control: FakeControl):
    control.reads["/v1/me"] = {"id": "p_1", "name": "Ada"}
    assert client.get("/v1/me") == {"id": "p_1", "name": "Ada"}
    port = control.url.rpartition(":")[2]
    assert control.asked[-1]["headers"]["host"] == f"localhost:{port}"


def test_names_under_localhost_are_dialled_here_and_keep_their_host(control: FakeControl):
    port = control.url.rpartition(":")[2]
    with Client(f"http://vendor-board.localhost:{port}", TOKEN) as client:
        client.open("/v1/trust")
    assert control.asked[-1]["headers"]["host"] == f"vendor-board.localhost:{port}"


def test_the_machines_certificates_are_read_where_they_are_needed_alone(monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    real = ssl.SSLContext.load_verify_locations

    def reads(self: ssl.SSLContext, *given: object, **named: object) -> None:
        read.append("certificates")
        real(self, *given, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", reads)
    with Client("http://localhost:9", TOKEN):
        assert read == []
    with Client("https://localhost:9", TOKEN):
        assert read


def test_an_act_is_tried_again_under_the_same_key(client: Client, control: FakeControl):
    control.fail("/v1/actions/publish", 2, lambda: problem(503, "unavailable", "Away.", "Wait."))
    assert client.act("publish", {"app": "x"})["state"] == "done"
    keys = [one["headers"]["idempotency-key"] for one in control.asked]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_two_commands_never_share_a_key(control: FakeControl):
    for _ in range(2):
        with Client(control.url, TOKEN) as client:
            client.act("publish", {"app": "x"})
    assert len({one["headers"]["idempotency-key"] for one in control.asked}) == 2


def test_a_server_that_stays_away_is_given_up(client: Client, control: FakeControl):
    control.fail("/v1/me", 99, lambda: problem(503, "unavailable", "Away.", "Wait."))
    with pytest.raises(FromControl, match="Away"):
        client.get("/v1/me")
    assert len(control.asked) == 4


def test_what_is_refused_is_not_tried_again(client: Client, control: FakeControl):
    control.fail("/v1/me", 99, lambda: problem(507, "storage-full", "Full.", "Make room."))
    with pytest.raises(FromControl, match="Full"):
        client.get("/v1/me")
    assert len(control.asked) == 1


def test_a_closed_port_says_how_to_start(home: Path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://localhost:{unused.getsockname()[1]}"
    with Client(address, TOKEN, sleep=lambda _: None) as client, pytest.raises(NotReachable) as told:
        client.get("/v1/me")
    assert "greenlane up" in told.value.next_step


def test_somebody_elses_server_is_recognised(client: Client, control: FakeControl):
    control.fail("/v1/me", 1, lambda: Response("<h1>It works!</h1>", status_code=404))
    with pytest.raises(FromControl) as told:
        client.get("/v1/me")
    assert "GREENLANE_URL" in told.value.next_step


def test_without_a_token_nothing_is_sent(types: Types, control: FakeControl, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GREENLANE_TOKEN")
    ended = types("whoami")
    assert ended.code == 1
    assert "greenlane login" in ended.err
    assert "/v1/me" not in control.paths("GET")


def test_login_keeps_the_token_for_this_server_alone(
    types: Types, control: FakeControl, home: Path, monkeypatch: pytest.MonkeyPatch
):
    control.reads["/v1/me"] = {"id": "p_1", "name": "Ada"}
    monkeypatch.delenv("GREENLANE_TOKEN")
    ended = types("login", "--token", "-", stdin=TOKEN.encode() + b"\n")
    assert ended.code == 0
    assert stat.S_IMODE((home / "credentials.json").stat().st_mode) == 0o600
    assert types("whoami").code == 0
    assert TOKEN not in ended.out + ended.err
    monkeypatch.setenv("GREENLANE_URL", "http://127.0.0.1:9")
    assert "not signed in" in types("whoami").err or types("whoami").code == 1


def test_a_wrong_token_is_not_kept(types: Types, home: Path):
    assert types("login", "--token", "-", stdin=b"glt_other").code == 1
    assert not (home / "credentials.json").exists()


def test_a_token_is_no_argument(types: Types):
    ended = types("login", "--token", "glt_secret")
    assert ended.code == 2
    assert "glt_secret" not in ended.err


def test_public_keys_are_pinned_at_first_contact(types: Types, control: FakeControl, home: Path):
    control.reads["/v1/me"] = {"id": "p_1", "name": "Ada"}
    types("whoami")
    types("whoami")
    port = control.url.rpartition(":")[2]
    assert (home / "trust" / f"localhost-{port}.json").exists()
    assert control.paths("GET").count("/v1/trust") == 1


def test_changed_public_keys_are_an_error_with_a_way_on(types: Types, control: FakeControl):
    assert types("trust", "export").code == 0
    control.trust, control.key = new_root()
    for command in (["trust", "export"], ["ledger", "verify"], ["ledger", "checkpoint"]):
        ended = types(*command)
        assert ended.code == 1
        assert "other public keys" in ended.err
        assert "greenlane trust renew" in ended.err
    assert types("trust", "renew").code == 0
    assert types("ledger", "checkpoint").code == 0


def test_a_ledger_that_became_shorter_is_noticed(types: Types, control: FakeControl):
    control.reads["/v1/ledger/verify"] = {"ok": True, "receipts": 7, "first_bad": None, "words": ["All hold."]}
    assert types("ledger", "verify").code == 0
    control.size = 5
    ended = types("ledger", "verify")
    assert ended.code == 1
    assert "had 7 receipts" in ended.err


def test_a_checkpoint_of_another_key_is_not_believed(types: Types, control: FakeControl):
    types("trust", "export")
    _, control.key = new_root()
    assert types("ledger", "checkpoint").code == 1
