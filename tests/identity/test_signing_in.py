"""Coming in through the real door, on both databases: passwords, passkeys, recovery codes, and who is turned away."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.house import DAY, Doorway
from tests.identity.authenticator import Authenticator

from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, GreenlaneError, NotFound, SignInNeeded, TooSoon, WrongInput
from greenlane.identity import queries, tables
from greenlane.identity.actions import (
    AddPasskey,
    CreateSignInLink,
    EndSession,
    ErasePerson,
    MakeRecoveryCodes,
    RemovePasskey,
    RemovePassword,
    RestorePerson,
    SetPassword,
    SignIn,
    SuspendPerson,
    TurnAway,
)
from greenlane.identity.arriving import Arrivals, Caller, Opened
from greenlane.insights import undoing

GOOD = "wandering lamp forty crows"
BETTER = "quiet harbour seven maps"
HERE = Caller("192.0.2.7", "Firefox on Linux")


@pytest.fixture
def arrivals(doorway: Doorway) -> Arrivals:
    return doorway.control.coming_in.arrivals


@pytest.fixture
def ana(doorway: Doorway) -> Actor:
    """A builder with a password."""
    one = doorway.hire("Ana Costa", "builder")
    doorway.does(one, SetPassword(GOOD))
    return one


def within(doorway: Doorway, opened: Opened) -> Actor:
    """The actor of a session."""
    signed = who(doorway, opened)
    assert signed is not None
    return signed.actor


def who(doorway: Doorway, opened: Opened) -> queries.Signed | None:
    with doorway.control.database.read() as connection:
        return queries.who_is(connection, opened.secret, doorway.clock.now())


def sessions(doorway: Doorway, person: str) -> list[queries.Session]:
    with doorway.control.database.read() as connection:
        return queries.sessions_of(connection, person, doorway.clock.now())


def enrol(doorway: Doorway, actor: Actor, device: Authenticator) -> str:
    answer = device.enrol(doorway.control.coming_in.arrivals.ask_to_enrol(actor))
    return str(doorway.does(actor, AddPasskey(answer, "my laptop")).answer["passkey"])


# passwords


def test_a_password_signs_in_under_name_or_mail_address(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    opened = arrivals.by_password(" ana costa ", GOOD, HERE)
    assert within(doorway, opened).person == ana.id
    assert sessions(doorway, ana.id)[0].device == "Firefox on Linux"
    assert queries.opened_with(sessions(doorway, ana.id)[0].through) == "a password"


def test_a_wrong_password_a_wrong_name_and_no_password_read_the_same(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    said = set()
    for name, typed in (("Ana Costa", BETTER), ("Nobody", GOOD), ("Olga Owner", GOOD), ("", "")):
        with pytest.raises(SignInNeeded) as error:
            arrivals.by_password(name, typed, HERE)
        said.add((error.value.message, error.value.next_step))
    assert len(said) == 1


def test_nobody_takes_anothers_mail_address_as_their_name(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    doorway.does(doorway.owner, REGISTRY.named("rename-person").build({"person": ana.id, "email": "ana@example.com"}))
    thief = doorway.hire("ana@example.com", "builder")
    doorway.does(thief, SetPassword(BETTER))
    assert arrivals.by_password("ana@example.com", GOOD, HERE).person == ana.id


def test_a_new_password_replaces_the_old_one_and_ends_what_it_opened_elsewhere(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    elsewhere, here = (arrivals.by_password("Ana Costa", GOOD, HERE) for _ in range(2))
    doorway.does(within(doorway, here), SetPassword(BETTER))
    assert who(doorway, elsewhere) is None
    assert who(doorway, here) is not None
    with pytest.raises(SignInNeeded):
        arrivals.by_password("Ana Costa", GOOD, HERE)
    assert arrivals.by_password("Ana Costa", BETTER, HERE).person == ana.id


def test_a_removed_password_opens_nothing(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    doorway.does(ana, RemovePassword(ana.id))
    with pytest.raises(SignInNeeded):
        arrivals.by_password("Ana Costa", GOOD, HERE)
    with pytest.raises(NotFound):
        doorway.does(ana, RemovePassword(ana.id))


def test_a_password_that_would_be_guessed_is_not_taken(doorway: Doorway, ana: Actor) -> None:
    for typed in ("short", "password1234", "Ana Costa 2026!", "aaaaaaaaaaaaaaaa"):
        with pytest.raises(WrongInput) as error:
            doorway.does(ana, SetPassword(typed))
        assert typed not in f"{error.value.message} {error.value.detail}"


def test_a_password_is_kept_nowhere_but_as_a_hash(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    arrivals.by_password("Ana Costa", GOOD, HERE)
    with doorway.control.database.engine.connect() as connection:
        for table in tables.METADATA.sorted_tables:
            for row in connection.execute(select(table)):
                assert GOOD not in repr(tuple(row)).replace("\\x00", "")
    assert "$argon2id$" in str(
        doorway.control.database.engine.connect().execute(select(tables.PASSWORD.c.hash)).scalar()
    )


# attempts


def test_wrong_attempts_make_the_next_one_wait_longer_and_longer(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    waits = []
    for number in range(17):
        elsewhere = replace(HERE, address=f"192.0.2.{number}")
        with pytest.raises((SignInNeeded, TooSoon)) as error:
            arrivals.by_password("Ana Costa", BETTER, elsewhere)
        waits.append(getattr(error.value, "seconds", 0))
        if waits[-1]:
            doorway.clock.forward(waits[-1])
            with pytest.raises(SignInNeeded):
                arrivals.by_password("ana costa", BETTER, elsewhere)
    assert waits == [0, 0, 0, 0, *(2**n for n in range(10)), 900, 900, 900]


def test_the_right_password_waits_too_and_then_starts_the_count_anew(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    fail(arrivals, "Ana Costa", 6, doorway)
    with pytest.raises(TooSoon):
        arrivals.by_password("Ana Costa", GOOD, HERE)
    doorway.clock.forward(900)
    assert arrivals.by_password("Ana Costa", GOOD, HERE).person == ana.id
    fail(arrivals, "Ana Costa", 3)
    assert arrivals.by_password("Ana Costa", GOOD, HERE).person == ana.id


def test_attempts_survive_a_restart(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    fail(arrivals, "Ana Costa", 6, doorway)
    del doorway.control.coming_in.arrivals, doorway.control.coming_in.proofs  # what a restart makes anew
    with pytest.raises(TooSoon):
        doorway.control.coming_in.arrivals.by_password("Ana Costa", GOOD, replace(HERE, address="203.0.113.9"))


def test_guesses_never_lock_anybody_out(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    code = doorway.does(ana, MakeRecoveryCodes()).answer["codes"][0]
    link = str(doorway.does(doorway.owner, CreateSignInLink(ana.id)).answer["link"]).rpartition("/")[2]
    for number in range(40):
        with pytest.raises((SignInNeeded, TooSoon)):
            arrivals.by_password("Ana Costa", BETTER, replace(HERE, address=f"10.0.0.{number}"))
    assert arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE).person == ana.id
    assert arrivals.by_recovery_code(code, HERE).person == ana.id
    assert arrivals.by_secret(link, HERE).person == ana.id
    doorway.clock.forward(900)
    assert arrivals.by_password("Ana Costa", GOOD, HERE).person == ana.id


def test_one_address_cannot_try_many_names(doorway: Doorway, arrivals: Arrivals) -> None:
    for number in range(20):
        fail(arrivals, f"Somebody {number}", 1)
    with pytest.raises(TooSoon):
        arrivals.by_password("Somebody 20", GOOD, HERE)
    with pytest.raises(SignInNeeded):
        arrivals.by_password("Somebody 31", GOOD, replace(HERE, address="203.0.113.9"))


def test_an_address_of_ipv6_counts_with_its_network(arrivals: Arrivals) -> None:
    for number in range(20):
        with pytest.raises(SignInNeeded):
            arrivals.by_password(f"Somebody {number}", GOOD, replace(HERE, address=f"2001:db8::{number:x}"))
    with pytest.raises(TooSoon):
        arrivals.by_password("Somebody 20", GOOD, replace(HERE, address="2001:db8::ffff"))


def test_attempts_are_forgotten_after_a_day(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    fail(arrivals, "Ana Costa", 8, doorway)
    doorway.clock.forward(DAY + 1)
    fail(arrivals, "Ana Costa", 3)


def test_who_is_turned_away_again_and_again_is_on_the_record_without_a_name(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    fail(arrivals, "Ana Costa", 3)
    assert doorway.receipts("turn-away") == []
    fail(arrivals, "Ana Costa", 5, doorway)
    fail(arrivals, "Eve Nobody", 4, doorway)
    noted = doorway.receipts("turn-away")
    assert [(one.happened["person"], one.happened["row"]) for one in noted] == [(ana.id, 4), (ana.id, 8), ("", 12)]
    assert all("Ana" not in str(one.document()) and "Eve" not in str(one.document()) for one in noted)
    assert doorway.receipts("sign-in")[-1].happened["way"] == "link"


def test_people_do_not_note_that_somebody_was_turned_away(doorway: Doorway) -> None:
    assert doorway.does(doorway.owner, TurnAway("", "password", 4)).state == "refused"


def fail(arrivals: Arrivals, name: str, times: int, doorway: Doorway | None = None) -> None:
    for _ in range(times):
        while True:
            try:
                arrivals.by_password(name, BETTER, HERE)
            except SignInNeeded:
                break
            except TooSoon as error:
                assert doorway is not None, "the test did not expect to wait"
                doorway.clock.forward(error.seconds)


# passkeys


def test_a_passkey_signs_in_without_a_name(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    for _ in range(2):
        assert arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE).person == ana.id
    assert queries.opened_with(sessions(doorway, ana.id)[0].through) == "a passkey"


def test_a_synced_passkey_that_does_not_count_signs_in_again_and_again(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    device = Authenticator(counts=False)
    enrol(doorway, ana, device)
    for _ in range(3):
        assert arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE).person == ana.id


def test_an_answer_works_once(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    device = Authenticator(counts=False)
    enrol(doorway, ana, device)
    answer = device.sign_in(arrivals.ask())
    arrivals.by_passkey(answer, HERE)
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(answer, HERE)


def test_an_answer_to_an_old_question_or_to_no_question_of_ours_opens_nothing(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    question = arrivals.ask()
    doorway.clock.forward(301)
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(device.sign_in(question), HERE)
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(device.sign_in(json.dumps({"challenge": "AAAA"})), HERE)


def test_an_answer_to_the_question_of_an_enrolment_signs_nobody_in(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(device.sign_in(arrivals.ask_to_enrol(ana)), HERE)


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        ({"origin": "http://vendor-board.localhost:4180"}, {}),
        ({"origin": "https://localhost:4180"}, {}),
        ({"host": "vendor-board.localhost"}, {}),
        ({"verifies": False}, {}),
        ({"uses": 0}, {}),
        ({"person": "p_somebody"}, {}),
        ({}, {"type": "webauthn.create"}),
    ],
)
def test_what_a_passkey_must_not_get_away_with(
    doorway: Doorway, arrivals: Arrivals, ana: Actor, lie: dict[str, object], told: dict[str, str]
) -> None:
    device = Authenticator(uses=5)
    enrol(doorway, ana, device)
    dishonest = replace(device, **lie)
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(dishonest.sign_in(arrivals.ask(), **told), HERE)
    assert arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE).person == ana.id


def test_another_key_for_a_known_passkey_opens_nothing(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    forged = Authenticator(id=device.id, person=device.person, uses=9)
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(forged.sign_in(arrivals.ask()), HERE)


def test_what_is_no_answer_opens_nothing(arrivals: Arrivals) -> None:
    for typed in ("{}", "{", '{"id": 1}', json.dumps({"id": "AA", "rawId": "AA", "response": {}}), "{" + "x" * 70_000):
        with pytest.raises(SignInNeeded):
            arrivals.by_passkey(typed, HERE)


def test_a_passkey_is_enrolled_only_by_whom_the_question_was_put_to(doorway: Doorway, arrivals: Arrivals) -> None:
    question = arrivals.ask_to_enrol(doorway.owner)
    ben = doorway.hire("Ben", "builder")
    answer = Authenticator().enrol(question)
    with pytest.raises(SignInNeeded):
        doorway.does(ben, AddPasskey(answer))
    doorway.does(doorway.owner, AddPasskey(answer))
    with pytest.raises(SignInNeeded):
        doorway.does(doorway.owner, AddPasskey(answer))


def test_a_passkey_is_known_once(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    asked = json.loads(arrivals.ask_to_enrol(ana))
    assert len(asked["excludeCredentials"]) == 1
    with pytest.raises(Conflict):
        doorway.does(ana, AddPasskey(device.enrol(arrivals.ask_to_enrol(ana))))


def test_adding_a_passkey_can_be_undone_beside_its_receipt(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    back = undoing.undo(doorway.receipts("add-passkey")[-1], {})
    assert back is not None
    assert doorway.does(ana, REGISTRY.named(back.verb).build(dict(back.inputs))).state == "done"
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE)


def test_a_removed_passkey_opens_nothing_and_what_it_opened_ends(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    device = Authenticator()
    passkey = enrol(doorway, ana, device)
    opened = arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE)
    assert doorway.does(ana, RemovePasskey(passkey)).state == "done"
    assert who(doorway, opened) is None
    with pytest.raises(SignInNeeded):
        arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE)


def test_the_question_asks_for_a_passkey_that_lives_on_the_device_and_looks_at_its_user(arrivals: Arrivals) -> None:
    asked = json.loads(arrivals.ask())
    assert asked["rpId"] == "localhost"
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "preferred"


# recovery codes


def test_a_recovery_code_signs_in_once_however_it_is_written(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    codes = doorway.does(ana, MakeRecoveryCodes()).answer["codes"]
    assert len(set(codes)) == 10
    sloppy = codes[0].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert arrivals.by_recovery_code(f" {sloppy} ", HERE).person == ana.id
    for typed in (codes[0], "", "nonsense", "0" * 20):
        with pytest.raises(SignInNeeded):
            arrivals.by_recovery_code(typed, HERE)
    with doorway.control.database.read() as connection:
        assert queries.ways_in(connection, ana.id).recovery_codes == 9


def test_new_recovery_codes_end_the_old_ones(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    old = doorway.does(ana, MakeRecoveryCodes()).answer["codes"][0]
    new = doorway.does(ana, MakeRecoveryCodes()).answer["codes"][0]
    with pytest.raises(SignInNeeded):
        arrivals.by_recovery_code(old, HERE)
    assert arrivals.by_recovery_code(new, HERE).person == ana.id


def test_recovery_codes_and_passkey_names_never_reach_the_ledger(doorway: Doorway, ana: Actor) -> None:
    codes = doorway.does(ana, MakeRecoveryCodes()).answer["codes"]
    enrol(doorway, ana, Authenticator())
    told = str([one.document() for verb in ("make-recovery-codes", "add-passkey") for one in doorway.receipts(verb)])
    assert not [code for code in codes if code in told]
    assert "my laptop" not in told


# who may do what


def test_how_one_signs_in_changes_only_soon_after_signing_in(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    actor = within(doorway, arrivals.by_password("Ana Costa", GOOD, HERE))
    doorway.clock.forward(901)
    for action in (SetPassword(BETTER), RemovePassword(ana.id), MakeRecoveryCodes(), AddPasskey("{}")):
        answer = doorway.does(actor, action)
        assert answer.state == "refused"
        assert [reason.policy for reason in answer.decision.reasons] == ["sign-in-first"]
    again = within(doorway, arrivals.by_password("Ana Costa", GOOD, HERE))
    assert doorway.does(again, SetPassword(BETTER)).state == "done"


def test_an_api_token_never_changes_how_somebody_signs_in(doorway: Doorway, ana: Actor) -> None:
    token = doorway.does(ana, REGISTRY.named("create-token").build({"name": "x", "scopes": ["admin"]})).answer
    with doorway.control.database.read() as connection:
        signed = queries.who_is(connection, str(token["token"]), doorway.clock.now())
    assert signed is not None
    assert doorway.does(signed.actor, SetPassword(BETTER)).state == "refused"


def test_a_session_is_ended_by_its_person_and_by_who_looks_after_people(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    ben = doorway.hire("Ben", "builder")
    first, second = (arrivals.by_password("Ana Costa", GOOD, HERE) for _ in range(2))
    newest, older, *_ = sessions(doorway, ana.id)
    assert doorway.does(ben, EndSession(newest.id)).state == "refused"
    assert doorway.does(ana, EndSession(newest.id)).state == "done"
    assert doorway.does(doorway.owner, EndSession(older.id)).state == "done"
    assert (who(doorway, first), who(doorway, second)) == (None, None)
    with pytest.raises(NotFound):
        doorway.does(ana, EndSession(newest.id))


def test_nobody_ends_the_session_of_somebody_who_may_do_more(doorway: Doorway) -> None:
    keeper = doorway.hire("Kim", "platform-engineer", everywhere=True)
    doorway.does(doorway.owner, SetPassword(GOOD))
    doorway.control.coming_in.arrivals.by_password("Olga Owner", GOOD, HERE)
    assert doorway.does(keeper, EndSession(sessions(doorway, doorway.owner.id)[0].id)).state == "refused"
    assert doorway.does(keeper, RemovePassword(doorway.owner.id)).state == "refused"


def test_who_is_shut_out_comes_in_no_way_and_with_the_same_ways_when_restored(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    device = Authenticator()
    enrol(doorway, ana, device)
    code = doorway.does(ana, MakeRecoveryCodes()).answer["codes"][0]
    opened = arrivals.by_password("Ana Costa", GOOD, HERE)
    doorway.does(doorway.owner, SuspendPerson(ana.id))
    assert who(doorway, opened) is None
    for way in (
        lambda: arrivals.by_password("Ana Costa", GOOD, HERE),
        lambda: arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE),
        lambda: arrivals.by_recovery_code(code, HERE),
    ):
        with pytest.raises(SignInNeeded):
            way()
    doorway.does(doorway.owner, RestorePerson(ana.id))
    assert arrivals.by_password("Ana Costa", GOOD, HERE).person == ana.id


def test_erasing_a_person_erases_what_they_signed_in_with(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    enrol(doorway, ana, Authenticator())
    doorway.does(ana, MakeRecoveryCodes())
    arrivals.by_password("Ana Costa", GOOD, HERE)
    named = doorway.receipts("add-passkey")[0]
    with doorway.control.database.read() as connection:
        decided = connection.execute(select(tables.METADATA.tables["action"].c.payload)).scalars().all()
        assert any(decided)
    doorway.does(doorway.owner, ErasePerson(ana.id))
    with doorway.control.database.read() as connection:
        left = queries.ways_in(connection, ana.id)
        devices = connection.execute(select(tables.SESSION.c.device).where(tables.SESSION.c.person == ana.id)).scalars()
        assert set(devices) == {None}
        action = tables.METADATA.tables["action"]
        row = connection.execute(select(action).where(action.c.id == named.action["id"])).one()
        assert doorway.control.payloads.open(connection, row.payload) is None
    assert left == queries.WaysIn(None, (), 0, None)


def test_what_is_made_in_a_session_that_somebody_else_let_in_remembers_them(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    link = str(doorway.does(doorway.owner, CreateSignInLink(ana.id)).answer["link"]).rpartition("/")[2]
    inside = within(doorway, arrivals.by_secret(link, HERE))
    doorway.does(inside, SetPassword(BETTER))
    device = Authenticator()
    enrol(doorway, inside, device)
    code = doorway.does(inside, MakeRecoveryCodes()).answer["codes"][0]
    for opened in (
        arrivals.by_password("Ana Costa", BETTER, HERE),
        arrivals.by_passkey(device.sign_in(arrivals.ask()), HERE),
        arrivals.by_recovery_code(code, HERE),
    ):
        signed = who(doorway, opened)
        assert signed is not None
        assert signed.vouched_by == doorway.owner.id


def test_two_who_use_one_recovery_code_at_the_same_moment_are_one(
    doorway: Doorway, arrivals: Arrivals, ana: Actor
) -> None:
    code = doorway.does(ana, MakeRecoveryCodes()).answer["codes"][0]
    with doorway.control.database.read() as connection:
        proven = [doorway.control.coming_in.proofs.of(connection, code, "", doorway.clock.now()) for _ in range(2)]
    assert proven[0] is not None
    assert proven[1] is not None
    doorway.control.ledger.write(proven[0].use)
    with pytest.raises(GreenlaneError):
        doorway.control.ledger.write(proven[1].use)
    with pytest.raises(SignInNeeded):
        doorway.does(proven[1].signed.actor, SignIn(code))


def test_every_decision_about_signing_in_replays(doorway: Doorway, arrivals: Arrivals, ana: Actor) -> None:
    fail(arrivals, "Ana Costa", 4)
    assert doorway.replays()["differences"] == []
