"""What must hold of every provider that somebody signs in with: five real ones, through the real verbs and door."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlencode, urlsplit

import pytest
from tests.house import Doorway, InOneProcess
from tests.identity.peers import companies, glewlwyd
from tests.identity.peers.browser import Arrived, Browser
from tests.identity.peers.companies import HERE, OTHER, Company

from greenlane.govern.errors import SignInNeeded
from greenlane.identity import queries
from greenlane.identity.arriving import Caller, Opened
from greenlane.identity.oidc.driver import Answered
from greenlane.identity.oidc.refusals import OidcRefused
from greenlane.identity.saml.parties import ServiceProvider
from greenlane.identity.saml.refusals import SamlRefused
from greenlane.identity.sso import pending, providers
from greenlane.identity.sso.actions import AddIdentityProvider, ChangeIdentityProvider
from greenlane.identity.sso.parts import Landed
from greenlane.identity.sso.pending import Wish
from greenlane.kit.database import Database

pytestmark = pytest.mark.xdist_group("npm")

CALLER = Caller("192.0.2.9", "Firefox on Linux")


@dataclass
class AtWork:
    """A Greenlane that has set a company's provider up. Its clock is ``off`` from the real one by so many seconds."""

    company: Company
    doorway: Doorway
    browser: Browser
    off: float = 0.0

    def looks_at_the_clock(self) -> None:
        """The clock of a test stands still: it is set anew whenever a moment matters."""
        clock = self.doorway.clock
        clock.forward((datetime.now(UTC) - clock.now()).total_seconds() + self.off)

    def sets_up(self) -> None:
        """Both services, as an administrator does it."""
        for name in (HERE, OTHER):
            self.doorway.does(self.doorway.owner, AddIdentityProvider(**self.company.added(name)))
            if self.company.kind == "saml":
                self.company.introduces(name, self._service(name))

    def _service(self, name: str) -> ServiceProvider:
        with self.doorway.control.database.read() as connection:
            return self.doorway.control.coming_in.company.saml.service(providers.provider(connection, name))

    def goes_out(self, name: str = HERE, wish: Wish | None = None) -> tuple[str, str]:
        """Where the browser is sent, and its own secret."""
        self.looks_at_the_clock()
        secret, company = pending.browser_secret(), self.doorway.control.coming_in.company
        way = company.oidc if self.company.kind == "oidc" else company.saml
        return way.begin(name, wish or Wish(), secret), secret

    def types(self, url: str, typed: Mapping[str, str] | None = None) -> Arrived:
        """Ada follows an address and signs in, where she is asked to."""
        return self.browser.go(url, self.company.typed if typed is None else typed)

    def lands(self, arrived: Arrived, secret: str, name: str = HERE, state: str = "") -> Landed:
        """What our callback makes of what came."""
        self.looks_at_the_clock()
        company = self.doorway.control.coming_in.company
        if self.company.kind == "oidc":
            return company.oidc.answered(name, dict(parse_qsl(arrived.query)), secret)
        return company.saml.answered(
            name, arrived.fields["SAMLResponse"], state or arrived.fields["RelayState"], secret
        )

    def comes_in(self, wish: Wish | None = None, typed: Mapping[str, str] | None = None) -> Opened:
        url, secret = self.goes_out(wish=wish)
        landed = self.lands(self.types(url, typed), secret)
        return self.doorway.control.coming_in.arrivals.by_company(landed.secret, CALLER)

    def who(self, opened: Opened) -> queries.Person:
        with self.doorway.control.database.read() as connection:
            return queries.person(connection, opened.person)


@pytest.fixture(scope="module", params=companies.NAMES)
def set_up(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_file: Path
) -> Iterator[AtWork]:
    folder = tmp_path_factory.mktemp("five")
    with ExitStack() as ends:
        (folder / "greenlane.db").write_bytes(migrated_file.read_bytes())
        database = Database(f"sqlite:///{folder / 'greenlane.db'}")
        ends.callback(database.close)
        control = InOneProcess(database, folder / "house")
        ends.callback(control.ledger.close)
        company = ends.enter_context(companies.running(request.param, control.addresses.console, folder / "peer"))
        browser = Browser(control.addresses.console, company.scripted)
        ends.callback(browser.close)
        found = AtWork(company, Doorway(control), browser)
        found.looks_at_the_clock()
        found.sets_up()
        yield found


@pytest.fixture
def at_work(set_up: AtWork) -> Iterator[AtWork]:
    """The same provider and the same Greenlane for every test; a browser of the test's own, and the right time."""
    with ExitStack() as ends:
        browser = Browser(set_up.browser.ours, set_up.company.scripted)
        ends.callback(browser.close)
        yield AtWork(set_up.company, set_up.doorway, browser)


def refused(at_work: AtWork, arrived: Arrived, secret: str, **how: str) -> str:
    """Why an answer is not believed."""
    with pytest.raises((OidcRefused, SamlRefused)) as why:
        at_work.lands(arrived, secret, **how)
    return why.value.reason


def test_somebody_signs_in(at_work: AtWork) -> None:
    opened = at_work.comes_in()
    assert at_work.who(opened).email == at_work.company.email
    assert at_work.doorway.receipts("sign-in")[-1].happened["provider"] == HERE


def test_the_same_person_comes_again_without_typing_anything(at_work: AtWork) -> None:
    first = at_work.comes_in()
    assert at_work.comes_in(typed={}).person == first.person


