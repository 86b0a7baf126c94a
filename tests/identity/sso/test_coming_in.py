"""Coming in through the company's provider: who it is, who it never is, and what stays on the record."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select
from tests.house import DAY
from tests.identity.sso.arriving import CALLER, Desk
from tests.identity.sso.issuer import HERE, SECRET

from greenlane.govern.action import REGISTRY
from greenlane.govern.errors import Conflict, NotFound, Refused, SignInNeeded
from greenlane.identity import queries, tables
from greenlane.identity.actions import ErasePerson, RenamePerson, RestorePerson, SignIn, SignOut, SuspendPerson
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER
from greenlane.identity.oidc.refusals import OidcRefused
from greenlane.identity.provisioning.tables import DIRECTORY, DIRECTORY_USER
from greenlane.identity.sso import pending, providers
from greenlane.identity.sso.actions import ChangeIdentityProvider, LinkIdentity, RemoveIdentityProvider, UnlinkIdentity
from greenlane.identity.sso.linking import NotHere
from greenlane.identity.sso.pending import Wish
from greenlane.identity.sso.tables import PROVIDER_SESSION


def test_somebody_new_becomes_a_person_without_any_role(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1", name="Ada Lovelace", email="ada@example.com")
    one = desk.person(opened.person)
    assert (one.name, one.email, one.state, one.teams) == ("Ada Lovelace", "ada@example.com", "active", ())
    with desk.control.database.read() as connection:
        assert queries.held(connection, opened.person) == ()
    assert desk.comes_in("u-1").person == opened.person
    assert desk.comes_in("u-2").person != opened.person


def test_the_receipt_names_the_provider_and_a_digest_and_nothing_of_the_person(desk: Desk) -> None:
    desk.adds()
    desk.comes_in("u-secret-subject", name="Ada Lovelace", email="ada@example.com", jti="token-one")
    receipt = desk.doorway.receipts("sign-in")[-1]
    assert receipt.happened["provider"] == "okta"
    assert receipt.happened["message"].startswith("sha256:")
    assert {"identity-provider", "identity"} <= {edge["kind"] for edge in receipt.used}
    whole = receipt.encode().decode()
    assert not [one for one in ("u-secret-subject", "Ada", "ada@", "token-one", "eyJ") if one in whole]


def test_the_client_secret_and_the_tokens_are_kept_nowhere(desk: Desk) -> None:
    desk.adds()
    address, browser = desk.goes_out()
    landed = desk.company.oidc.answered("okta", desk.issuer.signs_in(address), browser)
    desk.control.coming_in.arrivals.by_company(landed.secret, CALLER)
    with desk.control.database.engine.connect() as connection:
        for table in tables.METADATA.sorted_tables:
            for row in connection.execute(select(table)):
                whole = repr(tuple(row))
                assert not [one for one in (SECRET, browser, landed.secret, "eyJ") if one in whole], table.name


def test_a_mail_address_never_says_who_somebody_is(desk: Desk) -> None:
    desk.adds()
    ana = desk.doorway.hire("Ana Costa", "builder")
    desk.doorway.does(desk.doorway.owner, RenamePerson(ana.id, email="ana@example.com"))
    with pytest.raises(NotHere, match="an address alone proves nothing"):
        desk.comes_in("u-7", email="Ana@example.com", email_verified=True)
    with desk.control.database.read() as connection:
        assert providers.identities_of(connection, ana.id) == []


def test_who_is_not_known_is_nobody_where_the_provider_creates_nobody(desk: Desk) -> None:
    desk.adds(creates=False)
    before = desk.doorway.receipts("sign-in")
    with pytest.raises(NotHere, match="nobody here belongs to that account"):
        desk.comes_in("u-1")
    assert desk.doorway.receipts("sign-in") == before


def test_a_person_connects_their_own_account_and_comes_in_with_it(desk: Desk) -> None:
    desk.adds(creates=False)
    ana = desk.doorway.hire("Ana Costa", "builder")
    landed = desk.lands("u-1", Wish(purpose="link", person=ana.id))
    desk.doorway.does(ana, LinkIdentity(landed.secret))
    assert desk.comes_in("u-1").person == ana.id
    other = desk.doorway.hire("Ben Okafor", "builder")
    stolen = desk.lands("u-1", Wish(purpose="link", person=other.id))
    with pytest.raises(Conflict, match="belongs to somebody else"):
        desk.doorway.does(other, LinkIdentity(stolen.secret))


def test_an_account_that_is_unlinked_opens_nothing_and_what_it_opened_ends(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    desk.doorway.does(desk.doorway.owner, UnlinkIdentity(opened.person, "okta"))
    assert desk.who(opened) is None
    assert desk.comes_in("u-1").person != opened.person


def test_somebody_whom_the_directory_brought_is_known_by_its_id(desk: Desk) -> None:
    desk.adds(creates=False, directory="Okta of ours")
    ana = desk.doorway.hire("Ana Costa", "builder")
    with desk.control.database.engine.begin() as connection:
        directory = {"id": "dir_1", "name": "Okta of ours", "made_by": ana.id, "action": "act_1", "since": "now"}
        connection.execute(DIRECTORY.insert().values(**directory))
        described = {"resource": {}, "active": True, "version": 1, "created": "now", "changed": "now"}
        known = {"person": ana.id, "directory": "dir_1", "user_name": "ana", "external_id": "00u1"}
        connection.execute(DIRECTORY_USER.insert().values(**known, **described))
    assert desk.comes_in("00u1").person == ana.id
    with pytest.raises(NotHere):
        desk.comes_in("00u2")


def test_who_is_suspended_is_refused_on_the_record_and_leaves_no_session(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    desk.doorway.does(desk.doorway.owner, SuspendPerson(opened.person))
    assert desk.who(opened) is None
    with pytest.raises(Refused, match="suspended"):
        desk.comes_in("u-1")
    receipt = desk.doorway.receipts("sign-in")[-1]
    assert (receipt.happened["state"], receipt.decided["lane"]) == ("refused", "closed")
    desk.doorway.does(desk.doorway.owner, RestorePerson(opened.person))
    assert desk.who(opened) is None, "what ended stays ended"
    assert desk.comes_in("u-1").person == opened.person


def test_an_erased_persons_account_is_forgotten(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    desk.doorway.does(desk.doorway.owner, ErasePerson(opened.person))
    with desk.control.database.read() as connection:
        assert providers.identities_of(connection, opened.person) == []


# once, and in one browser


def test_an_answer_counts_once(desk: Desk) -> None:
    desk.adds()
    address, browser = desk.goes_out()
    answer = desk.issuer.signs_in(address)
    landed = desk.company.oidc.answered("okta", answer, browser)
    desk.control.coming_in.arrivals.by_company(landed.secret, CALLER)
    with pytest.raises(SignInNeeded, match="took too long"):
        desk.control.coming_in.arrivals.by_company(landed.secret, CALLER)
    with pytest.raises(SignInNeeded, match="was used already"):
        desk.company.oidc.answered("okta", answer, browser)


def test_a_code_that_was_used_is_refused_by_the_provider_and_here(desk: Desk) -> None:
    desk.adds()
    address, browser = desk.goes_out()
    answer = desk.issuer.signs_in(address)
    desk.company.oidc.answered("okta", answer, browser)
    with pytest.raises(OidcRefused) as error:
        desk.company.oidc.answered("okta", answer, browser)
    assert error.value.reason == "code-refused"


def test_a_token_that_was_used_opens_nothing_in_another_sign_in(desk: Desk) -> None:
    desk.adds()
    desk.comes_in("u-1", jti="the same")
    with pytest.raises(OidcRefused) as error:
        desk.comes_in("u-1", jti="the same")
    assert error.value.reason == "spent"


def test_another_browser_cannot_end_a_sign_in_that_this_one_began(desk: Desk) -> None:
    desk.adds()
    address, browser = desk.goes_out()
    answer = desk.issuer.signs_in(address)
    with pytest.raises(SignInNeeded, match="was not begun in this browser"):
        desk.company.oidc.answered("okta", answer, pending.browser_secret())
    assert desk.company.oidc.answered("okta", answer, browser).secret


def test_a_sign_in_waits_for_a_quarter_of_an_hour(desk: Desk) -> None:
    desk.adds()
    address, browser = desk.goes_out()
    answer = desk.issuer.signs_in(address)
    desk.clock.forward(16 * 60)
    with pytest.raises(SignInNeeded, match="took too long"):
        desk.company.oidc.answered("okta", answer, browser)


def test_an_answer_for_one_provider_is_none_for_another(desk: Desk) -> None:
    desk.adds()
    desk.adds("other")
    address, browser = desk.goes_out()
    answer = desk.issuer.signs_in(address)
    with pytest.raises(SignInNeeded):
        desk.company.oidc.answered("other", answer, browser)


def test_nobody_makes_up_what_a_provider_vouched_for(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    with pytest.raises(SignInNeeded):
        desk.doorway.does(desk.actor(opened), SignIn("arrived:" + "x" * 43))


# providers come and go


def test_a_provider_that_is_switched_off_signs_nobody_in_and_what_it_opened_ends(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    landed = desk.lands("u-1")
    desk.doorway.does(desk.doorway.owner, ChangeIdentityProvider("okta", on=False))
    assert desk.who(opened) is None
    assert desk.company.offered() == []
    with pytest.raises(Refused, match="switched off"):
        desk.control.coming_in.arrivals.by_company(landed.secret, CALLER)
    with pytest.raises(NotFound):
        desk.goes_out()
    assert desk.lands("u-1", Wish(purpose="test", person=desk.doorway.owner.id)).told["sub"] == "u-1"


def test_a_removed_provider_leaves_people_and_nothing_of_itself(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    desk.goes_out()
    desk.doorway.does(desk.doorway.owner, RemoveIdentityProvider("okta"))
    assert desk.who(opened) is None
    assert desk.person(opened.person).state == "active"
    desk.adds()
    assert desk.comes_in("u-1").person != opened.person


def test_changing_one_thing_leaves_the_rest_and_can_be_taken_back(desk: Desk) -> None:
    desk.adds(groups="groups")
    answer = desk.doorway.does(desk.doorway.owner, ChangeIdentityProvider("okta", title="Okta for us", creates=False))
    assert answer.happened["before"] == {"title": "Okta", "creates": True}
    with desk.control.database.read() as connection:
        now = providers.provider(connection, "okta")
    assert (now.title, now.creates, now.groups) == ("Okta for us", False, "groups")
    undo = REGISTRY.named("change-identity-provider").build({"provider": "okta", **answer.happened["before"]})
    desk.doorway.does(desk.doorway.owner, undo)
    with desk.control.database.read() as connection:
        assert providers.provider(connection, "okta").title == "Okta"


def test_sessions_of_a_provider_end_like_all_others(desk: Desk) -> None:
    desk.adds()
    opened = desk.comes_in("u-1")
    with desk.control.database.read() as connection:
        (session,) = queries.sessions_of(connection, opened.person, desk.clock.now())
    assert queries.opened_with(session.through) == "the company's sign-in"
    desk.clock.forward(8 * DAY)
    assert desk.who(opened) is None


def test_signing_out_here_leads_to_the_provider_with_its_own_token(desk: Desk) -> None:
    desk.issuer.document = {"end_session_endpoint": f"{HERE}/end?tenant=acme"}
    desk.adds()
    opened = desk.comes_in("u-1")
    session = desk.actor(opened).credential or ""
    kept = select(PROVIDER_SESSION.c.hint).where(PROVIDER_SESSION.c.session == session)
    with desk.control.database.read() as connection:
        assert b"eyJ" not in connection.execute(kept).scalar_one(), "it is sealed"
    url = desk.company.leaving(session)
    assert url.startswith(f"{HERE}/end?tenant=acme&id_token_hint=eyJ")
    assert dict(parse_qsl(urlsplit(url).query))["post_logout_redirect_uri"].endswith("/signed-out")
    with desk.control.database.read() as connection:
        assert connection.execute(kept).scalar_one() is None, "it is kept no longer"
    assert desk.company.leaving(session) == ""


def test_a_provider_that_is_away_keeps_nobody_from_signing_out(desk: Desk) -> None:
    desk.issuer.document = {"end_session_endpoint": f"{HERE}/end"}
    desk.adds()
    session = desk.actor(desk.comes_in("u-1")).credential or ""
    desk.issuer.away = True
    desk.books.forget()
    assert desk.company.leaving(session) == ""


def test_no_token_is_kept_of_a_session_that_is_over_or_for_a_provider_that_wants_none(desk: Desk) -> None:
    desk.adds()
    with desk.control.database.read() as connection:
        plain = desk.actor(desk.comes_in("u-1")).credential
        assert connection.execute(select(PROVIDER_SESSION.c.hint)).scalar_one() is None
    assert desk.company.leaving(plain or "") == ""
    desk.issuer.document = {"end_session_endpoint": f"{HERE}/end"}
    desk.books.forget()
    opened = desk.comes_in("u-1")
    session = desk.actor(opened).credential or ""
    desk.doorway.does(desk.actor(opened), SignOut())
    desk.comes_in("u-1")
    kept = select(PROVIDER_SESSION.c.hint).where(PROVIDER_SESSION.c.session == session)
    with desk.control.database.read() as connection:
        assert connection.execute(kept).scalar_one() is None


def test_groups_that_a_sign_in_names_are_kept_as_it_names_them(desk: Desk) -> None:
    desk.adds(groups="groups")
    opened = desk.comes_in("u-1", groups=["sales", "leads"])
    assert _groups(desk, opened.person) == {"sales", "leads"}
    desk.comes_in("u-1", groups="sales")
    assert _groups(desk, opened.person) == {"sales"}
    desk.comes_in("u-1")
    assert _groups(desk, opened.person) == {"sales"}, "a provider that says nothing of groups changes nothing"


def _groups(desk: Desk, person: str) -> set[str]:
    with desk.control.database.read() as connection:
        rows = connection.execute(
            select(DIRECTORY_GROUP.c.name)
            .join(GROUP_MEMBER, GROUP_MEMBER.c.group == DIRECTORY_GROUP.c.id)
            .where(GROUP_MEMBER.c.member == person)
        )
        return set(rows.scalars())
