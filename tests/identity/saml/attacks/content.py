"""Well signed, and still not for us, not now, or not a success."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.identity.saml.attacks.attack import Made, with_name
from tests.identity.saml.provider import CONSOLE, NOW, NS, Said, answer, assertion_of, make, plain, sign


def contents() -> Made:
    """What the provider's own key signed, and must not be believed all the same."""
    soon, past, far = timedelta(minutes=1), timedelta(minutes=10), timedelta(days=1)
    elsewhere = "https://elsewhere.example.com/sso/saml/acme/acs"
    status = "urn:oasis:names:tc:SAML:2.0:status:"
    changes: dict[str, tuple[dict[str, Any], set[str]]] = {
        "another provider": ({"issuer": "https://evil.example.com"}, {"issuer"}),
        "another provider in the response": ({"response_issuer": "https://evil.example.com"}, {"issuer"}),
        "no provider": ({"issuer": None}, {"missing"}),
        "an empty provider": ({"issuer": ""}, {"issuer"}),
        "a provider with more behind": ({"issuer": f"{Said().issuer}/"}, {"issuer"}),
        "another destination": ({"destination": elsewhere}, {"destination"}),
        "no destination": ({"destination": None}, {"missing"}),
        "an empty destination": ({"destination": ""}, {"destination"}),
        "a destination with more behind": ({"destination": f"{Said().destination}?x"}, {"destination"}),
        "a destination in capitals": ({"destination": str(Said().destination).upper()}, {"destination"}),
        "a destination over http": ({"destination": str(Said().destination).replace("https", "http")}, {"destination"}),
        "another recipient": ({"recipient": elsewhere}, {"confirmation"}),
        "no recipient": ({"recipient": None}, {"confirmation"}),
        "an empty recipient": ({"recipient": ""}, {"confirmation"}),
        "another audience": ({"audience": "https://elsewhere.example.com"}, {"audience"}),
        "no audience": ({"audience": None}, {"missing"}),
        "a part of the audience": ({"audience": CONSOLE}, {"audience"}),
        "an audience with more behind": ({"audience": f"{Said().audience}/x"}, {"audience"}),
        "another question": ({"in_response_to": "_other", "confirmed_in_response_to": "_other"}, {"request"}),
        "another question in the response": ({"in_response_to": "_other"}, {"request"}),
        "another question in the confirmation": ({"confirmed_in_response_to": "_other"}, {"request"}),
        "no question": ({"in_response_to": None, "confirmed_in_response_to": None}, {"request"}),
        "no question in the response": ({"in_response_to": None}, {"request"}),
        "no question in the confirmation": ({"confirmed_in_response_to": None}, {"request"}),
        "the proof of a key": ({"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, {"confirmation"}),
        "a voucher": ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, {"confirmation"}),
        "no way of confirmation": ({"method": ""}, {"confirmation"}),
        "SAML 1.1": ({"version": "1.1"}, {"version"}),
        "SAML 2.1": ({"version": "2.1"}, {"version"}),
        "no name": ({"name_id": None}, {"name"}),
        "an empty name": ({"name_id": ""}, {"name"}),
        "a name of spaces": ({"name_id": " \n "}, {"name"}),
        "expired": ({"not_on_or_after": NOW - past}, {"late"}),
        "expired this moment, beyond the skew": ({"not_on_or_after": NOW - timedelta(minutes=2)}, {"late"}),
        "not valid yet": ({"not_before": NOW + past}, {"early"}),
        "no beginning": ({"not_before": None}, {"missing"}),
        "no end": ({"not_on_or_after": None}, {"missing"}),
        "confirmation expired": ({"confirmed_until": NOW - past}, {"late"}),
        "confirmation without an end": ({"confirmed_until": None}, {"confirmation"}),
        "confirmation not valid yet": ({"confirmed_from": NOW + past}, {"early"}),
        "said in the future": ({"issued": NOW + past}, {"early"}),
        "signed in tomorrow": ({"authenticated": NOW + far}, {"early"}),
        "no sign-in": ({"authenticated": None}, {"missing"}),
        "the session is over": ({"session_until": NOW - past}, {"late"}),
        "from the turn of the year": ({"not_before": NOW - far * 300, "not_on_or_after": NOW - far * 299}, {"late"}),
        "everything soon": ({"not_before": NOW + 3 * soon, "not_on_or_after": NOW + 9 * soon}, {"early"}),
    }
    for code in (
        "Requester",
        "Responder",
        "AuthnFailed",
        "NoPassive",
        "RequestDenied",
        "success",
        "Success ",
        "Succes",
    ):
        changes[f"status {code!r}"] = ({"status": status + code}, {"status"})
    changes["no status"] = ({"status": ""}, {"status"})
    for what, (change, because) in changes.items():
        for whole in (False, True):
            tree = answer(replace(Said(), **change), sign_assertion=not whole, sign_response=whole)
            yield f"{what}{', the response signed' * whole}", tree, because
    for name in (
        "samlp:Status",
        "saml:Subject",
        "saml:Conditions",
        "saml:AuthnStatement",
        "saml:SubjectConfirmation",
        "saml:AudienceRestriction",
        "saml:Audience",
        "saml:AuthnContext",
    ):
        tree = plain(Said())
        gone = tree.find(f".//{name}", NS)
        gone.getparent().remove(gone)
        yield f"no {name}", sign(tree), {"missing"}
    for name in ("saml:SubjectConfirmationData", "saml:Assertion"):
        tree = plain(Said())
        gone = tree.find(f".//{name}", NS)
        gone.getparent().remove(gone)
        yield f"no {name}", sign(tree), {"confirmation", "missing"}
    tree = plain(Said())
    code = tree.find(".//samlp:StatusCode", NS)
    code.set("Value", f"{status}Responder")
    code.append(make("samlp:StatusCode", Value=f"{status}Success"))
    yield "a success inside a failure", sign(tree), {"status"}
    tree = plain(Said())
    restriction = make("saml:AudienceRestriction", None, make("saml:Audience", "https://elsewhere.example.com"))
    tree.find(".//saml:Conditions", NS).append(restriction)
    yield "for us and, in the next breath, for others alone", sign(tree), {"audience"}
    tree = plain(Said())
    tree.find(".//saml:NameID", NS).set("SPNameQualifier", "https://elsewhere.example.com")
    yield "a name that is meant for another service", sign(tree), {"name"}
    tree = plain(Said())
    tree.find(".//saml:Issuer", NS).set("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
    yield "a provider named in another way", sign(tree), {"issuer"}
    tree = plain(Said())
    tree.append(sign(with_name(assertion_of(tree))))
    yield "two assertions, well signed", sign(tree), {"unexpected", "identifier"}
    tree = plain(Said())
    assertion_of(tree).append(deepcopy(tree.find(".//saml:Subject", NS)))
    yield "two subjects, well signed", sign(tree), {"unexpected"}
    for text in (
        "2026-11-01",
        "2026-11-01T09:40:00",
        "1793525400",
        "2026-11-01 09:40:00Z",
        "2026-13-01T09:40:00Z",
        "9999999-01-01T00:00:00Z",
        "",
        "2026-11-01T09:40:00Z ",
    ):
        tree = plain(Said())
        tree.find(".//saml:Conditions", NS).set("NotOnOrAfter", text)
        yield f"an end that is {text!r}", sign(tree), {"time"}
