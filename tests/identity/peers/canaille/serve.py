"""Canaille as a company's sign-in and directory, told of by a JSON document and a folder on the command line.

It runs in an environment of its own. Its address is printed once it answers; ``POST /hand`` is what an administrator of
it would do: save or delete people and groups, which it then pushes by itself, and change its keys.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from canaille import create_app
from canaille.app import models
from canaille.app.flask import csrf
from canaille.backends import Backend
from canaille.oidc import provider
from flask import jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.security import gen_salt
from werkzeug.serving import make_server

# Its own access tokens are the same for one person within one second, and it refuses to keep two that are the same.
provider.generate_access_token = lambda *_args, **_more: gen_salt(48)

told = json.loads(sys.argv[1])
keys = [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True) for _ in range(2)]
server = make_server("127.0.0.1", 0, None, threaded=True)
app = create_app(
    {
        "SECRET_KEY": "for tests alone",
        "SERVER_NAME": f"127.0.0.1:{server.port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "sql", "SMTP": None, "JAVASCRIPT": False},
        "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{sys.argv[2]}/canaille.db", "PASSWORD_SCHEMES": "plaintext"},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": keys[:1],
            "TRUSTED_DOMAINS": ["localhost", ".localhost"],
            "USERINFO_MAPPING": {"SUB": "{{ user.id }}"},  # the id under which it pushes somebody
        },
        "CANAILLE_SCIM": {"ENABLE_CLIENT": any(one.get("scim_token") for one in told["clients"].values())},
    }
)
server.app = app


def find(kind, name):
    """Somebody or a group by their name; None for nobody."""
    by = {"user_name": name} if kind is models.User else {"display_name": name}
    return Backend.instance.get(kind, **by)


def save_person(name, **said):
    """A person as the company knows them now."""
    one = find(models.User, name) or models.User(user_name=name, password=told["password"])
    Backend.instance.update(one, **said, formatted_name=f"{said['given_name']} {said['family_name']}")
    Backend.instance.save(one)


def save_group(name, members, renamed=""):
    """A group with these members and no others."""
    one = find(models.Group, name) or models.Group(display_name=name)
    one.display_name = renamed or name
    one.members = [find(models.User, member) for member in members]
    Backend.instance.save(one)


def delete_person(name):
    Backend.instance.delete(find(models.User, name))


def delete_group(name):
    Backend.instance.delete(find(models.Group, name))


def change_keys():
    """Sign with the second key; the first is only shown."""
    app.config["CANAILLE_OIDC"] |= {"ACTIVE_JWKS": keys[1:], "INACTIVE_JWKS": keys[:1]}


DOES = {one.__name__: one for one in (save_person, save_group, delete_person, delete_group, change_keys)}


@csrf.exempt
@app.post("/hand")
def hand():
    """What an administrator does: the name of one of ``DOES``, and its arguments. It answers once all was pushed.

    It is done beside the request, for what is pushed ends contexts that are not its own.
    """
    said = request.get_json()
    with ThreadPoolExecutor(1) as beside:
        wrong = beside.submit(at_home, DOES[said.pop("does")], said).exception()
    return jsonify({"wrong": repr(wrong)}), 500 if wrong else 200


def at_home(does, said):
    """Do something outside of any request."""
    with app.app_context(), Backend.instance.session():
        does(**said)


def introduce():
    """The services that it knows, the person for whom each token stands, and who works at the company."""
    now = datetime.now(UTC)
    for name, one in told["clients"].items():
        client = models.Client(
            client_id=name,
            client_name=name,
            client_secret=told["secret"],
            client_uri=one["uri"],
            redirect_uris=one["redirect_uris"],
            post_logout_redirect_uris=one["post_logout_redirect_uris"],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "profile", "email", "groups"],
            token_endpoint_auth_method="client_secret_basic",
            client_id_issued_at=now,
        )
        Backend.instance.save(client)
        client.audience = [client]  # whom its tokens are for; it has to be there first
        Backend.instance.save(client)
        if one.get("scim_token"):
            Backend.instance.save(
                models.Token(
                    token_id=f"scim-{name}",
                    access_token=one["scim_token"],
                    subject=None,
                    audience=[client],
                    client=client,
                    scope=["openid", "profile"],
                    issue_date=now,
                    lifetime=int(timedelta(days=1).total_seconds()),
                )
            )
    for name, said in told["people"].items():
        save_person(name, **said)


at_home(introduce, {})
print(f"http://127.0.0.1:{server.port}", flush=True)
server.serve_forever()
