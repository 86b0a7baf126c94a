from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from tests.catalog.conftest import Street

from greenlane.catalog import queries
from greenlane.catalog.actions import ClaimDomain, CreateApp, ReleaseDomain, VerifyDomain
from greenlane.catalog.dns import DnsOverNetwork
from greenlane.catalog.driver import Dns
from greenlane.catalog.fake import FakeDns
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.kit.errors import Unavailable

DOMAIN = "board.example.com"


def claim(street: Street, app: str = "vendor-board") -> dict[str, str]:
    return dict(street.house.does(street.ben, ClaimDomain(app, DOMAIN)).answer)


def verified(street: Street, app: str = "vendor-board") -> list[str]:
    with street.house.database.read() as connection:
        return queries.verified_domains(connection, app)


def test_a_domain_serves_after_its_proof(street: Street) -> None:
    record = claim(street)
    assert (record["record"], record["type"]) == (f"_greenlane.{DOMAIN}", "TXT")
    with pytest.raises(Conflict) as told:
        street.house.does(street.ben, VerifyDomain("vendor-board", DOMAIN))
    assert record["value"] in told.value.next_step
    assert verified(street) == []
    street.dns.records[record["record"]] = ["something else", record["value"]]
    street.house.does(street.ben, VerifyDomain("vendor-board", DOMAIN))
    assert verified(street) == [DOMAIN]


def test_claiming_twice_asks_for_the_same_record(street: Street) -> None:
    assert claim(street) == claim(street)


def test_the_first_to_prove_a_domain_has_it(street: Street) -> None:
    street.house.does(street.ben, CreateApp("other"))
    mine, theirs = claim(street), claim(street, "other")
    assert mine["value"] != theirs["value"]
    street.dns.records[mine["record"]] = [mine["value"], theirs["value"]]
    street.house.does(street.ben, VerifyDomain("other", DOMAIN))
    with pytest.raises(Conflict, match="serves another app"):
        street.house.does(street.ben, VerifyDomain("vendor-board", DOMAIN))
    street.house.does(street.ben, ReleaseDomain("other", DOMAIN))
    street.house.does(street.ben, VerifyDomain("vendor-board", DOMAIN))
    assert (verified(street), verified(street, "other")) == ([DOMAIN], [])
    with pytest.raises(Conflict, match="serves another app"):
        claim(street, "other")


def test_a_released_domain_serves_nothing_and_needs_a_new_claim(street: Street) -> None:
    record = claim(street)
    street.dns.records[record["record"]] = [record["value"]]
    street.house.does(street.ben, VerifyDomain("vendor-board", DOMAIN))
    street.house.does(street.ben, ReleaseDomain("vendor-board", DOMAIN))
    assert verified(street) == []
    with pytest.raises(NotFound):
        street.house.does(street.ben, VerifyDomain("vendor-board", DOMAIN))
    assert claim(street)["value"] != record["value"]


def test_the_platforms_own_domains_are_nobodys(street: Street) -> None:
    for host in ("greenlane.example", "vendor-board.greenlane.example"):
        with pytest.raises(WrongInput, match="belongs to the platform"):
            street.house.does(street.ben, ClaimDomain("vendor-board", host))


def test_name_servers_that_are_away_change_nothing(street: Street) -> None:
    claim(street)
    street.dns.away = True
    with pytest.raises(Unavailable):
        street.house.does(street.ben, VerifyDomain("vendor-board", DOMAIN))
    assert verified(street) == []


# the drivers: one suite for the fake and for the real one against a name server of our own


@dataclass
class NameServer:
    """A name server on the loopback: it answers TXT questions from ``records``, or stays silent."""

    records: dict[str, list[str]] = field(default_factory=dict)
    silent: bool = False

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            wire, peer = self.socket.recvfrom(4096)
            if not wire:
                return
            if self.silent:
                continue
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            name = query.question[0].name
            texts = self.records.get(name.to_text(omit_final_dot=True))
            if texts is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif texts:
                quoted = [" ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200)) for text in texts]
                answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", quoted))
            self.socket.sendto(answer.to_wire(), peer)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    yield server
    server.close()


@dataclass
class Subject:
    """A driver, and how to set what the world would answer it."""

    dns: Dns
    world: FakeDns | NameServer

    def go_away(self) -> None:
        if isinstance(self.world, FakeDns):
            self.world.away = True
        else:
            self.world.silent = True


@pytest.fixture(params=["fake", "network"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "fake":
        fake = FakeDns()
        return Subject(fake, fake)
    server: NameServer = request.getfixturevalue("name_server")
    return Subject(DnsOverNetwork(["127.0.0.1"], server.port, patience=0.5), server)


def test_a_driver_reads_all_texts_of_a_name(subject: Subject) -> None:
    subject.world.records["_greenlane.board.example.com"] = ["one", "x" * 300]
    assert sorted(subject.dns.txt("_greenlane.board.example.com")) == ["one", "x" * 300]


def test_a_driver_finds_nothing_under_a_name_that_is_not_there(subject: Subject) -> None:
    subject.world.records["empty.example.com"] = []
    assert tuple(subject.dns.txt("nothing.example.com")) == ()
    assert tuple(subject.dns.txt("empty.example.com")) == ()


def test_a_driver_sees_a_record_that_was_just_added(subject: Subject) -> None:
    assert tuple(subject.dns.txt("late.example.com")) == ()
    subject.world.records["late.example.com"] = ["here"]
    assert tuple(subject.dns.txt("late.example.com")) == ("here",)


def test_a_driver_says_when_nobody_answers(subject: Subject) -> None:
    subject.go_away()
    with pytest.raises(Unavailable):
        subject.dns.txt("board.example.com")
