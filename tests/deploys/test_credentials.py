"""Credentials in content: what is closed, what is only a fact, and what its vendor publishes. Keys are made up here."""

import base64
import json
import random
import string

import pytest

from greenlane.deploys.inspection import inspect_file
from greenlane.deploys.inspection.credentials import find_credentials
from greenlane.deploys.inspection.known_keys import PUBLIC, SECRET
from greenlane.deploys.inspection.known_values import KnownValues

DICE = random.Random(20260101)
LETTERS = string.ascii_letters + string.digits


def dice(length, letters=LETTERS):
    return "".join(DICE.choice(letters) for _ in range(length))


HEX = "0123456789abcdef"


def uuid():
    return "-".join([dice(8, HEX), dice(4, HEX), "4" + dice(3, HEX), "a" + dice(3, HEX), dice(12, HEX)])


def token(claims):
    parts = [json.dumps(one).encode() for one in ({"alg": "HS256", "typ": "JWT"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts), dice(43)])


ANON = token({"iss": "supabase", "ref": "abcd", "role": "anon", "iat": 1700000000, "exp": 2000000000})
SERVICE = token({"iss": "supabase", "ref": "abcd", "role": "service_role", "iat": 1700000000, "exp": 2000000000})
GOOGLE = "AIza" + dice(35)
PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(dice(64) for _ in range(12)) + "\n-----END RSA PRIVATE KEY-----"

LEAKS = {
    "AWS access key": "AKIA" + dice(16, string.ascii_uppercase + "234567"),
    "Stripe or Clerk secret key": "sk_live_51" + dice(97),
    "Supabase service-role key": SERVICE,
    "Supabase secret key": "sb_secret_" + dice(31),
    "Mapbox secret token": "sk.eyJ1" + dice(60) + "." + dice(22),
    "OpenAI key": "sk-proj-" + dice(74) + "T3BlbkFJ" + dice(74),
    "Anthropic key": "sk-ant-api03-" + dice(93) + "AA",
    "PostHog personal key": "phx_" + dice(43),
    "GitHub personal access token": "ghp_" + dice(36),
    "GitLab personal access token": "glpat-" + dice(20),
    "Slack bot token": f"xoxb-{dice(12, string.digits)}-{dice(13, string.digits)}-{dice(24)}",
    "SendGrid": "SG." + dice(22) + "." + dice(43),
    "npm access token": "npm_" + dice(36),
    "Google Cloud API key": GOOGLE,
    "Private key": PEM,
    "Password in a database's address": f"postgres://admin:{dice(16)}@db.corp.internal:5432/prod",
    "Discord webhook": f"https://discord.com/api/webhooks/{dice(18, '123456789')}/{dice(68)}",
    "Telegram bot token": dice(10, "123456789") + ":AA" + dice(33),
    "Resend key": f"re_{dice(8)}_{dice(24)}",
    "Airtable token": "pat" + dice(14) + "." + dice(64, "0123456789abcdef"),
    "JSON Web Token": token({"sub": "u-7731", "scope": "admin"}),
    "Twilio key": "SK" + dice(32, "0123456789abcdef"),
    "Hugging Face": "hf_" + dice(34, string.ascii_letters),
    "Langfuse secret key": f"sk-lf-{uuid()}",
    "Tavily key": "tvly-dev-" + dice(32),
    "Firecrawl key": "fc-" + dice(32, HEX),
    "Bitbucket app password": "ATBB" + dice(32),
    "Contentful personal token": "CFPAT-" + dice(43),
    "Dropbox token": "sl.u." + dice(140),
    "Google OAuth client secret": "GOCSPX-" + dice(28),
    "Google access token": "ya29." + dice(120),
    "Google refresh token": "1//0" + dice(90),
    "HubSpot private app token": f"pat-eu1-{uuid()}",
    "Sonar token": "sqp_" + dice(40, HEX),
    "Typeform token": f"tfp_{dice(40)}_{dice(14)}",
    "Vercel Blob token": f"vercel_blob_rw_{dice(16)}_{dice(30)}",
    "PlanetScale token": "pscale_tkn_" + dice(43),
    "Netlify token": "nfp_" + dice(36),
    "New Relic user key": "NRAK-" + dice(27, string.ascii_uppercase + string.digits),
    "Notion token": "ntn_" + dice(11, string.digits) + dice(35),
    "Brevo mail key": f"xsmtpsib-{dice(64, HEX)}-{dice(16)}",
    "Webhook signing secret": "whsec_" + dice(32),
    "dbt Cloud token": "dbtc_" + dice(40),
    "Convex deploy key": "prod:acme-otter-123|eyJ2MiI6" + dice(60),
    "Azure client secret": f"{dice(3)}8Q~{dice(34)}",
}

