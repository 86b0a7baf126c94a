"""Every well-known kind of credential is found wherever people leave it; what only resembles one holds nobody up."""

import base64
import json
import random

import pytest
from tests.deploys.kinds_of_credentials import SETS, dice, kinds, left

from greenlane.deploys.inspection.credentials import find_credentials
from greenlane.deploys.inspection.randomness import is_random

DICE = random.Random(20261123)


def some(length, letters="an"):
    return dice(DICE, length, SETS[letters])


def leaks(text):
    return [one for one in find_credentials(text) if one.weight == "leaked"]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.whose)
def test_a_well_known_kind_is_a_leak_wherever_people_leave_it(kind):
    chance = random.Random(f"20261125 {kind}")
    lines, places = [], {}
    for how, (_, line) in left(kind, chance).items():
        places[how] = range(len(lines) + 1, len(lines) + 2 + line.count("\n"))
        lines += [*line.split("\n"), ""]
    found = {one.line for one in leaks("\n".join(lines))}
    missed = [how for how, place in places.items() if found.isdisjoint(place)]
    # Chance makes about three values in a thousand look like words or a placeholder, and those are missed.
    assert len(missed) <= 1, missed


def test_there_are_several_hundred_kinds_each_once():
    assert len({one.whose for one in kinds()}) == len(kinds()) > 400


BODY = "\n".join(some(64, "b64") for _ in range(6))
KEYS = [
    f"-----BEGIN {kind}PRIVATE KEY-----\n{BODY}\n-----END {kind}PRIVATE KEY-----"
    for kind in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "ANY ")
] + [
    (
        f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{some(32, 'HEX')}\n\n{BODY}\n"
        "-----END RSA PRIVATE KEY-----"
    ),
    f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: of the build\n\n{BODY}\n=ab1D\n-----END PGP PRIVATE KEY BLOCK-----",
    (
        f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 1\n{some(64, 'b64')}\n"
        f"Private-Lines: 1\n{some(48, 'b64')}\nPrivate-MAC: {some(64, 'hex')}\n"
    ),
    json.dumps({"kty": "EC", "crv": "P-256", "x": some(43, "url"), "y": some(43, "url"), "d": some(43, "url")}),
    json.dumps(
        {
            "type": "service_account",
            "private_key_id": some(40, "hex"),
            "private_key": f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n",
            "client_email": "build@acme-prod.iam.gserviceaccount.com",
        },
        indent=2,
    ),
    f"[aws]\naws_access_key_id = AKIA{some(16, 'b32')}\naws_secret_access_key = {some(40, 'b64')}\n",
    f"[Interface]\nPrivateKey = {some(43, 'b64')}=\nAddress = 10.0.0.2/32\n",
]


@pytest.mark.parametrize("text", KEYS, ids=range(len(KEYS)))
def test_a_private_key_is_a_leak_in_every_format(text):
    assert leaks(text)


@pytest.mark.parametrize(
    "line",
    [
        f"fetch(url, {{headers: {{Authorization: 'Bearer {some(40)}'}}}})",
        f"axios.defaults.headers['x-api-key'] = '{some(40)}'",
        f'curl -H "Authorization: Bearer {some(43, "url")}" https://api.acme.io',
        f"curl -H 'X-Auth-Token: {some(32, 'hex')}' https://api.acme.io",
        "Authorization: Basic " + base64.b64encode(f"svc:{some(20)}".encode()).decode(),
        f'{{"auths": {{"registry.acme.io": {{"auth": "{base64.b64encode(f"ci:{some(20)}".encode()).decode()}"}}}}}}',
        f"machine git.acme.io login deploy password {some(24)}",
        f"acme deploy --token {some(40)} --site crm",
        f"docker run -e SMTP_PASSWORD={some(18)} acme/crm",
        f"https://api.acme.io/v1/list?access_token={some(40)}&page=2",
        f"define('DB_PASSWORD', '{some(18)}');",
        f"<client_secret>{some(40)}</client_secret>",
        f'<add key="ClientSecret" value="{some(40)}" />',
        f'<string name="service_api_key">{some(32, "hex")}</string>',
        f"spring.datasource.password={some(20)}",
        f'config.secretKey := "{some(40)}"',
        f":client_secret => '{some(40)}',",
        f'const acmeApiKey = import.meta.env.VITE_ACME ?? "{some(40)}"',
        f"headers = {{'Authorization': 'Token {some(40, 'hex')}'}}",
        f"app.secret_key = b'{some(32)}'",
        f"jwt.sign(payload, '{some(40)}')",
        f"requests.get(url, auth=('svc', '{some(20)}'))",
        f"twilio('AC{some(32, 'hex')}', '{some(32, 'hex')}')",
        f"CREATE USER svc WITH PASSWORD '{some(18)}';",
        "DB_PASS=Tr0ub4dor&3xK9",
        f"let cfg = new Secret({{apiSecret: Buffer.from('{some(64, 'hex')}')}})",
    ],
)
def test_a_name_a_header_or_a_flag_tells_that_a_random_value_is_a_secret(line):
    assert leaks(f"first\n{line}\nlast\n")


