"""Passkeys (WebAuthn level 3): what a browser is asked, and whether what it answers proves anything.

The relying party is the console's host, so an app on another host can neither ask for these passkeys nor use an answer.
Passkeys are discoverable: nobody types a name before one. The authenticator is asked to verify its user, by finger, face
or PIN; one that did so when it was enrolled must do so at every sign-in. No attestation is asked for: which brand
somebody uses is theirs to know.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json, parse_client_data_json
from webauthn.helpers import parse_authentication_credential_json as read_answer
from webauthn.helpers import parse_registration_credential_json as read_enrolment
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from greenlane.govern.errors import SignInNeeded

ANSWERED_WITHIN = timedelta(minutes=5)
"""How long a browser's question may stay open; W3C recommends 5 to 10 minutes where a user is verified."""

_LARGEST = 64 * 1024  # letters; an answer with the largest attestation has some 8,000


@dataclass(frozen=True, slots=True)
class Question:
    """What the browser is told (JSON), and the digest by which the challenge in it is remembered."""

    options: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new passkey, verified. ``uses`` is its own counter, ``synced`` whether it lives on several devices."""

    credential: str
    public_key: bytes
    uses: int
    verifies: bool
    synced: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What an answer says before anything is verified: which passkey, answering which challenge."""

    credential: str
    challenge: str
    person: str
    """The person's id as the passkey remembers it; empty where it does not say."""


class RelyingParty:
    """The console as passkeys know it. ``origin`` is its scheme, host and port, as a browser writes them."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.id = urlsplit(origin).hostname or ""

    def ask_to_enrol(self, person: str, name: str, known: Sequence[str]) -> Question:
        """The question with which a passkey is made; ``known`` are credentials that this person has already."""
        challenge = secrets.token_bytes(32)
        options = webauthn.generate_registration_options(
            rp_id=self.id,
            rp_name="Greenlane",
            user_id=person.encode(),
            user_name=name,
            challenge=challenge,
            timeout=_milliseconds(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.PREFERRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known],
        )
        return Question(options_to_json(options), _digest(challenge))

    def ask(self) -> Question:
        """The question with which somebody signs in, whoever they are."""
        challenge = secrets.token_bytes(32)
        options = webauthn.generate_authentication_options(
            rp_id=self.id,
            challenge=challenge,
            timeout=_milliseconds(),
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        return Question(options_to_json(options), _digest(challenge))

    def enrolled(self, answer: str) -> tuple[Enrolled, str]:
        """The passkey in a browser's answer, and the challenge that it answers. Raises ``SignInNeeded``."""
        with _understood():
            challenge = _challenge(read_enrolment(_short(answer)).response.client_data_json)
            made = webauthn.verify_registration_response(
                credential=answer, expected_challenge=challenge, expected_rp_id=self.id, expected_origin=self.origin
            )
            return Enrolled(
                bytes_to_base64url(made.credential_id),
                made.credential_public_key,
                made.sign_count,
                made.user_verified,
                made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            ), _digest(challenge)

    def claim(self, answer: str) -> Claim:
        """What an answer claims. Raises ``SignInNeeded`` for what is no answer at all."""
        with _understood():
            read = read_answer(_short(answer))
            handle = read.response.user_handle
            return Claim(
                bytes_to_base64url(read.raw_id),
                _digest(_challenge(read.response.client_data_json)),
                "" if handle is None else handle.decode(),
            )

    def proves(self, answer: str, public_key: bytes, uses: int, *, verifies: bool) -> int:
        """The passkey's counter after this answer. Raises ``SignInNeeded`` when the answer proves nothing: another
        origin, another key, a counter that went back (a copy of the passkey), or no look at who uses it.
        """
        with _understood():
            shown = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=_challenge(read_answer(_short(answer)).response.client_data_json),
                expected_rp_id=self.id,
                expected_origin=self.origin,
                credential_public_key=public_key,
                credential_current_sign_count=uses,
                require_user_verification=verifies,
            )
            return shown.new_sign_count


def _challenge(client_data: bytes) -> bytes:
    return parse_client_data_json(client_data).challenge


def _short(answer: str) -> str:
    if len(answer) > _LARGEST:
        raise ValueError("no browser's answer is as long as this")
    return answer


def _digest(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()


def _milliseconds() -> int:
    return round(ANSWERED_WITHIN.total_seconds() * 1000)


@contextmanager
def _understood() -> Iterator[None]:
    """Whatever cannot be read or verified proves nothing, and the page says no more than that.

    The library has errors of its own for what it looks at, and lets those of its parsers through for the rest.
    """
    try:
        yield
    except (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise SignInNeeded(
            "This passkey could not be verified.",
            next_step="Try once more, or sign in another way.",
            detail=repr(error),
        ) from error
