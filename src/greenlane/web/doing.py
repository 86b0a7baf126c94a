"""Every registered verb as a form: what it asks for, what would happen, and doing it.

A button anywhere in the console sends such a form. What goes through leads back to where the button was; what a person
decides leads to the request; what is not possible says why and what to do instead; and what was typed wrongly comes back
in the form, with nothing lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.action import REGISTRY, Input, Verb
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, NotFound, TooLarge, WrongInput
from greenlane.govern.facts import RUNGS
from greenlane.identity.custom_roles.queries import custom_roles, narrow_names
from greenlane.identity.narrowing import NARROWED
from greenlane.identity.roles import EVERY, ROLES, VERBS
from greenlane.insights import telling
from greenlane.kit.errors import GreenlaneError
from greenlane.notices.actions import CHOICES as MAIL
from greenlane.web import wording
from greenlane.web.asked import Asked, known_verb, subject_page
from greenlane.web.destination import own_path
from greenlane.web.form import Fields
from greenlane.web.site import Site

OURS = frozenset({"back", "key", "look"})
"""Fields of every form that are no inputs of the verb: where to go on, what makes it count once, only looking."""

SHOWN_ONCE = frozenset({"link", "token", "secret", "codes", "record", "change"})
"""What an answer may hold that its caller must see now, because nobody can see it again or because it is needed next."""

OF_OUR_OWN = frozenset({"change-role", "delete-role"})
"""Verbs about a role that was made here."""

CHOICES: Mapping[str, Sequence[tuple[str, str]]] = {
    "use": tuple(wording.USES.items()),
    "audience": tuple((rung, wording.AUDIENCES[rung]) for rung in RUNGS),
    "role": tuple((role, wording.role_title(role)) for role in (*ROLES, *NARROWED)),
    "what": tuple((one, says[:1].upper() + says[1:]) for one, says in MAIL.items()),
    "verdict": (("fine", "Fine"), ("not-fine", "Not fine")),
}
"""What can be chosen, for inputs that several verbs share."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field as it is printed. ``kind`` is text, long, secret, number, check or choice."""

    name: str
    label: str
    says: str
    kind: str
    value: str
    required: bool
    choices: Sequence[tuple[str, str]] = ()
    wrong: GreenlaneError | None = None


def routes(site: Site) -> list[Route]:
    """Two routes for all verbs."""
    return [site.page("/do/{verb}", asking), site.form("/do/{verb}", doing)]


def asking(at: Asked) -> Response:
    """The form of a verb, filled with what the address says; with the lane as soon as everything needed is there."""
    return _form(at, _verb(at), _given(at))


def doing(at: Asked) -> Response:
    """Carry a verb out as a person typed it."""
    verb = _verb(at)
    try:
        action = verb.build(inputs(verb, at.form))
        answer = at.does(action, key=at.field("key"))
    except (WrongInput, TooLarge, Conflict, NotFound) as error:
        return _form(at, verb, at.form, error)
    return answered(at, answer)


def answered(at: Asked, answer: Answer, back: str = "") -> Response:
    """Where a form leads, by what became of it. ``back`` is used when the form itself names no place to go on."""
    back = own_path(at.field("back")) or back or subject_page(answer.subject)
    if answer.state == "waiting":
        return at.see(f"/inbox/{answer.request}", answer)
    if answer.state != "done":
        return refused(at, answer, back)
    if SHOWN_ONCE & answer.answer.keys():
        return _once(at, answer, back)
    return at.see(back, answer)


def refused(at: Asked, answer: Answer, back: str) -> Response:
    """Why something is not possible, and what to do instead."""
    with at.read() as connection:
        sentence = telling.sentence(connection, answer)
        lock = telling.lock_in_the_way(connection, answer)
    return at.page(
        "doing/refused.html",
        status=403,
        part="main",
        sentence=sentence,
        reasons_told=telling.reasons(answer.facts, answer.decision),
        lock=lock,
        back=back,
        receipt=answer.receipt,
    )


def inputs(verb: Verb, typed: Fields) -> dict[str, Any]:
    """What was typed as the verb's inputs. An empty field that is not needed is left out, so its default counts.

    Raises ``WrongInput`` that names its field where a number is none.
    """
    found: dict[str, Any] = {}
    for one in verb.inputs:
        if one.type is bool:
            found[one.name] = bool(typed.get(one.name, [""])[-1])
            continue
        values = [value for value in typed.get(one.name, []) if value.strip()]
        if not values:
            if one.required:
                raise WrongInput(f"{_label(one)} is missing.", next_step=f"It means: {one.says}.", field=one.name)
            continue
        found[one.name] = _value(one, values)
    unknown = typed.keys() - {one.name for one in verb.inputs} - OURS
    if unknown:
        raise WrongInput("This form has a field that is not ours.", next_step="Open the page again.")
    return found


