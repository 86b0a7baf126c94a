"""Every registered verb as an endpoint, and its explanation. The routes are made from the registry, none by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, create_model

from greenlane.api import stepping_up
from greenlane.api.house import HOUSE, SIGNED, ApiHouse
from greenlane.api.problem import problem
from greenlane.govern.action import REGISTRY, Verb
from greenlane.govern.decision import Decision
from greenlane.govern.door import Answer
from greenlane.govern.explain import what_would_make_it_green
from greenlane.insights import telling
from greenlane.insights.telling import LockInTheWay

STATUS = {"done": 200, "waiting": 202}


def body_of(verb: Verb) -> type[BaseModel]:
    """The JSON body of a verb, made from its inputs."""
    fields: dict[str, Any] = {
        one.name: (one.type, Field(... if one.required else one.default, description=one.says)) for one in verb.inputs
    }
    name = "".join(part.capitalize() for part in verb.name.split("-"))
    return create_model(name, __config__={"extra": "forbid", "strict": False}, __doc__=verb.summary, **fields)


def routes() -> APIRouter:
    """One route a verb to do it and one to explain it."""
    router = APIRouter(prefix="/v1")
    for verb in REGISTRY:
        body = body_of(verb)
        router.add_api_route(
            f"/actions/{verb.name}",
            _doing(verb, body),
            methods=["POST"],
            name=verb.name,
            summary=verb.summary,
            tags=["actions"],
            responses={202: {"description": "a person decides"}, 403: {"description": "not possible"}},
        )
        router.add_api_route(
            f"/explain/{verb.name}",
            _explaining(verb, body),
            methods=["POST"],
            name=f"explain-{verb.name}",
            summary=f"What would happen: {verb.summary}",
            tags=["explain"],
        )
    return router


def _doing(verb: Verb, body: type[BaseModel]) -> Callable[..., JSONResponse]:
    def do(
        inputs: BaseModel,
        at: HOUSE,
        who: SIGNED,
        idempotency_key: str | None = Header(None, max_length=200),
        greenlane_process: str | None = Header(None, max_length=40, pattern="^prc_[0-9a-z]+$"),
    ) -> JSONResponse:
        action = verb.build(_given(inputs))
        answer = at.door.govern(who.actor, action, key=idempotency_key, process=greenlane_process)
        told = tell(at, answer)
        if answer.state in STATUS:
            return JSONResponse(told, status_code=STATUS[answer.state])
        if not answer.facts.may:
            told |= _for_strangers(told)
        first = next(iter(told["reasons"]), {"says": f"{verb.name} did not go through.", "instead": ""})
        says = first["says"]
        with at.database.read() as connection:
            lock = telling.lock_in_the_way(connection, answer)
        if lock is not None:
            told["lock"] = asdict(lock)
            says += _locked_by(lock)
        step = stepping_up.step_wanted(at, who.actor, verb, action, answer.facts)
        if step is None:
            return problem(403, "refused", says, first["instead"], **told)
        asked = problem(403, stepping_up.CODE, step.says, step.next_step, **told, link=step.link)
        asked.headers["WWW-Authenticate"] = step.challenge
        return asked

    do.__annotations__["inputs"] = body  # the class is made at run time, from the registry
    return do


def _explaining(verb: Verb, body: type[BaseModel]) -> Callable[..., dict[str, Any]]:
    def explain(inputs: BaseModel, at: HOUSE, who: SIGNED) -> dict[str, Any]:
        action = verb.build(_given(inputs))
        facts, decision = at.door.explain(who.actor, action)
        ways = (
            []
            if decision.lane.strictness == 0 or not facts.may
            else what_would_make_it_green(verb.name, facts, at.pack())
        )
        return {
            "verb": verb.name,
            "subject": verb.subject_of(action),
            **_decided(decision),
            "facts": facts.as_dict() if facts.may else {},  # who has no right here learns nothing about what is there
            "would_be_green": [
                {
                    "says": way.says,
                    "lane": "red, then a person" if way.approval else "green",
                    "changes": {name: value for one in way.changes for name, value in one.facts.items()},
                }
                for way in ways
            ],
        }

    explain.__annotations__["inputs"] = body
    return explain


def _for_strangers(told: dict[str, Any]) -> dict[str, Any]:
    """What somebody without the right is told: that it is missing, and nothing about what they asked for."""
    missing = [one for one in told["reasons"] if one["policy"] in telling.ABOUT_RIGHTS]
    return {"reasons": missing, "risk": {"score": 0, "parts": [], "model": told["risk"]["model"]}, "happened": {}}


def _locked_by(lock: LockInTheWay) -> str:
    until = f" until {lock.until}" if lock.until else ""
    return f" {lock.who or 'Somebody'} locked it{until}: {lock.why or 'no reason was given'}."


def _given(inputs: BaseModel) -> dict[str, Any]:
    return inputs.model_dump(exclude_unset=True)


def _decided(decision: Decision) -> dict[str, Any]:
    block = decision.as_dict()
    return {
        "lane": block["lane"],
        "words": decision.lane.words,
        "reasons": block["reasons"],
        "safeguards": block["safeguards"],
        "risk": block["risk"],
        "pack": block["pack"],
    }


def tell(at: ApiHouse, answer: Answer) -> dict[str, Any]:
    """A door's answer as JSON values, with its sentence."""
    with at.database.read() as connection:
        sentence = telling.sentence(connection, answer)
    told = dict(answer.answer)
    if "link" in told:
        told["url"] = at.addresses.console + told["link"] if told["link"].startswith("/") else told["link"]
    if isinstance(told.get("resumed"), Answer):
        told["resumed"] = tell(at, told["resumed"])
    return {
        "action": answer.action_id,
        "process": answer.process,
        "verb": answer.verb,
        "subject": answer.subject,
        "state": answer.state,
        "sentence": sentence,
        **_decided(answer.decision),
        "happened": dict(answer.happened),
        "answer": told,
        "request": answer.request,
        "receipt": answer.receipt,
    }
