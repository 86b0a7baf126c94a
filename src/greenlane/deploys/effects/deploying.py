"""An upload becomes a deploy: artifact and provenance are fixed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from greenlane.catalog import queries as catalog
from greenlane.deploys import comparing, queries
from greenlane.deploys.actions import (
    Deploy,
)
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.effects.works import Works
from greenlane.deploys.tables import DEPLOY, UPLOAD
from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import WrongInput
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.ledger.passport import artifact_statement


@dataclass(frozen=True, slots=True)
class Deploying:
    """Makes a deploy of a complete upload."""

    works: Works

    def run(self, action: Deploy, context: Context) -> Outcome:
        """Fix the artifact and its provenance. The deploy's id comes from the action's, so a repeat makes the same."""
        with self.works.database.read() as connection:
            upload = queries.upload(connection, action.upload)
            reach_allowed = set(catalog.page_hosts(connection, action.app, "preview"))
        sent = upload.inspection
        if sent is None or upload.person != context.actor.person:
            raise WrongInput("The upload is not complete, or not yours.", next_step="Deploy again.")
        one = deploy_id(context.action_id)
        bundle = Bundle.from_manifest(self.works.blobs.get(sent["manifest"]))
        statement = artifact_statement(
            origin=self.works.origin,
            app=action.app,
            deploy=one,
            manifest=sent["manifest"],
            files={path: entry.sha256 for path, entry in bundle.files.items()},
            started=upload.created_at,
            finished=stamp(context.now),
            by_agent=context.actor.kind == "agent",
            built=sent.get("built"),
        )
        passport = self.works.blobs.put(statement)
        self.works.blobs.sync()  # before a receipt says that these bytes are there
        now = stamp(context.now)

        def rows(connection: Connection) -> None:
            connection.execute(
                insert(DEPLOY).values(
                    id=one,
                    app=action.app,
                    artifact=sent["manifest"],
                    passport=passport,
                    sbom=sent["sbom"],
                    process=context.process,
                    action=context.action_id,
                    author=context.actor.person,
                    made_by_agent=context.actor.kind == "agent",
                    facts=sent["facts"],
                    reach=sent["reach"],
                    findings=sent["findings"],
                    files=sent["files"],
                    bytes=sent["bytes"],
                    created_at=now,
                )
            )
            connection.execute(update(UPLOAD).where(UPLOAD.c.id == action.upload).values(state="used"))

        hosts = [host for host in sent["facts"]["outside_hosts"] if not comparing.covered(host, reach_allowed)]
        return Outcome(
            rows=rows,
            happened={"deploy": one, "files": sent["files"], "bytes": sent["bytes"], "passport": passport},
            used=(Edge("upload", upload.id), Edge("sbom", one, sent["sbom"])),
            made=(Edge("artifact", one, sent["manifest"]), Edge("deploy", one, passport)),
            answer={
                "app": action.app,
                "deploy": one,
                "url": self.works.addresses.url(action.app, deploy=one),
                "passport": passport,
                "set_aside": sent["set_aside"],
                "variables": sent["variables"],
                "hosts": hosts,
                "notes": sent["notes"],
            },
        )


def deploy_id(action_id: str) -> str:
    """The deploy that an action makes: ten letters and digits, the first a letter, the same for the same action."""
    number = int.from_bytes(hashlib.sha256(action_id.encode()).digest()[:8])
    letters = []
    for _ in range(10):
        number, remainder = divmod(number, 32)
        letters.append(ids.ALPHABET[remainder])
    return "d" + "".join(letters[1:])
