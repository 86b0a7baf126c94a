"""What leaves by mail and webhook: to whom, in which words, once, again where it fails, and on the record."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select
from tests.house import HOUR, PAGE, Doorway
from tests.notices.post_office import receiver

from greenlane.govern.actions import Decline
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity.actions import NameOrganisation, RenamePerson, SuspendPerson
from greenlane.ledger import queries as ledger
from greenlane.notices import actions, queries
from greenlane.notices.actions import AddWebhook, ChooseMail, RemoveWebhook
from greenlane.notices.driver import Undeliverable
from greenlane.notices.kinds import KINDS
from greenlane.notices.message import Told
from greenlane.notices.outbox import hears_by_mail
from greenlane.notices.outside import OverNetwork
from greenlane.notices.postman import WAITS, Postman
from greenlane.notices.queries import Message
from greenlane.notices.tables import MESSAGE, WEBHOOK

HOOK = "https://hooks.example.com/services/T0/B0"
SPACE = 90.0


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Builder", "builder")


@pytest.fixture
def rita(doorway: Doorway) -> Actor:
    return addressed(doorway, doorway.hire("Rita Reviewer", "reviewer"), "rita@example.com")


def addressed(doorway: Doorway, who: Actor, email: str) -> Actor:
    doorway.does(doorway.owner, RenamePerson(who.id, email=email))
    return who


def asks(doorway: Doorway, ben: Actor) -> str:
    """A request that waits for somebody; its id."""
    doorway.deploys(ben)
    request = doorway.publishes(ben, "public").request
    assert request is not None
    return request


def post(doorway: Doorway) -> None:
    """What was heard leaves."""
    doorway.control.notices.catch_up()
    doorway.control.postman.round()


def messages(doorway: Doorway) -> list[Message]:
    with doorway.control.database.read() as connection:
        rows = connection.execute(select(MESSAGE).order_by(MESSAGE.c.at, MESSAGE.c.id))
        return [Message(**{key: value for key, value in row._mapping.items() if key != "noted"}) for row in rows]


def with_outside(doorway: Doorway, **changed: Any) -> Postman:
    """A postman who works with other parts."""
    postman = doorway.control.postman
    return Postman(replace(postman._desk, **changed))


# -- mail ------------------------------------------------------------------------------------------------------------


def test_whoever_is_asked_gets_a_mail_with_the_sentence_and_the_page(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.does(doorway.owner, NameOrganisation("Acme Ltd"))
    request = asks(doorway, ben)
    post(doorway)
    ((to, mail),) = doorway.control.mailer.sent
    assert to == "rita@example.com"
    assert mail["To"] == "Rita Reviewer <rita@example.com>"
    assert mail["From"] == "Greenlane <greenlane@example.com>"
    assert mail["Subject"].startswith("You are asked to decide. Ben Builder wants to publish vendor-board")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<http://localhost:4180/do/choose-mail>"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert f"http://localhost:4180/inbox/{request}" in part
        assert "Acme Ltd" in part
        assert "only what waits for you" in part
        assert "<img" not in part


def test_the_choice_names_what_the_company_s_sign_in_provider_changed(doorway: Doorway):
    """Each kind that asks for something is named, so that nobody chooses what they do not know of."""
    assert "the company's sign-in" in actions.CHOICES["waiting"]
    assert set(actions.WAITING) <= set(KINDS)
    doorway.does(doorway.owner, RenamePerson(doorway.owner.id, email="olga@example.com"))
    for choice, comes in (("waiting", True), ("all", True), ("nothing", False)):
        doorway.does(doorway.owner, ChooseMail(choice))
        with doorway.control.database.read() as connection:
            assert hears_by_mail(connection, doorway.owner.id, "company") is comes


def test_without_an_address_nothing_is_sent_and_nothing_waits(doorway: Doorway, ben: Actor):
    doorway.hire("Rita Reviewer", "reviewer")
    asks(doorway, ben)
    post(doorway)
    assert messages(doorway) == []


def test_each_person_chooses_what_they_hear_of(doorway: Doorway, ben: Actor, rita: Actor):
    addressed(doorway, ben, "ben@example.com")
    request = asks(doorway, ben)
    doorway.does(rita, Decline(request, "not yet"))
    post(doorway)
    assert [to for to, _ in doorway.control.mailer.sent] == ["rita@example.com"], "an answer waits for nobody"
    doorway.does(ben, ChooseMail("all"))
    doorway.does(rita, ChooseMail("nothing"))
    doorway.deploys(ben, files={**PAGE, "a.html": b"<p>a</p>"})
    again = doorway.publishes(ben, "public").request
    assert again is not None
    doorway.does(rita, Decline(again, "not yet"))
    post(doorway)
    assert [to for to, _ in doorway.control.mailer.sent][1:] == ["ben@example.com"]
    assert doorway.receipts("choose-mail")[-1].happened["before"] == "waiting"
    with pytest.raises(WrongInput):
        ChooseMail("some")


def test_whoever_chose_otherwise_or_left_before_it_was_sent_gets_nothing(doorway: Doorway, ben: Actor, rita: Actor):
    asks(doorway, ben)
    doorway.control.notices.catch_up()
    doorway.does(doorway.owner, SuspendPerson(rita.id))
    post(doorway)
    assert doorway.control.mailer.sent == []
    assert [one.state for one in messages(doorway)] == ["dropped"]


@pytest.mark.parametrize("name", ['Ben <b>"Bold"', "Ben & Söhne, GmbH", "Ben (x) @ \\ y", "ألف باء"])
def test_a_name_is_text_wherever_it_stands(doorway: Doorway, ben: Actor, rita: Actor, name: str):
    doorway.does(doorway.owner, RenamePerson(ben.id, name=name))
    doorway.does(doorway.owner, RenamePerson(rita.id, name=name))
    asks(doorway, ben)
    post(doorway)
    ((to, mail),) = doorway.control.mailer.sent
    assert to == "rita@example.com"
    assert mail["To"].addresses[0].addr_spec == "rita@example.com"
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b>" not in html.get_content()
    assert bytes(mail)


def test_a_mail_that_is_refused_for_good_is_given_up_and_the_others_leave(doorway: Doorway, ben: Actor, rita: Actor):
    addressed(doorway, doorway.hire("Rosa Reviewer", "reviewer"), "rosa@example.com")
    doorway.control.mailer.refused.add("rita@example.com")
    asks(doorway, ben)
    post(doorway)
    assert [to for to, _ in doorway.control.mailer.sent] == ["rosa@example.com"]
    assert {one.state for one in messages(doorway)} == {"sent", "given-up"}


def test_a_mail_server_that_is_away_is_asked_once_a_round(doorway: Doorway, ben: Actor, rita: Actor):
    addressed(doorway, doorway.hire("Rosa Reviewer", "reviewer"), "rosa@example.com")
    doorway.control.mailer.away = True
    asks(doorway, ben)
    post(doorway)
    assert sorted(one.tries for one in messages(doorway)) == [0, 1]
    doorway.control.mailer.away = False
    doorway.clock.forward(6)
    post(doorway)
    assert len(doorway.control.mailer.sent) == 2


def test_a_crash_right_after_sending_leads_to_the_same_message_again(
    doorway: Doorway, ben: Actor, rita: Actor, monkeypatch: pytest.MonkeyPatch
):
    asks(doorway, ben)
    doorway.control.notices.catch_up()

    class Killed(BaseException):
        """As if the process had been killed."""

    def killed(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(doorway.control.postman, "_end", killed)
        with pytest.raises(Killed):
            doorway.control.postman.round()
    after_the_start = with_outside(doorway)
    doorway.clock.forward(6)
    after_the_start.round()
    after_the_start.round()
    first, second = (mail["Message-ID"] for _, mail in doorway.control.mailer.sent)
    assert first == second, "whoever gets it twice knows it by its id"
    assert [one.state for one in messages(doorway)] == ["sent"]


def test_a_poisoned_message_keeps_nobody_else_back(doorway: Doorway, ben: Actor, rita: Actor):
    addressed(doorway, doorway.hire("Rosa Reviewer", "reviewer"), "rosa@example.com")
    asks(doorway, ben)
    doorway.control.notices.catch_up()
    poisoned = messages(doorway)[0]

    def tells(connection: Connection, seq: int, kind: str) -> Told:
        tells_of.append(seq)
        if len(tells_of) == 1:
            raise RuntimeError("a bug of ours")
        return Told("Fine.", "/inbox")

    tells_of: list[int] = []
    with_outside(doorway, tells=tells).round()
    states = {one.id: (one.state, one.trouble) for one in messages(doorway)}
    assert states.pop(poisoned.id) == ("waiting", "Something went wrong on our side.")
    assert list(states.values()) == [("sent", "")]


def test_one_notice_leaves_once_whoever_reads_and_however_often(doorway: Doorway, ben: Actor, rita: Actor):
    asks(doorway, ben)
    for _ in range(3):
        post(doorway)
        doorway.clock.forward(HOUR)
    assert len(doorway.control.mailer.sent) == 1


# -- webhooks --------------------------------------------------------------------------------------------------------


def hook(doorway: Doorway, *about: str, url: str = HOOK) -> tuple[str, str]:
    """A webhook's id and secret."""
    answer = doorway.does(doorway.owner, AddWebhook(url, about or ("asked",))).answer
    return str(answer["webhook"]), str(answer["secret"])


