"""Where calls to models may go and who may make them. A provider's key is never an argument."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Act, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.cli.variables import secret_value
from greenlane.gateway.actions import ANSWER_ACTIONS, DATA_ACTIONS
from greenlane.gateway.budgets.actions import CHOICES
from greenlane.gateway.kinds import WIRES
from greenlane.gateway.prices.money import dollars

Name = Annotated[str, typer.Argument(metavar="NAME", help="The provider's name here, such as openai.")]
Kind = Annotated[
    Literal["openai", "anthropic", "gemini", "azure", "openrouter", "compatible"],
    typer.Option("--kind", help="What it speaks."),
]
Address = Annotated[str, typer.Option("--base-url", help="Its address, where it is not the kind's own.")]
Region = Annotated[str, typer.Option("--region", help="Where it computes, such as eu or us.")]
KeepsNothing = Annotated[
    bool, typer.Option("--keeps-nothing", help="It keeps nothing of what it is sent, by contract.")
]
Network = Annotated[
    list[str] | None,
    typer.Option("--network", help="A network (CIDR) of your own that the address may lie in; may be repeated."),
]
Prices = Annotated[str, typer.Option("--prices", help="Whose prices of the list hold, where not the kind's own.")]
Responses = Annotated[bool, typer.Option("--responses", help="It serves OpenAI's responses itself.")]
Timeout = Annotated[int, typer.Option("--timeout", help="Seconds of silence after which the next one is asked.")]
KeyComesIn = Annotated[bool, typer.Option("--key-stdin", help="Its key is piped in, or typed unseen at a prompt.")]
On = Annotated[bool | None, typer.Option("--on/--off", help="Whether calls go there.")]
Keeps = Annotated[
    bool | None, typer.Option("--keeps-nothing/--keeps-something", help="Whether it keeps what it is sent.")
]
ServesResponses = Annotated[
    bool | None, typer.Option("--responses/--no-responses", help="Whether it serves OpenAI's responses itself.")
]
NewTimeout = Annotated[
    int | None, typer.Option("--timeout", help="Seconds of silence after which the next one is asked; 0 for any.")
]
NewAddress = Annotated[str | None, typer.Option("--base-url", help="Its address.")]
NewRegion = Annotated[str | None, typer.Option("--region", help="Where it computes, such as eu or us.")]
NewPrices = Annotated[str | None, typer.Option("--prices", help="Whose prices of the list hold.")]
Everybody = Annotated[bool, typer.Option("--everybody", help="Keys of everybody, not only yours.")]
OfApp = Annotated[str, typer.Option("--app", help="The app that has it.")]
Variable = Annotated[str, typer.Option("--variable", help="The value's name, such as OPENAI_API_KEY.")]
Environment = Annotated[
    Literal["preview", "staging", "production", "dev"], typer.Option("--environment", help="Where the app has it.")
]
Use = Annotated[Literal["build", "run", "both"], typer.Option("--use", help="What the app has it for.")]


def add_provider(
    talk: Talk,
    name: Name,
    kind: Kind,
    base_url: Address = "",
    region: Region = "",
    keeps_nothing: KeepsNothing = False,
    network: Network = None,
    prices: Prices = "",
    responses: Responses = False,
    timeout: Timeout = 0,
    key_stdin: KeyComesIn = False,
) -> dict[str, Any]:
    """Let model calls go to a provider. Its key is piped in with --key-stdin, sealed, and never shown again."""
    inputs: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "base_url": base_url,
        "region": region,
        "networks": network or [],
        "prices": prices,
        "timeout": timeout,
    }
    inputs = {name: value for name, value in inputs.items() if value}
    if keeps_nothing:
        inputs["keeps_nothing"] = True
    if responses:
        inputs["responses"] = True
    if key_stdin:
        inputs["key"] = "-" if talk.explaining else secret_value(f"Key of {name}").strip()
    return inputs


def change_provider(
    provider: Name,
    base_url: NewAddress = None,
    region: NewRegion = None,
    keeps_nothing: Keeps = None,
    network: Network = None,
    prices: NewPrices = None,
    on: On = None,
    responses: ServesResponses = None,
    timeout: NewTimeout = None,
) -> dict[str, Any]:
    """Change what a provider is, or switch it off and on. What is left out stays as it is."""
    said = {
        "base_url": base_url,
        "region": region,
        "keeps_nothing": keeps_nothing,
        "networks": network,
        "prices": prices,
        "on": on,
        "responses": responses,
        "timeout": timeout,
    }
    return {"provider": provider, **{name: value for name, value in said.items() if value is not None}}


def add_key(talk: Talk, provider: Name, key_stdin: KeyComesIn = False) -> dict[str, Any]:
    """Put in a further key of a provider, piped in or typed at a prompt. The newest is used first."""
    return {"provider": provider, "key": "-" if talk.explaining else secret_value(f"Key of {provider}").strip()}


def take_key(
    provider: Name, app: OfApp, variable: Variable, environment: Environment = "production", use: Use = "run"
) -> dict[str, Any]:
    """Take over a key that an app has among its own values. The app calls models through the platform from then on."""
    return {"provider": provider, "app": app, "name": variable, "environment": environment, "use": use}


def providers(talk: Talk) -> Document:
    """The providers that model calls may go to, with their keys by id."""
    return {"items": talk.everything("/v1/gateway/providers")}


def routes(talk: Talk) -> Document:
    """What names of models lead to."""
    return {"items": talk.everything("/v1/gateway/routes")}


def rules(talk: Talk) -> Document:
    """What holds for accounts and for data in prompts."""
    return talk.client.get("/v1/gateway/rules")


def settings(talk: Talk) -> Document:
    """What holds for all model calls."""
    return talk.client.get("/v1/gateway/rules")["settings"]


def prices(talk: Talk) -> Document:
    """Prices that were set over those of the list."""
    return {"items": talk.everything("/v1/gateway/prices")}


def keys(talk: Talk, everybody: Everybody = False) -> Document:
    """Your keys for model calls, without their text."""
    return {"items": talk.everything("/v1/gateway/keys", everybody=everybody)}


def _providers(out: Output, document: Document) -> None:
    rows = [
        (
            one["name"],
            one["kind"],
            one["base_url"],
            one["region"],
            one["on"],
            f"{one['timeout']} s" if one["timeout"] else "",
            one["usual_for"],
            [f"{key['id']} (…{key['ending']})" if key["ending"] else key["id"] for key in one["credentials"]],
        )
        for one in document["items"]
    ]
    heads = ("name", "kind", "address", "region", "on", "timeout", "usual for", "keys")
    out.table(heads, rows, none="No provider yet: `greenlane gateway provider add`.")


def _routes(out: Output, document: Document) -> None:
    def told(one: Document) -> str:
        return f"{one['provider']}/{one['model']}" + (f" ({one['weight']})" if one["weight"] != 1 else "")

    rows = [
        (
            one["alias"],
            [told(to) for to in one["targets"]],
            [told(to) for to in one["otherwise"]],
            f"{one['timeout']} s" if one["timeout"] else "",
            one["when_spent"],
        )
        for one in document["items"]
    ]
    out.table(
        ("name", "leads to", "where those fail", "or are silent for", "once a budget is spent"),
        rows,
        none="No name leads anywhere of its own.",
    )


def _rules(out: Output, document: Document) -> None:
    rows = [
        (one["whose"], one["models"], one["requests"] or "", one["tokens"] or "", one["says"] if one["hidden"] else "")
        for one in document["accounts"]
    ]
    heads = ("for", "models", "requests a minute", "tokens a minute", "for an unseen call")
    out.table(heads, rows, none="Nothing holds for anybody in particular.")
    data = [
        (one["data"], one["action"], one["answers"], one["regions"], one["keeps_nothing"], one["countries"])
        for one in document["data"]
    ]
    classes = ("data", "in prompts", "in answers", "regions", "only where nothing is kept", "countries")
    out.table(classes, data, none="No rule about data in prompts.")


def _settings(out: Output, document: Document) -> None:
    def amount(pico: int | None) -> str:
        return "none" if pico is None else f"{dollars(pico)} a day"

    out.facts(
        "Model calls",
        (
            ("a model without a price", document["unpriced"]),
            ("prompts and answers kept", document["capture"]),
            ("for so many days", document["capture_days"]),
            ("previews of each app", amount(document["previews"])),
            ("staging of each app", amount(document["staging"])),
            ("each person", amount(document["people"])),
            ("bytes of text in a prompt", document["prompt_bytes"] or "any"),
            ("bytes of an attachment", document["attachment_bytes"] or "any"),
        ),
    )


def _prices(out: Output, document: Document) -> None:
    rows = [
        (
            one["provider"],
            one["model"],
            ", ".join(f"{kind} {dollars(pico * 10**6)}" for kind, pico in one["prices"].items()),
            one["since"],
        )
        for one in document["items"]
    ]
    out.table(("provider", "model", "a million tokens", "since"), rows, none="The list's prices hold.")


def _keys(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            f"the run {one['run']}" if one["run"] else one["app"] or "own work",
            one["created"][:10],
            (one["expires"] or "no end")[:10],
            one["name"],
        )
        for one in document["items"]
    ]
    out.table(("id", "for", "since", "until", "whose"), rows, none="No key yet: `greenlane gateway key`.")


def _key(out: Output, document: Document) -> None:
    """The key, once, and where it is used."""
    given: dict[str, Any] = document.get("answer") or {}
    out.say("The key, shown this once:")
    out.raw(str(given["token"]))
    if given.get("run"):
        out.say("Its calls count as yours, within the budget of this run. Own work counts for no team.")
    if given.get("expires"):
        out.say(f"It works until {given['expires']}.")
    out.next("set OPENAI_BASE_URL to <the console's address>/ai/openai/v1 and OPENAI_API_KEY to the key.")


def _provider_added(out: Output, document: Document) -> None:
    out.next("`greenlane gateway key` makes a key that calls it.")


def _key_added(out: Output, document: Document) -> None:
    given: dict[str, Any] = document.get("answer") or {}
    out.say(f"Its id is {given['credential']}; the keys before it stand in where the provider refuses this one.")


COMMANDS: tuple[Command, ...] = (
    Act(
        "gateway provider add",
        "add-provider",
        add_provider,
        "greenlane gateway provider add openai --kind openai --key-stdin < key.txt",
        saying.answer(_provider_added),
    ),
    Act(
        "gateway provider change",
        "change-provider",
        change_provider,
        "greenlane gateway provider change openai --off",
    ),
    act("gateway provider remove", "remove-provider", "greenlane gateway provider remove openai", provider=ARGUMENT),
    Ask(
        "gateway provider list",
        "query /v1/gateway/providers",
        providers,
        "greenlane gateway provider list",
        _providers,
    ),
    Act(
        "gateway provider add-key",
        "add-provider-key",
        add_key,
        "greenlane gateway provider add-key openai --key-stdin < new-key.txt",
        saying.answer(_key_added),
    ),
    Act(
        "gateway provider take",
        "move-model-key",
        take_key,
        "greenlane gateway provider take openai --app vendor-board --variable OPENAI_API_KEY",
        saying.answer(_key_added),
    ),
    act(
        "gateway provider end-key",
        "end-provider-key",
        "greenlane gateway provider end-key openai mc_01h2…",
        provider=ARGUMENT,
        credential=ARGUMENT,
    ),
    act(
        "gateway usual",
        "set-usual-provider",
        "greenlane gateway usual openai azure-eu",
        wire=Typed(choices=WIRES),
        provider=ARGUMENT,
    ),
    act(
        "gateway route set",
        "set-route",
        "greenlane gateway route set fast openai/gpt-5-mini=3 gemini/gemini-2.5-flash --otherwise local/llama3",
        alias=ARGUMENT,
        targets=ARGUMENT,
        otherwise=Typed(("--otherwise",)),
        when_spent=Typed(("--when-spent",)),
        timeout=Typed(("--timeout",)),
    ),
    act("gateway route remove", "remove-route", "greenlane gateway route remove fast", alias=ARGUMENT),
    Ask("gateway route list", "query /v1/gateway/routes", routes, "greenlane gateway route list", _routes),
    act(
        "gateway allow",
        "allow-models",
        'greenlane gateway allow "claude-*" --team sales',
        models=ARGUMENT,
    ),
    act(
        "gateway key",
        "make-gateway-key",
        "greenlane gateway key --app vendor-board",
        saying.answer(_key),
        app=Typed(("--app",)),
        days=Typed(("--days",)),
        run=Typed(("--run",)),
        budget=Typed(("--budget",)),
        hours=Typed(("--hours",)),
    ),
    Ask("gateway keys", "query /v1/gateway/keys", keys, "greenlane gateway keys", _keys),
    act(
        "gateway revoke",
        "revoke-gateway-key",
        "greenlane gateway revoke gk_01h2…",
        key=ARGUMENT,
        person=Typed(("--person",), says="Whose it is; found by the key when left out."),
    ),
    act(
        "gateway limit",
        "set-rate-limit",
        "greenlane gateway limit --app vendor-board --requests 60",
    ),
    act(
        "gateway unseen",
        "set-hidden-bound",
        "greenlane gateway unseen 0.50 --app vendor-board",
        dollars=ARGUMENT,
    ),
    act(
        "gateway price set",
        "set-price",
        "greenlane gateway price set local llama3 --input 0.20 --output 0.40",
        provider=ARGUMENT,
        model=ARGUMENT,
    ),
    act(
        "gateway price remove",
        "remove-price",
        "greenlane gateway price remove local llama3",
        provider=ARGUMENT,
        model=ARGUMENT,
    ),
    Ask("gateway price list", "query /v1/gateway/prices", prices, "greenlane gateway price list", _prices),
    act(
        "gateway rule set",
        "set-data-rule",
        "greenlane gateway rule set email --action mask --region eu",
        data=ARGUMENT,
        action=Typed(("--action",), choices=DATA_ACTIONS),
        regions=Typed(("--region",), says="A region that it may go to; may be repeated. All when left out."),
        answers=Typed(("--answers",), choices=ANSWER_ACTIONS),
        countries=Typed(
            ("--country",),
            says="A country (two letters) whose bare telephone or personal numbers count too; may be repeated.",
        ),
    ),
    act(
        "gateway ask",
        "send-prompt",
        "greenlane gateway ask gk_01h2… sha256:9f86… --data card --model fast",
        key=ARGUMENT,
        prompt=ARGUMENT,
        data=Typed(("--data",), says="A class of data that it holds; may be repeated."),
        model=Typed(("--model",)),
        app=Typed(("--app",)),
        environment=Typed(("--environment",)),
    ),
    act("gateway rule remove", "remove-data-rule", "greenlane gateway rule remove email", data=ARGUMENT),
    Ask("gateway rule list", "query /v1/gateway/rules", rules, "greenlane gateway rule list", _rules),
    act(
        "gateway settings change",
        "set-model-settings",
        "greenlane gateway settings change --unpriced closed",
        unpriced=Typed(("--unpriced",), choices=CHOICES["unpriced"]),
        capture=Typed(("--capture",), choices=CHOICES["capture"]),
    ),
    Ask("gateway settings show", "query /v1/gateway/rules", settings, "greenlane gateway settings show", _settings),
)
"""What is set up before a call is made."""
