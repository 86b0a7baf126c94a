"""How the verbs about workloads are carried out."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.identity.delegation import queries as lending
from greenlane.identity.delegation.keys import key_set
from greenlane.identity.federation.actions import EndTrust, TrustWorkload
from greenlane.identity.federation.tables import TRUSTED_WORKLOAD
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def handlings(audience: str) -> dict[str, Handling]:
    """The effects by verb. ``audience`` is whom tokens are for where a rule names nobody."""

    def trust(action: TrustWorkload, context: Context) -> Outcome:
        rule = ids.new("wkl")

        def rows(connection: Connection) -> None:
            named = select(TRUSTED_WORKLOAD.c.id).where(TRUSTED_WORKLOAD.c.name == action.workload)
            known = connection.execute(named).first() is not None
            if known or lending.find_agent(connection, action.workload) is not None:
                raise Conflict(f"{action.workload} is a name already.", next_step="Give another: none is given twice.")
            pairs = (one.partition("=") for one in action.claims)
            connection.execute(
                insert(TRUSTED_WORKLOAD).values(
                    id=rule,
                    name=action.workload,
                    person=context.actor.id,
                    issuer=action.issuer.rstrip("/") if action.issuer.startswith("spiffe:") else action.issuer,
                    audience=action.audience or audience,
                    claims={name.strip(): value.strip() for name, _, value in pairs},
                    keys=key_set(action.keys) if action.keys else None,
                    scopes=list(action.scopes),
                    apps=sorted(set(action.apps)),
                    environments=sorted(set(action.environments)),
                    signed_in=context.actor.credential,
                    action=context.action_id,
                    created=stamp(context.now),
                )
            )

        made = (Edge("workload", rule),)
        return Outcome(rows, happened={"rule": rule, "workload": action.workload}, made=made, answer={"rule": rule})

    return {"trust-workload": Handling(trust), "end-trust": Handling(end_trust)}


def end_trust(action: EndTrust, context: Context) -> Outcome:
    """The rule ends, and with it every token made under it."""

    def rows(connection: Connection) -> None:
        rule = TRUSTED_WORKLOAD.c
        ended = update(TRUSTED_WORKLOAD).where(rule.name == action.workload, rule.ended.is_(None))
        if connection.execute(ended.values(ended=stamp(context.now))).rowcount != 1:
            raise NotFound(f"No workload {action.workload} is trusted.", next_step="`greenlane trust workloads`.")

    return Outcome(rows, happened={"workload": action.workload})
