"""The key that tokens are signed with is changed while agents work: nothing fails, and what is old is over in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from joserfc.jwk import KeySet
from tests.house import Doorway

from greenlane.govern.actor import Actor
from greenlane.govern.errors import SignInNeeded
from greenlane.identity.delegation import issuing, token_keys
from greenlane.identity.delegation.actions import Delegate, RegisterAgent, RotateTokenKey
from greenlane.identity.delegation.exchange import GRANT, Exchange, Wanted
from greenlane.identity.delegation.proving import Shown
from greenlane.main.coming_in import ComingIn


class Works:
    """An agent that was lent something, and everybody who checks its tokens with the keys that they were told."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.coming_in: ComingIn = doorway.control.coming_in
        self.exchange: Exchange = self.coming_in.exchange
        self.told = self.exchange.issuer.keys()
        ada = doorway.hire("Ada Builder", "builder")
        self.secret = str(doorway.does(ada, RegisterAgent("codex")).answer["secret"])
        self.grant = str(doorway.does(ada, Delegate("codex")).answer["delegation"])

    def token(self) -> str:
        return self.exchange.give(Wanted(self.grant, GRANT, Shown("codex", self.secret))).token

    def edge_reads(self, token: str) -> bool:
        """As the edge does, which has the public keys alone."""
        url, now = self.exchange.issuer.url, self.doorway.clock.now()
        try:
            issuing.read(token, KeySet.import_key_set(self.told), url, url, now)
        except SignInNeeded:
            return False
        return True

    def rotates(self, *, at_once: bool = False) -> None:
        assert self.doorway.does(self.doorway.owner, RotateTokenKey(at_once)).state == "done"
        token_keys.take_up(self.coming_in.token_keys, self.exchange.issuer, self.hears)

    def hears(self) -> None:
        self.told = self.exchange.issuer.keys()


@pytest.fixture
def works(doorway: Doorway) -> Works:
    return Works(doorway)


def test_the_old_key_is_believed_until_what_it_signed_is_over(works: Works) -> None:
    before = works.token()
    works.rotates()
    after = works.token()
    assert works.edge_reads(before)
    assert works.edge_reads(after)
    assert len(works.told["keys"]) == 2
    works.doorway.clock.forward(token_keys.BELIEVED_FOR.total_seconds() + 1)
    assert token_keys.let_go(works.coming_in.token_keys, works.exchange.issuer)
    assert not token_keys.let_go(works.coming_in.token_keys, works.exchange.issuer)
    works.hears()
    assert len(works.told["keys"]) == 1
    assert works.edge_reads(works.token())


def test_a_key_that_somebody_may_have_is_over_at_once(works: Works) -> None:
    works.rotates()
    stolen = works.token()
    works.rotates(at_once=True)
    assert not works.edge_reads(stolen)
    assert works.edge_reads(works.token())
    assert len(works.told["keys"]) == 1


def test_the_newest_key_signs_after_a_new_start(works: Works) -> None:
    works.rotates()
    works.rotates()
    kept = works.token()
    del works.coming_in.exchange
    again = works.coming_in.exchange.issuer
    assert again.keys() == works.exchange.issuer.keys()
    assert again.read(kept, again.url, works.doorway.clock.now()).grant == works.grant


def test_no_exchange_fails_while_keys_are_changed(works: Works) -> None:
    done = Event()

    def asks() -> tuple[int, int]:
        good = bad = 0
        while True:
            last = done.is_set()
            if works.edge_reads(works.token()):
                good += 1
            else:
                bad += 1
            if last:
                return good, bad

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(asks) for _ in range(3)]
        try:
            for _ in range(10):
                works.rotates()
        finally:
            done.set()
        results = [one.result() for one in asking]
    assert sum(bad for _, bad in results) == 0
    assert all(good for good, _ in results)


def test_only_keepers_change_it_and_no_secret_of_it_is_on_the_record(works: Works) -> None:
    ben = works.doorway.hire("Ben Builder", "builder")
    assert works.doorway.does(ben, RotateTokenKey()).state == "refused"
    agent = Actor("agent", "codex", on_behalf_of=works.doorway.owner.id)
    assert works.doorway.does(agent, RotateTokenKey()).state == "refused"
    works.rotates()
    [receipt] = [one for one in works.doorway.receipts("rotate-token-key") if one.happened["state"] == "done"]
    assert {"kid", "at_once", "before_until"} <= receipt.happened.keys()
    assert works.coming_in.token_keys.seeds()[0].hex() not in str(receipt.document())
