"""A provider's answer, and whether it is believed: form, signature, then everything that it must say.

Absence is refusal. What is read comes from signed bytes alone; what is not signed may only lead to a refusal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from greenlane.identity.saml.decrypting import decrypted
from greenlane.identity.saml.form import Element, every, first, moment, read, tag, unwrapped, words
from greenlane.identity.saml.parties import Expected, SamlProvider, Subject
from greenlane.identity.saml.refusals import SamlRefused, refuse
from greenlane.identity.saml.signature import signed

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion(Subject):
    """What a provider said of a person. ``at``: when they signed in; ``not_after``: until when this would be believed
    again, so ``digest`` must be remembered until then; ``ends``: when the provider wants the session to end.
    """

    provider: str
    attributes: dict[str, tuple[str, ...]]
    context: str
    id: str
    not_after: datetime
    at: datetime
    ends: datetime | None

    @property
    def digest(self) -> str:
        """What is remembered of an assertion that was used, and what a receipt names."""
        return hashlib.sha256(f"{self.provider}\0{self.id}".encode()).hexdigest()

    def person(self, attribute: str = "") -> str:
        """Who it is, for good: the name, or the one value of an attribute. Raises ``SamlRefused``."""
        if not attribute and self.format == TRANSIENT:
            refuse("passing")
        values = self.attributes.get(attribute, ()) if attribute else (self.name_id,)
        said = values[0] if len(values) == 1 else ""
        return said if said and said == said.strip() else refuse("name", attribute or "NameID")


def accept(message: str, expected: Expected, now: datetime) -> Assertion:
    """The assertion in the form field ``SAMLResponse``. Raises ``SamlRefused``.

    That it is used once is for the caller to see to, by its ``digest`` and in the transaction of the session.
    """
    outer = read(unwrapped(message), "samlp:Response")
    whole = signed(outer, expected.provider.certificates)
    response = outer if whole is None else whole
    comes_from(response, expected.provider)
    if response.get("Destination") != expected.service.acs:
        refuse("destination", response.get("Destination"))
    _was_asked(response, expected)
    succeeded(response)
    within(now, expected.skew, response.get("IssueInstant"), None)
    held = _held(response, expected)
    part = signed(held, expected.provider.certificates)
    if whole is None and part is None:
        refuse("unsigned")
    return _believed(held if part is None else part, expected, now)


def comes_from(message: Element, provider: SamlProvider) -> None:
    """Refuse a message that names another issuer or version."""
    if message.get("Version") != "2.0":
        refuse("version", message.get("Version"))
    issuer = first(message, "saml:Issuer")
    if issuer is not None and (words(issuer) != provider.entity_id or issuer.get("Format", ENTITY) != ENTITY):
        refuse("issuer", words(issuer))


def succeeded(message: Element) -> None:
    """Refuse a message whose status is anything but success."""
    codes = [one.get("Value") for one in message.iter(tag("samlp:StatusCode"))]
    if codes[0] != SUCCESS:
        refuse("status", " ".join([*codes, words(first(message, "samlp:Status/samlp:StatusMessage"))]))


def within(now: datetime, skew: timedelta, begins: str | None, ends: str | None) -> None:
    """Refuse what is not valid yet or not any more, by more than the two clocks may differ."""
    if begins is not None and now + skew < moment(begins):
        refuse("early", begins)
    if ends is not None and now - skew >= moment(ends):
        refuse("late", ends)


def _was_asked(element: Element, expected: Expected) -> None:
    answered = element.get("InResponseTo")
    if expected.request is None and not expected.started_by_provider:
        refuse("unasked")
    if answered != expected.request:
        refuse("request", answered)


def _held(response: Element, expected: Expected) -> Element:
    """The one assertion, which may be encrypted."""
    plain, sealed = first(response, "saml:Assertion"), first(response, "saml:EncryptedAssertion")
    if (plain is None) == (sealed is None):
        refuse("missing" if plain is None else "unexpected", "one assertion")
    return plain if sealed is None else read(decrypted(sealed, expected.service.keys), "saml:Assertion")


def _believed(assertion: Element, expected: Expected, now: datetime) -> Assertion:
    comes_from(assertion, expected.provider)
    within(now, expected.skew, assertion.get("IssueInstant"), None)
    conditions = first(assertion, "saml:Conditions")
    within(now, expected.skew, conditions.get("NotBefore"), conditions.get("NotOnOrAfter"))
    for restriction in every(conditions, "saml:AudienceRestriction"):
        if expected.service.entity_id not in map(words, every(restriction, "saml:Audience")):
            refuse("audience", " ".join(map(words, every(restriction, "saml:Audience"))))
    _confirm(every(assertion, "saml:Subject/saml:SubjectConfirmation"), expected, now)
    name = first(assertion, "saml:Subject/saml:NameID")
    if not words(name) or name.get("SPNameQualifier", expected.service.entity_id) != expected.service.entity_id:
        refuse("name")
    login = first(assertion, "saml:AuthnStatement")
    at, ends = moment(login.get("AuthnInstant")), login.get("SessionNotOnOrAfter")
    within(now, expected.skew, login.get("AuthnInstant"), ends)
    if expected.since is not None and at < expected.since - expected.skew:
        refuse("stale", login.get("AuthnInstant"))
    context = words(first(login, "saml:AuthnContext/saml:AuthnContextClassRef"))
    if expected.contexts and context not in expected.contexts:
        refuse("strength", context)
    return Assertion(
        provider=expected.provider.entity_id,
        name_id=name.text,
        format=name.get("Format", ""),
        qualifiers=(name.get("NameQualifier", ""), name.get("SPNameQualifier", "")),
        session_index=login.get("SessionIndex", ""),
        attributes=_attributes(every(assertion, "saml:AttributeStatement/saml:Attribute"), expected.repeating),
        context=context,
        id=assertion.get("ID"),
        not_after=min(moment(conditions.get("NotOnOrAfter")), _FAR) + expected.skew,
        at=at,
        ends=None if ends is None else moment(ends),
    )


def _confirm(confirmations: list[Element], expected: Expected, now: datetime) -> None:
    """Refuse what a browser may not bring here. One confirmation that fits is enough (SAML core, 2.4.1)."""
    refused = SamlRefused("confirmation")
    for confirmation in confirmations:
        data = first(confirmation, "saml:SubjectConfirmationData")
        try:
            if confirmation.get("Method") != BEARER or data is None or data.get("NotOnOrAfter") is None:
                refuse("confirmation", confirmation.get("Method"))
            if data.get("Recipient") != expected.service.acs:
                refuse("confirmation", data.get("Recipient"))
            _was_asked(data, expected)
            within(now, expected.skew, data.get("NotBefore"), data.get("NotOnOrAfter"))
            return
        except SamlRefused as error:
            refused = error
    raise refused


def _attributes(statements: list[Element], repeating: frozenset[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in statements:
        name = one.get("Name")
        if name in found and name not in repeating:
            refuse("repeated", name)
        said = [(value, first(value, "saml:NameID")) for value in every(one, "saml:AttributeValue")]
        found[name] = found.get(name, ()) + tuple(
            (value if inner is None else inner).text or "" for value, inner in said
        )
    return found
