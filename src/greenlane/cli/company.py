"""The company's own sign-in: its identity providers and mail domains. A client secret is never an argument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Act, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.cli.variables import secret_value

Name = Annotated[str, typer.Argument(metavar="NAME", help="The provider's name here, such as okta.")]
Kind = Annotated[Literal["oidc", "saml"], typer.Option("--kind", help="What it speaks.")]
Title = Annotated[str | None, typer.Option("--title", help="What stands on its button.")]
Issuer = Annotated[str | None, typer.Option("--issuer", help="OIDC: its address, such as https://acme.okta.com.")]
ClientId = Annotated[str | None, typer.Option("--client-id", help="OIDC: what the provider calls this Greenlane.")]
SecretIn = Annotated[
    bool, typer.Option("--client-secret-stdin", help="OIDC: the secret is piped in, or typed unseen at a prompt.")
]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="OIDC: what is asked for; may be repeated.")]
Metadata = Annotated[
    str | None,
    typer.Option(
        "--metadata", help="SAML: the https address of its metadata, or a file; http is never read again by itself."
    ),
]
IdClaim = Annotated[
    str | None, typer.Option("--id-claim", help="The claim or attribute that never changes: sub; for Entra oid.")
]
Requires = Annotated[
    list[str] | None, typer.Option("--require", help="A claim that must have a value: hd=example.com; may be repeated.")
]
Groups = Annotated[str | None, typer.Option("--groups", help="The claim or attribute that names groups.")]
Creates = Annotated[
    bool | None, typer.Option("--creates/--creates-nobody", help="Whether whoever is not known becomes a person here.")
]
Directory = Annotated[str | None, typer.Option("--directory", help="The directory whose ids are the same.")]
Strong = Annotated[
    str | None, typer.Option("--strong", help="What is asked for where somebody must sign in anew (acr or context).")
]
Network = Annotated[
    list[str] | None,
    typer.Option("--network", help="A network (CIDR) of your own that it may stand in; may be repeated."),
]
Begins = Annotated[
    bool | None, typer.Option("--begins/--answers", help="SAML: whether it may begin a sign-in by itself.")
]
On = Annotated[bool | None, typer.Option("--on/--off", help="Whether people can sign in with it.")]
OfKind = Annotated[Literal["oidc", "saml"], typer.Option("--kind", help="What it will speak, before it is added.")]


def add(
    talk: Talk,
    name: Name,
    kind: Kind = "oidc",
    title: Title = None,
    issuer: Issuer = None,
    client_id: ClientId = None,
    client_secret_stdin: SecretIn = False,
    scope: Scopes = None,
    metadata: Metadata = None,
    id_claim: IdClaim = None,
    require: Requires = None,
    groups: Groups = None,
    creates: Creates = None,
    directory: Directory = None,
    strong: Strong = None,
    begins: Begins = None,
    network: Network = None,
) -> dict[str, Any]:
    """Let people sign in with the company's own identity provider. Its client secret is piped in and never shown again."""
    said = _said(
        talk,
        f"Client secret of {name}" if client_secret_stdin else "",
        title=title,
        issuer=issuer,
        client_id=client_id,
        scopes=scope,
        metadata=_metadata(metadata),
        id_claim=id_claim,
        requires=require,
        groups=groups,
        creates=creates,
        directory=directory,
        strong=strong,
        begins=begins,
        networks=network,
    )
    return {"name": name, "kind": kind, **said}


def change(
    talk: Talk,
    provider: Name,
    title: Title = None,
    issuer: Issuer = None,
    client_id: ClientId = None,
    client_secret_stdin: SecretIn = False,
    scope: Scopes = None,
    metadata: Metadata = None,
    id_claim: IdClaim = None,
    require: Requires = None,
    groups: Groups = None,
    creates: Creates = None,
    directory: Directory = None,
    strong: Strong = None,
    begins: Begins = None,
    network: Network = None,
    on: On = None,
) -> dict[str, Any]:
    """Change an identity provider, or switch it off and on. What is left out stays as it is."""
    said = _said(
        talk,
        f"New client secret of {provider}" if client_secret_stdin else "",
        title=title,
        issuer=issuer,
        client_id=client_id,
        scopes=scope,
        metadata=_metadata(metadata),
        id_claim=id_claim,
        requires=require,
        groups=groups,
        creates=creates,
        directory=directory,
        strong=strong,
        begins=begins,
        networks=network,
        on=on,
    )
    return {"provider": provider, **said}


def _said(talk: Talk, secret: str, **inputs: Any) -> dict[str, Any]:
    found = {name: value for name, value in inputs.items() if value is not None}
    if secret:
        found["client_secret"] = "-" if talk.explaining else secret_value(secret).strip()
    return found