IN_PLACE = {
    "Mailgun key": f"MAILGUN_API_KEY=key-{dice(32, HEX)}",
    "Notion token": f"notion = Client('secret_{dice(43)}')",
    "Fireworks key": f"fireworks.api_key = 'fw_{dice(24)}'",
    "AWS secret access key": f'{{"secretAccessKey": "{dice(38)}/+"}}',
    "Azure shared access signature": f"https://acme.blob.core.windows.net/c?sv=2022-11-02&ss=b&sp=rl&sig={dice(43)}%3D",
    "Password in a database's address": f"jdbc:postgresql://db.acme.io/app?user=svc&password={dice(16)}",
    "Password in a database's connection string": f"Server=tcp:db.acme.io,1433;User ID=sa;Password={dice(18)};Encrypt=true",
    "Key by its name": f'"JWT_SECRET": "{dice(64, HEX)}"',
}
"""Keys that are known by what stands around them."""

PUBLISHED = {
    "Supabase anonymous key": f"createClient(url, '{ANON}')",
    "Supabase publishable key": f"key = 'sb_publishable_{dice(31)}'",
    "Firebase web configuration": f"const firebaseConfig = {{apiKey: '{GOOGLE}', authDomain: 'a.firebaseapp.com'}}",
    "Google Maps browser key": f"<script src='https://maps.googleapis.com/maps/api/js?key={GOOGLE}'></script>",
    "Stripe or Clerk publishable key": f"Stripe('pk_live_51{dice(97)}')",
    "Mapbox public token": f"mapboxgl.accessToken = 'pk.eyJ1{dice(60)}.{dice(22)}'",
    "PostHog project key": f"posthog.init('phc_{dice(43)}')",
    "Sentry address (DSN)": f"dsn: 'https://{dice(32, '0123456789abcdef')}@o123.ingest.us.sentry.io/4500'",
    "reCAPTCHA site key": f"<div data-sitekey='6L{dice(38)}'>",
    "Turnstile site key": f"<div data-sitekey='0x4AAAAAAA{dice(14)}'>",
    "Google Analytics measurement id": "gtag('config', 'G-AB12CD34EF')",
    "Pusher key": f"new Pusher('{dice(20, '0123456789abcdef')}')",
    "Segment write key": f"analytics.load('{dice(32)}')",
    "Intercom app id": "window.intercomSettings = {app_id: 'ab12cd34'}",
    "Adyen client key": f"clientKey: 'live_{dice(32, string.ascii_uppercase + string.digits)}'",
    "Datadog client token": f"clientToken: 'pub{dice(32, '0123456789abcdef')}'",
}


def weights(text):
    return {(one.weight, one.kind) for one in find_credentials(text)}


@pytest.mark.parametrize("kind", LEAKS)
def test_a_credential_is_a_leak_named_by_kind_and_line_and_never_by_value(kind):
    found = [one for one in find_credentials(f'// config\nconst value = "{LEAKS[kind]}";\n') if one.weight == "leaked"]
    assert len(found) == 1
    assert found[0].kind.startswith(kind)
    assert found[0].line == 2
    secret = LEAKS[kind].removeprefix("-----BEGIN RSA PRIVATE KEY-----")
    assert not any(secret[place : place + 8] in repr(found) for place in range(len(secret) - 8))


@pytest.mark.parametrize("kind", IN_PLACE)
def test_what_stands_around_a_key_tells_what_it_is(kind):
    found = [one.kind for one in find_credentials(f"{IN_PLACE[kind]}\n") if one.weight == "leaked"]
    assert found == [kind]


@pytest.mark.parametrize("kind", PUBLISHED)
def test_a_key_that_its_vendor_publishes_is_a_fact_and_no_leak(kind):
    assert weights(PUBLISHED[kind]) == {("public", kind)}


def test_every_published_kind_has_an_example_here_and_a_source_there():
    assert {one.kind for one in PUBLIC} == set(PUBLISHED)
    assert all(one.source and one.why for one in (*PUBLIC, *SECRET))


def test_the_service_role_beside_the_anonymous_key_is_still_a_leak():
    assert weights(f"anon='{ANON}'; service='{SERVICE}'") == {
        ("public", "Supabase anonymous key"),
        ("leaked", "Supabase service-role key"),
    }


def test_a_google_key_that_is_used_for_gemini_is_a_leak_whatever_stands_beside_it():
    text = f"authDomain; fetch('https://generativelanguage.googleapis.com/v1?key={GOOGLE}')"
    assert ("leaked", "Google Cloud API key") in weights(text)


