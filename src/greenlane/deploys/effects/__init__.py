"""How deploys are made and environments moved, in a file for each kind of change. Imported by ``main`` alone."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from greenlane.deploys import queries
from greenlane.deploys.actions import (
    CreatePreviewToken,
    Publish,
)
from greenlane.deploys.effects.advising import Importing, Telling
from greenlane.deploys.effects.deploying import Deploying
from greenlane.deploys.effects.found import Found, kind_found, kind_marked
from greenlane.deploys.effects.looking import Looking
from greenlane.deploys.effects.placing import Publishing, RollingBack
from greenlane.deploys.effects.previews import PreviewTokens
from greenlane.deploys.effects.works import Works
from greenlane.deploys.facts import alarm_facts, deploy_facts, look_facts, move_facts, publish_facts, rollback_facts
from greenlane.govern.effect import Handling
from greenlane.secrets.facts import missing_facts, own_model_key_facts


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    about_the_app = works.app_facts
    return {
        "deploy": Handling(Deploying(works).run, (about_the_app, deploy_facts(works.blobs, works.clock))),
        "publish": Handling(
            Publishing(works).run,
            (about_the_app, publish_facts(works.blobs, works.clock), missing_facts, own_model_key_facts),
            exact=_this_deploy,
        ),
        "rollback": Handling(RollingBack(works).run, (about_the_app, rollback_facts)),
        "create-preview-token": Handling(PreviewTokens(works).create, (about_the_app,), exact=_this_deploy),
        "revoke-preview-token": Handling(PreviewTokens(works).revoke, (about_the_app,)),
        "move-credential": Handling(Found(works).move, (about_the_app, move_facts(works.rights))),
        "mark-false-alarm": Handling(Found(works).mark, (about_the_app, alarm_facts), exact=kind_found, covers=False),
        "unmark-false-alarm": Handling(Found(works).unmark, (about_the_app,), exact=kind_marked),
        "import-advisories": Handling(Importing(works).run),
        "tell-of-flaws": Handling(Telling(works).run, (about_the_app,)),
        "look": Handling(Looking(works).ask, (about_the_app,)),
        "answer-look": Handling(Looking(works).answer, (about_the_app, look_facts)),
    }


def _this_deploy(connection: Connection, action: Publish | CreatePreviewToken) -> Publish | CreatePreviewToken:
    """The newest deploy by its id: whoever approves the action looked at that one, and not at what came later."""
    return replace(action, deploy=queries.meant(connection, action.app, action.deploy).id)
