"""Certificates of a provider and tokens of a directory are changed while they are used, and nobody is turned away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from starlette.testclient import TestClient
from tests.house import Doorway
from tests.identity.saml.provider import Way, rsa_signer
from tests.identity.scim.directory import Directory
from tests.identity.sso.described import described
from tests.identity.sso.test_saml import Desk, known

from greenlane.api import app as api
from greenlane.identity.provisioning.actions import CreateDirectoryToken, RevokeDirectoryToken
from greenlane.identity.sso.actions import ChangeIdentityProvider
from greenlane.kit.errors import GreenlaneError

WORKERS = 3
EACH = 2
"""Times that each of them has done it before something changes again."""

PATIENCE = 120.0


@dataclass
class Load:
    """Several who do the same over and over with what is current, and what they did with each."""

    does: Callable[[int, str], None]
    current: str
    done: dict[tuple[int, str], int] = field(default_factory=dict)
    wrong: list[Exception] = field(default_factory=list)
    moved: threading.Condition = field(default_factory=threading.Condition)
    over: bool = False

    def __enter__(self) -> Load:
        self.threads = [threading.Thread(target=self._work, args=(number,)) for number in range(WORKERS)]
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over = True
        for one in self.threads:
            one.join()

    def goes_on(self) -> None:
        """Wait until everybody has worked with what is current, and so nobody with what was before."""
        with self.moved:
            assert self.moved.wait_for(self._enough, PATIENCE), "it stands still"
        assert self.wrong == []

    def _enough(self) -> bool:
        fast = all(self.done.get((number, self.current), 0) >= EACH for number in range(WORKERS))
        return fast or bool(self.wrong)

    def _work(self, number: int) -> None:
        while not self.over and not self.wrong:
            using = self.current
            try:
                self.does(number, using)
            except (GreenlaneError, AssertionError) as error:  # it is told in the test's own thread
                self.wrong.append(error)
            with self.moved:
                self.done[number, using] = self.done.get((number, using), 0) + 1
                self.moved.notify_all()


def test_a_provider_changes_its_certificate_while_people_sign_in(doorway: Doorway) -> None:
    desk = Desk(doorway)
    desk.comes_in()
    signers = {"old": rsa_signer(), "new": rsa_signer("next")}

    def metadata(*names: str) -> None:
        shown = described(known(*(signers[one] for one in names)))
        doorway.does(doorway.owner, ChangeIdentityProvider("acme", metadata=shown))

    def signs_in(_number: int, using: str) -> None:
        desk.comes_in(way=Way(signers[using]), assertion_id=f"_{uuid4().hex}")

    with Load(signs_in, "old") as load:
        load.goes_on()
        metadata("old", "new")
        load.current = "new"
        load.goes_on()
        metadata("new")
        load.done.clear()
        load.goes_on()


def test_a_directory_changes_its_token_while_it_sends(doorway: Doorway) -> None:
    directory = Directory(doorway)
    app = api.create(doorway.control._api())
    clients = [TestClient(app, base_url="http://localhost:4180") for _ in range(WORKERS)]
    tokens = {"old": directory.token}

    def sends(number: int, using: str) -> None:
        headers = {"Authorization": f"Bearer {tokens[using]}"}
        answer = clients[number].get("/scim/v2/Users?count=1", headers=headers)
        assert answer.status_code == 200, answer.text

    with Load(sends, "old") as load:
        load.goes_on()
        tokens["new"] = str(doorway.does(doorway.owner, CreateDirectoryToken("okta")).answer["token"])
        load.current = "new"
        load.goes_on()
        doorway.does(doorway.owner, RevokeDirectoryToken(str(directory.made["id"])))
        load.done.clear()
        load.goes_on()
    assert clients[0].get("/scim/v2/Users", headers={"Authorization": f"Bearer {tokens['old']}"}).status_code == 401
