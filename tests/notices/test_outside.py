"""What may be reached from here by a webhook, and what not, however it is written."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from tests.notices.post_office import receiver

from greenlane.govern.errors import WrongInput
from greenlane.kit.in_the_open import in_the_open
from greenlane.notices import outside
from greenlane.notices.driver import Postponed, Undeliverable
from greenlane.notices.outside import OverNetwork

INSIDE = (
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_never_reached(address: str):
    assert not in_the_open(address)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Undeliverable):
        OverNetwork().post(f"https://{host}/", {}, b"")
    with pytest.raises(WrongInput):
        OverNetwork().check(f"https://{host}/")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_an_address_of_the_internet_is_in_the_open(address: str):
    assert in_the_open(address)


@pytest.mark.parametrize("written", ["http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/"])
def test_other_ways_to_write_an_address_lead_to_the_same_judgement(written: str):
    with pytest.raises(Undeliverable):
        OverNetwork().post(written, {}, b"")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@example.com/",
        "https://exa mple.com/",
        "https://example.com/\r\nx: y",
        "https://example.com:99999/",
        "https://[::1/",
        "https://ex\u0430mple.com/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_what_is_no_address_is_refused_by_its_form(url: str):
    with pytest.raises(WrongInput):
        outside.address(url)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[tuple[Any, ...]]:
    """Names resolve to these addresses, another list each time; what is connected to is kept."""
    turns, reached = iter(answers), []

    def resolve(host: str, port: int, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in next(turns)]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(outside.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(outside.socket, "create_connection", connect)
    return reached


def test_a_name_of_which_one_address_is_inside_is_refused(monkeypatch: pytest.MonkeyPatch):
    reached = resolving(monkeypatch, ["93.184.215.14", "10.0.0.7"])
    with pytest.raises(Undeliverable):
        OverNetwork().post("https://rebind.example/", {}, b"")
    assert reached == []


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch):
    reached = resolving(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    with pytest.raises(Postponed):
        OverNetwork().post("https://rebind.example/", {}, b"")
    assert reached == [("93.184.215.14", 443)], "the name is not looked up a second time"


def test_http_without_s_reaches_only_networks_of_our_own(monkeypatch: pytest.MonkeyPatch):
    resolving(monkeypatch, ["93.184.215.14"])
    with pytest.raises(Undeliverable, match="https"):
        OverNetwork().post("http://example.com/", {}, b"")


def test_a_network_that_is_allowed_is_reached_and_redirects_are_not_followed():
    with receiver() as taken:
        OverNetwork(("127.0.0.0/8",)).post(taken.url, {"webhook-id": "msg_1"}, b"{}")
        taken.failing = 1
        with pytest.raises(Postponed, match="500"):
            OverNetwork(("127.0.0.0/8",)).post(taken.url, {}, b"{}")
    headers, body = taken.told[0]
    assert headers["webhook-id"] == "msg_1"
    assert headers["host"].startswith("127.0.0.1:")
    assert body == b"{}"


def test_who_answers_letter_by_letter_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outside, "LONGEST", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Postponed):
        OverNetwork(("127.0.0.0/8",)).post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")
