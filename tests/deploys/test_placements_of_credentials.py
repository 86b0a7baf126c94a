"""A credential closes the lane in whatever kind of file it was left, and files that only look like it hold nobody up."""

import io
import json
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from tests.deploys.placements import HARMLESS, LEAVING_ONE

from greenlane.deploys.inspection import inspect_file
from greenlane.deploys.inspection.file import credentials_of
from greenlane.deploys.inspection.known_keys import PLACES
from greenlane.deploys.inspection.names import says

SEEDS = range(3)


def leaks(path, data):
    return [one for one in inspect_file(path, data).findings if one.weight == "leaked"]


@pytest.mark.parametrize("one", LEAVING_ONE, ids=lambda one: one.what)
def test_a_credential_is_a_leak_wherever_it_was_left(one):
    found = [bool(leaks(one.path, one.made(seed))) for seed in SEEDS]
    # Chance makes two or three short passwords in a hundred look like words, and those are missed.
    assert sum(found) >= len(found) - 1


def test_of_all_placements_at_least_99_in_100_are_found():
    found = [bool(leaks(one.path, one.made(seed))) for one in LEAVING_ONE for seed in SEEDS]
    assert sum(found) >= 0.99 * len(found)


@pytest.mark.parametrize("one", HARMLESS, ids=lambda one: one.what)
def test_what_only_looks_like_a_credential_holds_nobody_up(one):
    assert [found for seed in SEEDS for found in leaks(one.path, one.made(seed))] == []


def test_there_are_several_hundred_placements_each_once():
    assert len({one.what for one in LEAVING_ONE}) == len(LEAVING_ONE) > 400
    assert len({one.what for one in HARMLESS}) == len(HARMLESS) > 200


def test_every_place_says_whose_format_it_is():
    assert all(one.source and "key" in one.pattern.groupindex for one in PLACES)


# -- stores of keys ----------------------------------------------------------------------------------------------------

KEYS = {
    "RSA": rsa.generate_private_key(65537, 2048),
    "elliptic": ec.generate_private_key(ec.SECP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}
SEALING = {"open": NoEncryption(), "sealed": BestAvailableEncryption(b"a password")}
KEEPASS = bytes.fromhex("03d9a29a67fb4bb5") + bytes(range(256)) * 2


@pytest.mark.parametrize("sealing", SEALING)
@pytest.mark.parametrize("kind", KEYS)
def test_a_store_of_private_keys_is_a_leak_sealed_or_not(kind, sealing):
    key, how = KEYS[kind], SEALING[sealing]
    for name, data in (
        ("signing.p12", pkcs12.serialize_key_and_certificates(b"build", key, None, None, how)),
        ("server.der", key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, how)),
    ):
        assert [one.kind for one in leaks(name, data)] == ["Store of private keys"]


def test_an_older_form_of_a_private_key_and_a_safe_for_passwords_are_leaks():
    for kind in ("RSA", "elliptic"):
        assert leaks("a.der", KEYS[kind].private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    assert leaks("team.kdbx", KEEPASS)


def test_a_store_in_an_archive_is_named_by_its_place_there():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("keys/team.kdbx", KEEPASS)
    assert [one.where for one in leaks("backup.zip", packed.getvalue())] == ["keys/team.kdbx"]


def test_public_keys_are_no_stores_of_private_ones():
    for key in KEYS.values():
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert not leaks("public.der", public)


# -- what stands beside a value ----------------------------------------------------------------------------------------


def value_of(path, text):
    return [one.value for one, _ in credentials_of(path, text.encode()) if one.weight == "leaked"]


VALUE = "q7RzK2mVx9TbL4nWc8YpJ3hD6sFg5aE1uQ0o"


@pytest.mark.parametrize(
    "text",
    [
        f"//npm.acme.io/:_authToken={VALUE}\n",
        f'const n="{VALUE}",h={{Authorization:`Bearer ${{n}}`}}',
        f'new Mistral({{timeout: 9, apiKey: "{VALUE}"}})',
        f'{{"db_secret": {{"value": "{VALUE}"}}}}',
        f"TOKEN='{VALUE}' # of the build\n",
        f'<meta name="api-secret" content="{VALUE}">',
        f"// token = {VALUE}\n",
        json.dumps({"settings": f"\nCRM_SECRET={VALUE}\n"}),
        f'client.setApiSecret("{VALUE}")',
    ],
)
def test_exactly_the_value_is_taken_so_that_it_can_be_moved(text):
    assert value_of("config.js", text) == [VALUE]


def test_a_name_that_browsers_keys_have_too_counts_where_nothing_public_stands_beside_it():
    assert value_of("a.js", f'{{apiKey:"{VALUE}",url:"/api"}}')
    assert not value_of("a.js", f'{{apiKey:"{VALUE}",indexName:"docs"}}')
    assert not value_of("a.js", f'{{apiKey:"{VALUE[:18]}",url:"/api"}}')


def test_a_file_is_known_by_its_name_and_its_template_is_none():
    line = f"CRM_COOKIE={VALUE}\n"
    assert value_of(".env.production", line) == [VALUE]
    assert not value_of(".env.example", line)
    assert not value_of("notes.txt", line)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("DB_PASSWORD", "password"),
        ("setSmtpPassword", "password"),
        ("mistralApiKey", "key"),
        ("client.setApiKey", "perhaps a key"),
        ("STRIPE_WEBHOOK_SECRET", "key"),
        ("API_KEY", "key"),
        ("apiKey", "perhaps a key"),
        ("token", "perhaps a key"),
        ("accessKey", "perhaps a key"),
        ("publicKey", ""),
        ("applicationServerKey", ""),
        ("csrfToken", ""),
        ("primaryKey", ""),
        ("compass", ""),
        ("key", ""),
    ],
)
def test_a_name_says_what_its_value_is(name, what):
    assert says(name) == what
