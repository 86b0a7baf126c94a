"""Metadata of SAML providers are read again by themselves: what is taken over, what is told, and what changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event

import pytest
from tests.house import DAY, HOUR, Doorway
from tests.identity.saml.provider import NOW, Signer, at, known, rsa_signer
from tests.identity.sso.described import described

from greenlane.govern.actor import PLATFORM
from greenlane.govern.errors import Conflict
from greenlane.identity.oidc.driver import Answered, NotReached
from greenlane.identity.saml.metadata import read_metadata
from greenlane.identity.saml.parties import SamlProvider
from greenlane.identity.sso import providers, readings, self_test
from greenlane.identity.sso.actions import (
    AddIdentityProvider,
    ChangeIdentityProvider,
    RefreshIdentityProvider,
    RemoveIdentityProvider,
    TellOfMetadata,
)
from greenlane.identity.sso.refreshing import TOLD_AFTER, Refreshing
from greenlane.notices import queries as notices

ADDRESS = "https://sign-in.example.com/metadata"
AGAIN = "Its metadata are read again by themselves"


@dataclass
class Shown:
    """A provider's metadata at an address, as they are at this moment."""

    metadata: SamlProvider = field(default_factory=known)
    head: str = ""
    status: int = 200
    body: bytes = b""
    away: bool = False
    asked: int = 0
    address: str = ADDRESS

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, networks: Sequence[str]) -> Answered:
        self.asked += 1
        if self.away or url != self.address:
            raise NotReached("Away.", next_step="Wait.")
        text = described(self.metadata).replace("<md:EntityDescriptor ", f"<md:EntityDescriptor {self.head} ", 1)
        return Answered(self.status, self.body or text.encode())