def _metadata(said: str | None) -> str | None:
    """An address as it is, a file as what stands in it."""
    if said is None or said.startswith(("https://", "http://")):
        return said
    return Path(said).read_text(encoding="utf-8")


def listed(talk: Talk) -> Document:
    """The company's identity providers, and how many people came in with each."""
    return {"items": talk.everything("/v1/identity-providers")}


def copied(talk: Talk, name: Name, kind: OfKind = "oidc") -> Document:
    """What you copy from here into a provider, before or after it is added."""
    return talk.client.get(f"/v1/identity-providers/{quote(name, safe='')}/values", kind=kind)


def checked(talk: Talk, name: Name) -> Document:
    """Look whether a provider is set up rightly, in plain words."""
    return talk.client.get(f"/v1/identity-providers/{quote(name, safe='')}/check")


def domains(talk: Talk) -> Document:
    """Mail domains, and the providers that they lead to."""
    return {"items": talk.everything("/v1/mail-domains")}


def _providers(out: Output, document: Document) -> None:
    rows = [
        (
            one["name"],
            one["kind"],
            one.get("issuer") or one.get("entity_id"),
            one["on"],
            one["creates"],
            one["groups"],
            one["people"],
        )
        for one in document["items"]
    ]
    heads = ("name", "speaks", "address", "on", "creates people", "groups from", "people")
    out.table(heads, rows, none="No identity provider yet: `greenlane sso add`.")


def _values(out: Output, document: Document) -> None:
    for one in document["items"]:
        out.say(f"{one['what']}:")
        out.raw(one["value"])


def _checks(out: Output, document: Document) -> None:
    for one in document["items"]:
        out.lane("green" if one["good"] else "amber", f"{one['what']}: {one['says']} {one['instead']}".strip())


def _domains(out: Output, document: Document) -> None:
    rows = [(one["domain"], one["provider"], one["verified"] or "not proven yet") for one in document["items"]]
    out.table(("domain", "leads to", "proven"), rows, none="No mail domain leads anywhere yet.")


def _added(out: Output, document: Document) -> None:
    given = document.get("answer") or {}
    _metadata_told(out, document)
    out.next(f"`greenlane sso check {given.get('provider', 'NAME')}` looks whether it is set up rightly.")


def _changed(out: Output, document: Document) -> None:
    saying.once(out, document)
    _metadata_told(out, document)


def _metadata_told(out: Output, document: Document) -> None:
    """That metadata are never read again, where that is so."""
    given = document.get("answer") or {}
    if given.get("metadata_says"):
        out.say(given["metadata_says"])
        out.next(given["metadata_next"])


def _claimed(out: Output, document: Document) -> None:
    given = document.get("answer") or {}
    out.say("Put this record into the domain's DNS:")
    for name in ("record", "type", "value"):
        if given.get(name):
            out.raw(f"{given[name]}")
    out.next(f"`greenlane sso domain verify {given.get('domain', 'DOMAIN')}` once it is there.")


COMMANDS: tuple[Command, ...] = (
    Ask("sso", "query /v1/identity-providers", listed, "greenlane sso", _providers),
    Ask("sso list", "query /v1/identity-providers", listed, "greenlane sso list", _providers),
    Ask("sso values", "query /v1/identity-providers", copied, "greenlane sso values okta", _values),
    Act(
        "sso add",
        "add-identity-provider",
        add,
        "greenlane sso add okta --issuer https://acme.okta.com --client-id 0oa1 --client-secret-stdin < secret.txt",
        saying.answer(_added),
    ),
    Ask("sso check", "query /v1/identity-providers", checked, "greenlane sso check okta", _checks),
    Act(
        "sso change",
        "change-identity-provider",
        change,
        "greenlane sso change okta --off",
        saying.answer(_changed),
    ),
    act("sso remove", "remove-identity-provider", "greenlane sso remove okta", provider=ARGUMENT),
    act(
        "sso unlink",
        "unlink-identity",
        "greenlane sso unlink ada@example.com okta",
        person=Typed(says="Somebody, by id, mail address or name."),
        provider=ARGUMENT,
    ),
    Ask("sso domain", "query /v1/mail-domains", domains, "greenlane sso domain", _domains),
    Ask("sso domain list", "query /v1/mail-domains", domains, "greenlane sso domain list", _domains),
    act(
        "sso domain claim",
        "claim-mail-domain",
        "greenlane sso domain claim okta example.com",
        saying.answer(_claimed),
        provider=ARGUMENT,
        domain=ARGUMENT,
    ),
    act("sso domain verify", "verify-mail-domain", "greenlane sso domain verify example.com", domain=ARGUMENT),
    act("sso domain release", "release-mail-domain", "greenlane sso domain release example.com", domain=ARGUMENT),
)
"""Setting the company's own sign-in up."""