def test_a_webhook_is_told_once_for_a_receipt_however_many_people_hear_of_it(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.hire("Rosa Reviewer", "reviewer")
    hook(doorway)
    request = asks(doorway, ben)
    post(doorway)
    ((url, headers, body),) = doorway.control.outside.told
    assert url == HOOK
    told = json.loads(body)
    assert told["text"].startswith("You are asked to decide. Ben Builder wants to publish vendor-board")
    assert told["text"].endswith(f"http://localhost:4180/inbox/{request}")
    assert f"<http://localhost:4180/inbox/{request}|Look at it>" in told["blocks"][0]["text"]["text"]
    assert headers["webhook-id"] == next(one.id for one in messages(doorway) if one.way == "webhook")


def test_what_is_told_is_signed_as_standard_webhooks_says(doorway: Doorway, ben: Actor, rita: Actor):
    _, secret = hook(doorway)
    asks(doorway, ben)
    post(doorway)
    ((_, headers, body),) = doorway.control.outside.told
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    assert (
        headers["webhook-signature"] == "v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    )
    assert abs(int(headers["webhook-timestamp"]) - doorway.clock.now().timestamp()) < SPACE


def test_nobodys_name_calls_a_whole_channel(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.does(doorway.owner, RenamePerson(ben.id, name="<!channel> & <https://evil.example|click>"))
    hook(doorway)
    asks(doorway, ben)
    post(doorway)
    ((_, _, body),) = doorway.control.outside.told
    assert b"<!channel>" not in body
    assert b"&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in body


def test_a_webhook_hears_only_of_what_it_was_added_for(doorway: Doorway, ben: Actor, rita: Actor):
    hook(doorway, "interrupted", "answered")
    request = asks(doorway, ben)
    post(doorway)
    assert doorway.control.outside.told == []
    doorway.does(rita, Decline(request, "not yet"))
    post(doorway)
    assert len(doorway.control.outside.told) == 1


def test_a_receiver_that_fails_twice_gets_it_the_third_time_after_a_restart(doorway: Doorway, ben: Actor, rita: Actor):
    with receiver() as taken:
        taken.failing = 2
        doorway.control.outside.check = lambda _url: None
        _, secret = hook(doorway, url=taken.url)
        asks(doorway, ben)
        doorway.control.notices.catch_up()
        outside = OverNetwork(("127.0.0.0/8",))
        for wait in (0.0, *(one.total_seconds() for one in WAITS[:2])):
            doorway.clock.forward(wait - 1)
            with_outside(doorway, outside=outside).round()  # a new postman each time, as after a restart
            doorway.clock.forward(1.5)
            with_outside(doorway, outside=outside).round()
    assert taken.answered == [500, 500, 204]
    assert len({headers["webhook-id"] for headers, _ in taken.told}) == 1
    for headers, body in taken.told:
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{mac}"
    (one,) = (one for one in messages(doorway) if one.way == "webhook")
    assert (one.state, one.tries) == ("sent", 3)


def test_who_never_answers_is_given_up_after_the_last_wait(doorway: Doorway, ben: Actor, rita: Actor):
    hook(doorway)
    doorway.control.outside.away.add("hooks.example.com")
    asks(doorway, ben)
    post(doorway)
    for wait in WAITS:
        (one,) = (one for one in messages(doorway) if one.way == "webhook")
        assert one.state == "waiting"
        doorway.clock.forward(wait.total_seconds() + 1)
        doorway.control.postman.round()
    (one,) = (one for one in messages(doorway) if one.way == "webhook")
    assert (one.state, one.tries) == ("given-up", len(WAITS) + 1)
    assert one.trouble == "The address did not answer."


def test_a_webhook_that_was_removed_is_told_nothing_more_and_its_secret_is_gone(
    doorway: Doorway, ben: Actor, rita: Actor
):
    webhook, _ = hook(doorway)
    asks(doorway, ben)
    doorway.control.notices.catch_up()
    doorway.does(doorway.owner, RemoveWebhook(webhook))
    post(doorway)
    assert doorway.control.outside.told == []
    with doorway.control.database.read() as connection:
        row = connection.execute(select(WEBHOOK)).one()
        assert (row.sealed_url, row.sealed_secret) == (None, None)
        assert queries.webhooks(connection) == []
    with pytest.raises(NotFound):
        doorway.does(doorway.owner, RemoveWebhook(webhook))
    with pytest.raises(NotFound):
        doorway.does(doorway.owner, actions.TestWebhook(webhook))


def test_a_test_is_sent_like_everything_else(doorway: Doorway):
    webhook, _ = hook(doorway)
    doorway.does(doorway.owner, actions.TestWebhook(webhook))
    doorway.does(doorway.owner, actions.TestWebhook(webhook))
    doorway.control.postman.round()
    assert len(doorway.control.outside.told) == 2
    assert b"This is a test from Greenlane." in doorway.control.outside.told[0][2]
    with doorway.control.database.read() as connection:
        last = queries.last_to(connection, webhook)
    assert last is not None
    assert last.state == "sent"


def test_a_webhook_is_told_to_the_owners_and_its_address_stands_nowhere(doorway: Doorway, ben: Actor):
    answer = doorway.does(doorway.owner, AddWebhook(HOOK))
    assert answer.decision.lane is Lane.AMBER
    secret = str(answer.answer["secret"])
    assert ben_may_not(doorway, ben)
    with doorway.control.database.read() as connection:
        receipts = [entry.receipt.encode() for entry in ledger.entries(connection, limit=1000)]
        stored = bytes(connection.execute(select(WEBHOOK.c.sealed_url)).scalar_one())
    assert not any(b"hooks.example.com" in one or secret.encode() in one for one in receipts)
    assert b"hooks" not in stored


def ben_may_not(doorway: Doorway, ben: Actor) -> bool:
    refused = doorway.does(ben, AddWebhook(HOOK))
    agent = doorway.does(Actor("agent", "codex", on_behalf_of=doorway.owner.id), AddWebhook(HOOK))
    return refused.state == agent.state == "refused"


def test_an_address_inside_is_not_taken(doorway: Doorway):
    doorway.control.outside.inside.add("intranet.example.com")
    with pytest.raises(WrongInput):
        doorway.does(doorway.owner, AddWebhook("https://intranet.example.com/x"))
    with pytest.raises(WrongInput):
        AddWebhook(HOOK, about=())
    with pytest.raises(WrongInput):
        AddWebhook(HOOK, about=("everything",))


# -- on the record ---------------------------------------------------------------------------------------------------


def test_what_was_sent_stands_in_one_receipt_without_a_word_or_an_address(doorway: Doorway, ben: Actor, rita: Actor):
    hook(doorway)
    request = asks(doorway, ben)
    post(doorway)
    assert doorway.receipts("post") == [], "it waits for others, so that mail does not flood the ledger"
    doorway.does(rita, Decline(request, "not yet"))
    doorway.deploys(ben, files={**PAGE, "a.html": b"<p>a</p>"})
    doorway.publishes(ben, "public")
    post(doorway)
    doorway.clock.forward(301)
    doorway.control.postman.round()
    doorway.control.postman.round()
    (one,) = doorway.receipts("post")
    assert one.half == "noted"
    assert (one.happened["mails"], one.happened["webhooks"], one.happened["given_up"]) == (2, 2, 0)
    assert not any(word in one.encode() for word in (b"rita", b"Rita", b"hooks.", b"vendor-board", b"publish"))
    doorway.control.notices.catch_up()
    assert doorway.control.database is not None


def test_what_is_noted_is_said_in_words(doorway: Doorway, ben: Actor, rita: Actor, told: Callable[[int], str]):
    asks(doorway, ben)
    post(doorway)
    doorway.clock.forward(301)
    doorway.control.postman.round()
    with doorway.control.database.read() as connection:
        entry = ledger.entries(connection, verb="post", limit=1)[0]
    assert told(entry.seq) == "Greenlane sent 1 messages by mail and 0 to webhooks; 0 were given up."


@pytest.fixture
def told(doorway: Doorway) -> Callable[[int], str]:
    def tell(seq: int) -> str:
        with doorway.control.database.read() as connection:
            return doorway.control._tells(connection, seq, "told").says

    return tell


def test_a_message_holds_no_words_and_no_address(doorway: Doorway, ben: Actor, rita: Actor):
    hook(doorway)
    asks(doorway, ben)
    post(doorway)
    kept = str(messages(doorway))
    assert not any(word in kept for word in ("rita@", "Rita", "Ben", "hooks.example.com"))


def test_the_postman_sends_by_itself_and_stops(doorway: Doorway, ben: Actor, rita: Actor):
    asks(doorway, ben)
    doorway.control.notices.catch_up()
    sent = Waiting()
    postman = with_outside(doorway, mailer=sent)
    postman.start()
    assert sent.came.wait(10)
    postman.hurry()
    postman.stop()
    postman._thread.join(10)
    assert not postman._thread.is_alive()


class Waiting:
    """A mail server that says when something came."""

    def __init__(self) -> None:
        self.came = threading.Event()

    def send(self, message: object, to: str) -> None:
        self.came.set()
        raise Undeliverable("Not today.")

    def rest(self) -> None:
        """There is no line."""