def _value(one: Input, values: Sequence[str]) -> Any:
    if get_origin(one.type) is tuple:
        parts = values if len(values) > 1 else values[0].replace(",", "\n").splitlines()
        return [part.strip() for part in parts if part.strip()]
    if _is_number(one):
        try:
            return int(values[-1])
        except ValueError:
            raise WrongInput(
                f"{values[-1]!r} is not a whole number.", next_step=f"It means: {one.says}.", field=one.name
            ) from None
    return values[-1] if one.secret else values[-1].strip().replace("\r\n", "\n")


def _is_number(one: Input) -> bool:
    return one.type is int or int in get_args(one.type)


def _verb(at: Asked) -> Verb:
    name = at.named("verb")
    if not known_verb(name):
        raise NotFound("There is nothing of that name to do.", next_step="Start again from the first page.")
    return REGISTRY.named(name)


def _given(at: Asked) -> Fields:
    return {name: at.request.query_params.getlist(name) for name in at.request.query_params}


def _form(at: Asked, verb: Verb, typed: Fields, error: GreenlaneError | None = None) -> Response:
    wrong_field = error.field if isinstance(error, WrongInput) else ""
    with at.read() as connection:
        own = [one.name for one in custom_roles(connection)]
        own += [] if verb.name in OF_OUR_OWN else narrow_names(connection)
    shown = [field_of(one, typed, error if one.name == wrong_field else None, verb.name, own) for one in verb.inputs]
    ahead = None
    if error is None and complete(verb, typed):
        try:
            facts, decision = at.explain(verb.build(inputs(verb, typed)))
            ahead = decision, telling.reasons(facts, decision)
        except (WrongInput, Conflict, NotFound) as found:
            error = found if at.query("look") else None
    back = own_path(typed.get("back", [""])[-1]) or "/"
    return at.page(
        "doing/form.html",
        status=error.status if error is not None else 200,
        part="ahead",
        verb=verb,
        title=_title(verb),
        fields=shown,
        error=error if not wrong_field else None,
        ahead=ahead,
        back=back,
    )


def complete(verb: Verb, typed: Fields) -> bool:
    """Whether enough is there to say what would happen; a secret is never asked for that."""
    needed = [one for one in verb.inputs if one.required]
    return not any(one.secret for one in needed) and all("".join(typed.get(one.name, [])).strip() for one in needed)


def field_of(
    one: Input, typed: Fields, wrong: GreenlaneError | None, verb: str, own_roles: Sequence[str] = ()
) -> FormField:
    """An input of a verb as a field, with what was typed into it and what is wrong with that."""
    values = typed.get(one.name)
    value = ", ".join(values) if values is not None else _default(one)
    choices = _environments(verb) if one.name == "environment" else CHOICES.get(one.name, ())
    if one.name == "role":
        own = [(role, wording.role_title(role)) for role in own_roles]
        choices = own if verb in OF_OUR_OWN else (*choices, *own)
    if one.secret:
        kind, value = "secret", ""
    elif one.type is bool:
        kind = "check"
    elif _is_number(one):
        kind = "number"
    elif choices and get_origin(one.type) is not tuple:
        kind = "choice"
        if not one.required:
            choices = (("", "As it is"), *choices) if one.default == "" else choices
    else:
        kind = "long" if one.name in {"message", "because", "why", "note", "texts"} else "text"
    return FormField(one.name, _label(one), one.says, kind, value, one.required, choices, wrong)


def _environments(verb: str) -> Sequence[tuple[str, str]]:
    """The environments that a verb can concern, the most watched first."""
    possible = VERBS[verb].environments if verb in VERBS else EVERY
    return [(place, words) for place, words in wording.ENVIRONMENTS.items() if place in possible]


def _default(one: Input) -> str:
    if one.required or one.default is None or one.default is False:
        return ""
    return ", ".join(one.default) if isinstance(one.default, tuple) else str(one.default)


def _label(one: Input) -> str:
    return one.name.replace("_", " ").capitalize()


def _title(verb: Verb) -> str:
    return wording.verb_title(verb.name)


def _once(at: Asked, answer: Answer, back: str) -> Response:
    """A secret that nobody sees again: on this page and nowhere else."""
    told = {name: value for name, value in answer.answer.items() if value not in (None, "")}
    if str(told.get("link", "")).startswith("/"):
        told["link"] = at.house.addresses.console + str(told["link"])
        told.pop("url", None)
    with at.read() as connection:
        sentence = telling.sentence(connection, answer)
    return at.page(
        "doing/once.html", title=_title(REGISTRY.named(answer.verb)), sentence=sentence, told=told, back=back
    )
