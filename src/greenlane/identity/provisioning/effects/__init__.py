"""How the verbs about directories are carried out. What a directory says reaches no receipt."""

from __future__ import annotations

from greenlane.govern.effect import Handling
from greenlane.identity.provisioning.effects import agents, directories, groups, joining, people
from greenlane.kit.database import Database


def handlings(database: Database) -> dict[str, Handling]:
    """The effects by verb."""
    return {
        "connect-directory": Handling(directories.connect),
        "disconnect-directory": Handling(directories.disconnect),
        "create-directory-token": Handling(directories.create_token),
        "revoke-directory-token": Handling(directories.revoke_token),
        "join-directory": Handling(joining.join),
        "leave-directory": Handling(joining.leave),
        "provision-person": Handling(people.Provisioning(database).run),
        "change-provisioned-person": Handling(people.change),
        "release-person": Handling(people.release),
        "provision-group": Handling(groups.provision),
        "change-provisioned-group": Handling(groups.change),
        "remove-provisioned-group": Handling(groups.remove),
        "provision-agent": Handling(agents.provision),
        "change-provisioned-agent": Handling(agents.change),
        "remove-provisioned-agent": Handling(agents.remove),
    }
