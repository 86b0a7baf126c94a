"""How the verbs about people are carried out. Each returns its rows; names and secrets never reach a receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Handling, Outcome
from greenlane.identity import queries
from greenlane.identity.actions import AcceptInvitation, ErasePerson, GrantRole, JoinTeam, NameOrganisation
from greenlane.identity.effects import invitations, people, sessions, teams, tokens, ways_in
from greenlane.identity.effects import organisation as naming
from greenlane.identity.lasting import USUAL, Lasting
from greenlane.identity.proving import Proofs
from greenlane.identity.queries import organisation
from greenlane.kit.database import Database
from greenlane.ledger.payload import Payloads

AppsOf = Callable[[Connection, str], list[str]]
"""The names of the apps that somebody owns. Handed in: apps stand above people."""


def handlings(
    database: Database, payloads: Payloads, apps_of: AppsOf, proofs: Proofs, lasting: Lasting = USUAL
) -> dict[str, Handling]:
    """The effects by verb. ``payloads`` is where the words of old actions are erased with their person; ``proofs`` looks
    at what somebody signs in with; ``lasting`` says how long a session lasts.
    """
    makes = ways_in.WaysIn(database, proofs)

    def accept(action: AcceptInvitation, context: Context) -> Outcome:
        with database.read() as connection:
            invited = queries.invitation(connection, action.secret, context.now)
        if invited is None:
            raise sessions.over("invitation")
        return invitations.accept_invitation(action, context, invited, lasting)

    def erase(action: ErasePerson, context: Context) -> Outcome:
        with database.read() as connection:
            words = people.payloads_naming(connection, action.person)
        forget = [payloads.forget(digest) for digest in words]
        return people.erase_person(action, context, forget, lambda connection: apps_of(connection, action.person))

    def name(action: NameOrganisation, context: Context) -> Outcome:
        with database.read() as connection:
            before = organisation.name(connection)
        return naming.name_organisation(action, context, before)

    def owning(connection: Connection, actor: Actor, action: ErasePerson) -> dict[str, Any]:
        return {"apps_owned": len(apps_of(connection, action.person))}

    def join(action: JoinTeam, context: Context) -> Outcome:
        with database.read() as connection:
            already = queries.is_member(connection, action.person, queries.team(connection, action.team).id)
        return teams.join_team(action, context, new=not already)

    def grant(action: GrantRole, context: Context) -> Outcome:
        with database.read() as connection:
            scope = queries.scope_of(connection, action.scope)
            has = queries.was_given(connection, action.person, action.role, scope)
        return teams.grant_role(action, context, new=not has)

    return {
        "found-organisation": Handling(people.found_organisation),
        "invite": Handling(invitations.invite),
        "accept-invitation": Handling(accept),
        "withdraw-invitation": Handling(invitations.withdraw_invitation),
        "add-person": Handling(people.add_person),
        "rename-person": Handling(people.rename_person),
        "suspend-person": Handling(people.suspend_person),
        "restore-person": Handling(people.restore_person),
        "erase-person": Handling(erase, (owning,)),
        "name-organisation": Handling(name),
        "create-team": Handling(teams.create_team),
        "join-team": Handling(join),
        "leave-team": Handling(teams.leave_team),
        "grant-role": Handling(grant),
        "remove-role": Handling(teams.remove_role),
        "create-token": Handling(tokens.create_token),
        "revoke-token": Handling(tokens.revoke_token),
        "create-sign-in-link": Handling(sessions.create_sign_in_link),
        "sign-in": Handling(sessions.SigningIn(database, proofs, lasting).run),
        "sign-out": Handling(sessions.sign_out),
        "end-session": Handling(sessions.end_session),
        "set-password": Handling(makes.set_password),
        "remove-password": Handling(ways_in.remove_password),
        "add-passkey": Handling(makes.add_passkey),
        "remove-passkey": Handling(ways_in.remove_passkey),
        "make-recovery-codes": Handling(ways_in.make_recovery_codes),
        "turn-away": Handling(ways_in.turn_away),
        "tell-of-sign-in": Handling(sessions.tell_of_sign_in),
    }