def test_what_was_made_for_another_service_is_refused(at_work: AtWork) -> None:
    if at_work.company.kind == "saml":
        url, _ = at_work.goes_out(OTHER)
        stolen = at_work.types(url)
        url, secret = at_work.goes_out()
        state = parse_qs(urlsplit(url).query)["RelayState"][0]
        assert refused(at_work, stolen, secret, state=state) in {"destination", "audience"}
        return
    url, secret = at_work.goes_out()
    arrived = at_work.types(_as_the_other(url))
    books = at_work.doorway.control.coming_in.books
    real = books.wire
    books.wire = AsTheOther(real, at_work.company.secret)
    try:
        assert refused(at_work, arrived, secret) == "audience-wrong"
    finally:
        books.wire = real


def test_an_answer_counts_once(at_work: AtWork) -> None:
    url, secret = at_work.goes_out()
    arrived = at_work.types(url)
    landed = at_work.lands(arrived, secret)
    at_work.doorway.control.coming_in.arrivals.by_company(landed.secret, CALLER)
    with pytest.raises(SignInNeeded, match="was used already"):
        at_work.lands(arrived, secret)
    url, secret = at_work.goes_out()
    asked = parse_qs(urlsplit(url).query)
    if at_work.company.kind == "saml":
        assert refused(at_work, arrived, secret, state=asked["RelayState"][0]) == "request"
    else:
        again = {**dict(parse_qsl(arrived.query)), "state": asked["state"][0]}
        assert refused(at_work, Arrived(arrived.url, urlencode(again), {}), secret) == "code-refused"


def test_an_answer_that_took_too_long_is_refused(at_work: AtWork) -> None:
    url, secret = at_work.goes_out()
    arrived = at_work.types(url)
    if "expired" in at_work.company.cannot:
        at_work.off = 16 * 60
        with pytest.raises(SignInNeeded, match="took too long"):
            at_work.lands(arrived, secret)
        return
    at_work.off = 14 * 60
    assert refused(at_work, arrived, secret) in {"expired", "late"}


def test_clocks_may_differ_by_so_much_and_no_more(at_work: AtWork) -> None:
    at_work.off = -45
    at_work.comes_in()
    url, secret = at_work.goes_out()
    arrived = at_work.types(url)
    at_work.off = -10 * 60
    assert refused(at_work, arrived, secret) in {"from-the-future", "early"}


def test_who_must_sign_in_anew_is_asked_for_it(at_work: AtWork) -> None:
    first = at_work.comes_in()
    if why := at_work.company.cannot.get("step-up"):
        assert "auth_time is 0" in why
        url, secret = at_work.goes_out(wish=Wish(fresh=True))
        assert refused(at_work, at_work.types(url), secret) == "not-fresh"
        return
    assert at_work.comes_in(Wish(fresh=True)).person == first.person
    at_work.off = 4 * 60
    url, secret = at_work.goes_out(wish=Wish(fresh=True))
    assert refused(at_work, at_work.types(url), secret) in {"not-fresh", "stale", "late"}


def test_who_signs_out_here_is_signed_out_there(at_work: AtWork) -> None:
    opened = at_work.comes_in()
    company = at_work.doorway.control.coming_in.company
    with at_work.doorway.control.database.read() as connection:
        found = queries.who_is(connection, opened.secret, at_work.doorway.clock.now())
    assert found is not None
    url = company.leaving(found.actor.credential or "")
    if "way back" in at_work.company.cannot:
        with pytest.raises(AssertionError, match="nothing leads on"):
            at_work.browser.go(url)
    else:
        assert at_work.browser.go(url, at_work.company.agrees).url.endswith(("/signed-out", "/slo"))
    with pytest.raises(AssertionError, match="nothing leads on"):
        at_work.types(at_work.goes_out()[0], {})


def test_the_provider_changes_its_keys(at_work: AtWork) -> None:
    """The last test of a provider: its keys are others from here on."""
    before = at_work.comes_in()
    at_work.company.peer.changes_keys()
    if "overlap" in at_work.company.cannot:
        url, secret = at_work.goes_out()
        assert refused(at_work, at_work.types(url), secret) == "signature"
        anew = ChangeIdentityProvider(HERE, metadata=at_work.company.metadata)
        at_work.doorway.does(at_work.doorway.owner, anew)
    assert at_work.comes_in().person == before.person


def test_what_installs_the_providers_names_their_packages() -> None:
    installs = (Path(__file__).parents[3] / ".ci" / "run").read_text().replace("(", " ").replace(")", " ").split()
    assert glewlwyd.PACKAGES in installs


class AsTheOther:
    """A way out that takes the code back in the name of the other service: its token is real, and not for us."""

    def __init__(self, wire: object, secret: str) -> None:
        self._wire, self._secret = wire, secret

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, networks: Sequence[str]) -> Answered:
        if b"grant_type=" in body:
            both = f"{OTHER}:{quote_plus(self._secret)}".encode()
            headers = {**headers, "Authorization": "Basic " + base64.b64encode(both).decode()}
            body = body.replace(_callback(HERE).encode(), _callback(OTHER).encode())
        return self._wire.ask(method, url, headers, body, networks)


def _as_the_other(url: str) -> str:
    """The same question, asked as the other service."""
    return url.replace("client_id=greenlane", f"client_id={OTHER}").replace(_callback(HERE), _callback(OTHER))


def _callback(name: str) -> str:
    return quote_plus(f"/sso/oidc/{name}/callback")