class Company:
    """A company whose provider was set up from an address, and the platform that reads there again."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway, self.clock, self.control = doorway, doorway.clock, doorway.control
        self.shown = Shown()
        self.control.coming_in.books.wire = self.shown
        doorway.does(doorway.owner, AddIdentityProvider("acme", "saml", metadata=ADDRESS))
        self.refreshing = Refreshing(self.control.door, self.control.coming_in.books, self.control.ledger.write)
        self.reads()

    def reads(self, after: float = 0.0) -> int:
        """A round after some seconds; how often the provider was asked in it."""
        self.clock.forward(after)
        before = self.shown.asked
        self.refreshing.round()
        return self.shown.asked - before

    @property
    def believed(self) -> SamlProvider:
        with self.control.database.read() as connection:
            found = providers.provider(connection, "acme").saml
        assert found is not None
        return found

    def told(self) -> list[str]:
        """What the owner, an administrator, was told of the metadata, the oldest first."""
        self.control.notices.catch_up()
        with self.control.database.read() as connection:
            mine = sorted(notices.notices(connection, self.doorway.owner.id), key=lambda one: one.seq)
            said = [self.control._tells(connection, one.seq, one.kind) for one in mine]
        return [one.says for one in said if one.page == "/sign-in-providers/acme"]

    def check(self) -> self_test.Check:
        checks = self_test.of(self.control.coming_in.company.parts, "acme")
        return next(one for one in checks if one.what == AGAIN)


@pytest.fixture
def company(doorway: Doorway) -> Company:
    return Company(doorway)


def certificates(*signers: Signer) -> tuple[str, ...]:
    return tuple(one.certificate for one in signers)


def test_nothing_is_written_where_nothing_changed(company: Company) -> None:
    assert company.reads() == 0, "they were read when this began"
    assert company.reads(after=DAY) == 1
    assert company.told() == []
    assert company.doorway.receipts("refresh-identity-provider") == []
    assert company.check().good


def test_metadata_from_http_are_never_read_again_and_that_is_said_where_they_are_set(company: Company) -> None:
    company.shown.address = ADDRESS.replace("https://", "http://")
    owner, does = company.doorway.owner, company.doorway.does
    told = does(owner, ChangeIdentityProvider("acme", metadata=company.shown.address)).answer
    assert told["metadata_says"] == "Its metadata came over http, so they are never read again by themselves."
    assert "https address" in told["metadata_next"]
    assert does(owner, AddIdentityProvider("other", "saml", metadata=company.shown.address)).answer["metadata_says"]
    assert company.reads(after=3 * DAY) == 0
    check = company.check()
    assert (check.good, check.says, check.instead) == (False, told["metadata_says"], told["metadata_next"])
    company.shown.address = ADDRESS
    assert "metadata_says" not in does(owner, ChangeIdentityProvider("acme", metadata=ADDRESS)).answer
    assert company.check().good


def test_certificates_roll_over_by_themselves_and_administrators_hear_of_it(company: Company) -> None:
    company.shown.metadata = known(rsa_signer(), rsa_signer("next"))
    company.reads(after=DAY)
    assert company.believed == company.shown.metadata
    company.shown.metadata = known(rsa_signer("next"))
    company.reads(after=DAY)
    assert company.believed.certificates == certificates(rsa_signer("next"))
    [added, ended] = company.doorway.receipts("refresh-identity-provider")
    assert (added.happened["new"], added.happened["gone"]) == (1, 0)
    assert (ended.happened["new"], ended.happened["gone"]) == (0, 1)
    assert added.decided["lane"] == "green"
    assert [one.partition(":")[0] for one in company.told()] == [
        "acme shows other certificates now, and they are believed"
    ] * 2


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"entity_id": "https://other.example.com"}, "it calls itself https://other.example.com"),
        ({"sso": "https://other.example.com/sso"}, "people would sign in at https://other.example.com/sso"),
        ({"slo": "https://other.example.com/slo"}, "people would sign out at https://other.example.com/slo"),
        ({"slo": ""}, "people would sign out at nowhere"),
    ],
)
def test_another_name_or_address_is_told_and_never_taken_over(
    company: Company, changed: dict[str, str], words: str
) -> None:
    company.shown.metadata = replace(known(rsa_signer("next")), **changed)
    company.reads(after=DAY)
    assert company.believed == known(), "not even the certificate beside it"
    company.reads(after=DAY)
    [said] = company.told()
    assert words in said
    assert "If that is right, read them anew on the provider's page." in said
    assert not company.check().good
    assert words in company.check().instead


def test_an_administrator_takes_another_address_over(company: Company) -> None:
    company.shown.metadata = replace(known(rsa_signer("next")), sso="https://other.example.com/sso")
    company.reads(after=DAY)
    company.doorway.does(company.doorway.owner, ChangeIdentityProvider("acme", metadata=ADDRESS))
    assert company.believed == company.shown.metadata
    company.reads()
    assert company.check().good
    assert len(company.told()) == 1


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"body": b"<html/>"}, "These are no SAML 2.0 metadata of one sign-in provider."),
        ({"body": b"no XML"}, "The message is not well-formed XML in UTF-8. Ask whoever runs the provider;"),
        ({"head": f'validUntil="{at(NOW - timedelta(days=400))}"'}, "These metadata are not valid any more."),
    ],
)
def test_what_cannot_be_read_changes_nothing_and_is_told_once(
    company: Company, broken: dict[str, object], words: str
) -> None:
    company.shown = replace(company.shown, **broken, metadata=known(rsa_signer("next")))
    company.control.coming_in.books.wire = company.shown
    for _ in range(4):
        assert company.reads(after=DAY) == 1
    assert company.believed == known()
    [said] = company.told()
    assert words in said
    company.shown.body, company.shown.head = b"", ""
    company.reads(after=HOUR)
    assert company.believed == company.shown.metadata
    assert company.check().good


@pytest.mark.parametrize("silent", [{"away": True}, {"status": 503}])
def test_an_address_that_is_silent_for_a_moment_alarms_nobody(company: Company, silent: dict[str, object]) -> None:
    company.shown = replace(company.shown, **silent)
    company.control.coming_in.books.wire = company.shown
    company.reads(after=DAY)
    for _ in range(TOLD_AFTER - 2):
        company.reads(after=HOUR)
    assert company.told() == []
    for _ in range(5):
        assert company.reads(after=HOUR) == 1
    assert company.believed == known()
    [said] = company.told()
    assert "Their address does not answer as it should." in said


def test_metadata_say_when_they_want_to_be_read_again(company: Company) -> None:
    company.shown.head = 'cacheDuration="PT6H"'
    company.reads(after=DAY)
    assert (company.reads(after=5 * HOUR), company.reads(after=HOUR)) == (0, 1)
    company.shown.head = 'cacheDuration="P30D"'
    company.reads(after=6 * HOUR)
    assert (company.reads(after=DAY - 1), company.reads(after=1)) == (0, 1)
    company.shown.head = f'validUntil="{at(company.clock.now() + timedelta(hours=32))}"'
    company.reads(after=DAY)
    assert (company.reads(after=6 * HOUR - 60), company.reads(after=60)) == (0, 1), "three quarters of eight hours"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("PT6H", 21_600), ("P1DT1M1.5S", 86_461), ("P1Y1M", 34_128_000), ("soon", 0), ("-PT1H", 0), ("", 0)],
)
def test_durations_are_read_as_xml_schema_writes_them(said: str, seconds: int) -> None:
    text = described(known()).replace("<md:EntityDescriptor ", f'<md:EntityDescriptor cacheDuration="{said}" ')
    assert read_metadata(text.encode(), NOW).cached == seconds


def test_never_more_often_than_hourly() -> None:
    now = datetime(2030, 1, 1, tzinfo=NOW.tzinfo)
    soon = (now + timedelta(minutes=4)).isoformat()
    assert readings.next_after(replace(known(), cached=1), now) == now + timedelta(hours=1)
    assert readings.next_after(replace(known(), until=soon), now) == now + timedelta(hours=1)


def test_only_what_came_over_https_is_read_by_itself(company: Company) -> None:
    company.doorway.does(company.doorway.owner, ChangeIdentityProvider("acme", metadata=described(known())))
    assert company.reads(after=2 * DAY) == 0
    assert not company.check().good


def test_a_provider_that_is_switched_off_is_read_once_it_is_on_again(company: Company) -> None:
    company.doorway.does(company.doorway.owner, ChangeIdentityProvider("acme", on=False))
    assert company.reads(after=2 * DAY) == 0
    company.doorway.does(company.doorway.owner, ChangeIdentityProvider("acme", on=True))
    assert company.reads() == 1


def test_a_provider_that_was_removed_is_read_no_more(company: Company) -> None:
    company.doorway.does(company.doorway.owner, RemoveIdentityProvider("acme"))
    assert company.reads(after=2 * DAY) == 0


def test_what_an_administrator_changed_meanwhile_stays(company: Company) -> None:
    shown = RefreshIdentityProvider("acme", ADDRESS, certificates(rsa_signer("next")))
    company.doorway.does(company.doorway.owner, ChangeIdentityProvider("acme", metadata=described(known())))
    with pytest.raises(Conflict, match="was changed while"):
        company.control.door.govern(PLATFORM, shown)
    assert company.believed == known()


def test_nobody_does_it_in_the_platforms_name(company: Company) -> None:
    shown = RefreshIdentityProvider("acme", ADDRESS, certificates(rsa_signer("other")))
    for action in (shown, TellOfMetadata("acme", "It is so.")):
        assert company.doorway.does(company.doorway.owner, action).state == "refused"
    assert company.believed == known()


def test_it_happens_by_itself(company: Company) -> None:
    taken = Event()
    company.doorway.door.subscribe(
        lambda receipt: taken.set() if receipt.action["verb"] == "refresh-identity-provider" else None
    )
    company.shown.metadata = known(rsa_signer(), rsa_signer("next"))
    company.clock.forward(DAY)
    company.refreshing.start()
    try:
        assert taken.wait(60)
    finally:
        company.refreshing.stop()
        company.refreshing._thread.join(60)