@pytest.mark.parametrize(
    "line",
    [
        f"const apiKey = '{some(32, 'hex')}'",
        f"docsearch({{appId: 'ABC', apiKey: '{some(32, 'hex')}', indexName: 'docs'}})",
        f"NEXT_PUBLIC_ALGOLIA_SEARCH_KEY={some(32, 'hex')}",
        f"const publicKey = '{some(44, 'b64')}'",
        f'<div data-site-key="{some(40)}">',
        f"csrfToken: '{some(32, 'hex')}'",
        f'"nextPageToken": "{some(60, "url")}"',
        f'cacheKey:"{some(32, "hex")}"',
        f"key: '{some(32, 'hex')}'",
        f"secretName: 'prod/{some(20)}'",
        "API_KEY=your-api-key-of-2026-stands-here",
        "SECRET_KEY=my-super-secret-key-number-1",
        "SECRET_KEY=abcdef1234567890abcdef1234567890",
        "secretKey = createSecretKey2FromEnvironment",
        "client_secret: process.env.CLIENT_SECRET_2026",
        "JWT_SECRET=${JWT_SECRET_OF_2026}",
        "DB_PASSWORD=Password123!",
        "DB_PASSWORD=P@ssw0rd-2026",
        'password: "Passwort1!"',
        "Authorization: Bearer YOUR_ACCESS_TOKEN_OF_2026",
        "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Authorization: Basic " + base64.b64encode(b"username:password").decode(),
        '<input type="password" name="password" autocomplete="current-password">',
        "i18n.secret = 'ThisIsWhatPeopleReadInTheirOwnLanguage2'",
        f"sk_test_{some(24)}",
        f'createElement("label", {{htmlFor: "password"}}, "Password:"), d ? createElement("code", null, "{some(6)}") : 0',
        f'["getTokenByPassword", "password", "_{some(16)}"]',
        "    private_key: Ed25519PrivateKey | Ed448PrivateKey",
        "password: z.string().min(6).max(128)",
        'const defaultApiKey = "' + some(40) + '"',
        'secret: "unicode/3299a1b2c3d4e5.png?v8"',
        f"http://printer.acme.io/ready?oauth_token={some(16, 'lo')}&x=1",
        f"GET /resource HTTP/1.1\nHost: api.acme.io\nAuthorization: Bearer {some(30)}",
        "password = 'Very$ecur3'",
    ],
)
def test_what_is_made_for_browsers_or_made_up_for_explanations_holds_nobody_up(line):
    assert leaks(f"first\n{line}\nlast\n") == []


def token(claims):
    parts = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in ({"alg": "HS256"}, claims)
    ]
    return ".".join([*parts, some(43)])


def test_a_token_that_ended_long_ago_or_is_for_nobody_holds_nobody_up():
    now = {"sub": some(12), "iat": 1_750_000_000, "exp": 1_950_000_000}
    assert leaks(f"t = '{token(now)}'")
    assert leaks(f"t = '{token({'name': 'Ada', 'sub': some(12), 'iat': 1_750_000_000})}'")
    assert not leaks(f"t = '{token({**now, 'exp': 1_536_361_411})}'")
    assert not leaks(f"t = '{token({'name': 'John Doe', 'iat': 1_617_566_244, 'exp': 1_950_000_000})}'")


def test_a_key_with_a_run_of_one_letter_is_a_leak_where_the_rest_of_it_is_random():
    assert leaks(f"TURNSTILE_SECRET_KEY=0x4AAAAAAA{some(25)}")
    assert not leaks("TURNSTILE_SECRET_KEY=0x4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")


def test_an_identifier_a_path_and_a_sentence_are_no_values_that_a_machine_made():
    assert all(
        is_random(some(length, letters)) for letters in ("an", "hex", "url", "b64") for length in (24, 32, 40, 64)
    )
    for text in (
        "getElementById2FromTheCache",
        "my-secret-key-1-for-tests",
        "MAX_TOKENS_PER_REQUEST_2",
        "assets/fonts/inter-v12-latin",
        "aaaaaaaaaaaaaaaaaaaaaaaa1",
        "0123456789abcdef0123456789abcdef",
        "ThisIsASentenceWithoutBlanks",
        some(12),
    ):
        assert not is_random(text), text
