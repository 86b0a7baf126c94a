"""What takes back a verb about models: mostly the same verb with what held before, which its receipt tells."""

from __future__ import annotations

from typing import Any

from greenlane.insights.undo import Facts, Undo, Undoing

_WHOSE = ("app", "environment", "team", "person")


def _whose(inputs: Facts) -> dict[str, str]:
    return {name: inputs[name] for name in _WHOSE if inputs.get(name)}


def _add_provider(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    name = inputs["name"]
    return Undo("remove-provider", {"provider": name}, f"Let no call go to {name} any more, and destroy its keys")


def _change_provider(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    back = {"provider": inputs["provider"], **happened["before"]}
    return (
        Undo("change-provider", back, f"Let {inputs['provider']} be as it was before") if happened["before"] else None
    )


def _add_provider_key(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    back = {"provider": inputs["provider"], "credential": happened["credential"]}
    return Undo("end-provider-key", back, f"Destroy this key of {inputs['provider']}")


def _route(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    alias, before = inputs["alias"], happened["before"]
    if before is None:
        return Undo("remove-route", {"alias": alias}, f"Let {alias} lead nowhere of its own again")
    return Undo("set-route", {"alias": alias, **before}, f"Lead {alias} where it led before")


def _routes(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("set-routes", {"routes": list(happened["before"])}, "Lead these names where they led before")


def _usual(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before = happened["before"]
    if before in (None, inputs["provider"]):
        return None
    return Undo("set-usual-provider", {"wire": inputs["wire"], "provider": before}, f"Go back to {before}")


def _models(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    back: dict[str, Any] = {"models": happened["before"], **_whose(inputs)}
    return Undo("allow-models", back, "Allow the models from before again")


def _key(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("revoke-gateway-key", {"key": happened["key"]}, "End this key at once")


def _data_rule(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    data, before = inputs["data"], happened["before"]
    if before is None:
        return Undo("remove-data-rule", {"data": data}, f"Take the rule about {data} away again")
    return Undo("set-data-rule", {"data": data, **before}, f"Go back to the rule about {data} from before")


def _budget(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before = happened["before"]
    if before is None:
        back = {"period": inputs["period"], **_whose(inputs)}
        return Undo("end-budget", back, "End this budget")
    return Undo("set-budget", {**before, **_whose(inputs)}, "Go back to the budget from before")


def _limit(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    return Undo("set-rate-limit", {**happened["before"], **_whose(inputs)}, "Go back to the limit from before")


def _bound(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    back = {"dollars": happened["before"], **_whose(inputs)}
    return Undo("set-hidden-bound", back, "Go back to what held before")


def _price(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    named, before = {name: inputs[name] for name in ("provider", "model")}, happened["before"]
    if before is None:
        return Undo("remove-price", named, f"Let the list's price of {inputs['model']} hold again")
    return Undo("set-price", {**named, **before}, f"Go back to the price of {inputs['model']} from before")


def _settings(inputs: Facts, happened: Facts, facts: Facts) -> Undo | None:
    before = happened["before"]
    return Undo("set-model-settings", before, "Go back to what held before") if before else None


MODELS: dict[str, Undoing] = {
    "add-provider": _add_provider,
    "change-provider": _change_provider,
    "add-provider-key": _add_provider_key,
    "set-route": _route,
    "remove-route": _route,
    "set-routes": _routes,
    "set-usual-provider": _usual,
    "allow-models": _models,
    "make-gateway-key": _key,
    "set-data-rule": _data_rule,
    "remove-data-rule": _data_rule,
    "set-budget": _budget,
    "end-budget": _budget,
    "set-rate-limit": _limit,
    "set-hidden-bound": _bound,
    "set-price": _price,
    "remove-price": _price,
    "set-model-settings": _settings,
}
"""What takes a verb about models back."""