@pytest.mark.parametrize(
    "text",
    [
        f"key = 'sk_test_51{dice(97)}'",
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
        "stripe = 'sk_live_xxxxxxxxxxxxxxxxxxxxxxxx'",
        "OPENAI_API_KEY = 'sk-proj-your_key_here_your_key_here_your_key'",
        "url = 'postgres://user:${PASSWORD}@db.example.com/app'",
        "url = 'postgres://user:<password>@localhost/app'",
        "url = 'jdbc:postgresql://localhost/app?user=app&password=password'",
        "Server=localhost;Database=app;User Id=sa;Password=your-password-here;",
        "JWT_SECRET=replace-with-a-long-random-text-of-yours",
        "jwt.verify(token, process.env.JWT_SECRET)",
        "the key-0123456789abcdef0123456789abcdef of a row",
        "jwt = '" + token({"sub": "1234567890", "name": "John Doe", "iat": 1516239022}) + "'",
    ],
)
def test_test_keys_and_placeholders_are_no_leaks(text):
    assert not any(weight == "leaked" for weight, _ in weights(text))


@pytest.mark.parametrize(
    "text",
    [
        f'<script integrity="sha384-{dice(64)}" src="a.js"></script>',
        f"const hash = '{dice(64, '0123456789abcdef')}'",
        "const id = '2f1acc6c-3a60-4ef9-9c1c-0b5d8a0a4c11'",
        f"url(data:image/png;base64,{dice(4000)})",
        f"import a from './index-{dice(8)}.js'",
        "throw Error('-----BEGIN PRIVATE KEY-----' + ' is missing')",
        "key = '-----BEGIN RSA PRIVATE KEY-----\\n' + wrapped(this.privateKeyInBase64()) + '-----END RSA PRIVATE KEY-----'",
        f"`-----BEGIN PRIVATE KEY-----\n{dice(64)}\n...\n-----END PRIVATE KEY-----`",
        f"package/static/a.js,sha256=BSA{dice(12)}_{dice(27)},4711",
        "headers = {'Authorization': 'Bearer xoxb-1234-1243'}",
    ],
)
def test_hashes_ids_and_pictures_are_no_leaks(text):
    assert not any(weight == "leaked" for weight, _ in weights(text))


def test_a_short_key_of_an_elliptic_curve_is_a_leak_in_one_line_or_escaped():
    body = dice(64)
    for gap in ("\n", "\\n"):
        text = f'k = "-----BEGIN PRIVATE KEY-----{gap}{body}{gap}-----END PRIVATE KEY-----"'
        assert ("leaked", "Private key") in weights(text)


@pytest.mark.parametrize("mark", ["gitleaks:allow", "betterleaks:allow", "BETTERLEAKS:ALLOW"])
def test_a_file_cannot_talk_its_own_finding_away(mark):
    assert weights(f"k = '{LEAKS['GitHub personal access token']}' // {mark}") == {
        ("leaked", "GitHub personal access token")
    }


def test_what_follows_a_nul_is_still_seen():
    assert weights(f"a\0b\nk = '{LEAKS['GitHub personal access token']}'")


def test_utf16_is_read_as_well():
    facts = inspect_file("notes.txt", f"key {LEAKS['Slack bot token']}\n".encode("utf-16"))
    assert [one.weight for one in facts.findings] == ["leaked"]


def test_a_lock_files_checksums_are_not_random_looking_strings():
    lock = json.dumps({"packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha512-" + dice(86) + "=="}}})
    assert inspect_file("package-lock.json", lock.encode()).findings == ()


@pytest.mark.parametrize(
    "encode",
    [
        lambda value: value.encode(),
        lambda value: base64.b64encode(value.encode()),
        lambda value: base64.b64encode(b"x:" + value.encode() + b":y"),
        lambda value: base64.b64encode(b"u" + value.encode()),
        lambda value: base64.urlsafe_b64encode(value.encode()),
        lambda value: value.encode().hex().encode(),
        lambda value: value.encode().hex().upper().encode(),
        lambda value: b"p%40ss%20w%C3%B6rd%2F1",
        lambda value: json.dumps(value).encode(),
    ],
)
def test_a_value_that_the_platform_keeps_is_found_in_every_usual_disguise(encode):
    value = "p@ss wörd/1"
    found = KnownValues({"DB_PASSWORD": value}).find(b"one\ntwo " + encode(value) + b" three")
    assert [(one.weight, one.kind, one.line) for one in found] == [("leaked", "Value of the secret DB_PASSWORD", 2)]
    assert value not in repr(found)


def test_short_values_are_not_searched_for():
    assert KnownValues({"PORT": "8080"}).find(b"8080") == ()


def test_inspecting_opens_no_connection(monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("requests.sessions.Session.request", refuse)
    for value in LEAKS.values():
        find_credentials(f"k = '{value}'")
