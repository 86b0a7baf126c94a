"""What each verb does: the effects of every feature, made with the parts of control.

The door is made from this, and some parts are made with the door: those are looked up when an effect needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import effects as catalog_effects
from greenlane.catalog import facts as catalog_facts
from greenlane.catalog import names as app_names
from greenlane.catalog import queries as catalog
from greenlane.deploys import building, picturing
from greenlane.deploys import effects as deploy_effects
from greenlane.deploys import queries as deploys
from greenlane.deploys.effects.works import Works as DeployWorks
from greenlane.deploys.facts import live_content
from greenlane.deploys.runs import effects as run_effects
from greenlane.gateway import runs as model_runs
from greenlane.gateway.repricing import effects as repricing
from greenlane.govern import effects as govern_effects
from greenlane.govern.action import REGISTRY
from greenlane.govern.door import House
from greenlane.govern.effect import Handling
from greenlane.identity import effects as identity_effects
from greenlane.identity.break_glass import effects as break_glass_effects
from greenlane.identity.custom_roles import effects as custom_role_effects
from greenlane.identity.delegation import effects as delegation_effects
from greenlane.identity.delegation import using as lent
from greenlane.identity.duties import effects as duty_effects
from greenlane.identity.elevation import effects as elevation_effects
from greenlane.identity.facts import rights_facts
from greenlane.identity.federation import effects as federation_effects
from greenlane.identity.groups import effects as group_effects
from greenlane.identity.login import effects as login_effects
from greenlane.identity.provisioning import effects as provisioning_effects
from greenlane.identity.reviews import effects as review_effects
from greenlane.identity.sso import effects as sso_effects
from greenlane.insights import reviewing
from greenlane.kit.settings import Settings
from greenlane.main import models
from greenlane.main.parts import Parts
from greenlane.notices import effects as notice_effects
from greenlane.secrets import effects as secret_effects
from greenlane.secrets import resolving
from greenlane.store import effects as store_effects

Handlings = Mapping[str, Handling]


class Verbs:
    """The effects of all verbs, and what builds and pictures need beside them."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts = parts
        self._settings = settings
        self._app_facts = catalog_facts.app_facts(parts.clock)

    def house(self) -> House:
        """What the door is made with. Fails where a verb has no effect."""
        one = self._parts
        handlings = {**self._of_people(), **self._of_apps(), **self._of_the_platform()}
        missing = [verb.name for verb in REGISTRY if verb.name not in handlings]
        assert not missing, f"verbs without an effect: {missing}"
        return House(
            pack=one.policies.in_force,
            handlings=handlings,
            rights=rights_facts(catalog.team_of, one.clock),
            reviewers=one.reviewers,
            process_of=_process_of,
            takes=lent.takes,
        )

    def pictures(self) -> picturing.Works:
        """What a picture of a preview is taken with."""
        one = self._parts
        return picturing.Works(
            database=one.database,
            blobs=one.blobs,
            camera=one.camera,
            addresses=one.addresses,
            lend=one.lend,
            app_facts=self._app_facts,
        )

    def builds(self) -> building.Works:
        """What a source tree is built with."""
        one = self._parts
        return building.Works(
            database=one.database,
            blobs=one.blobs,
            uploads=lambda: one.uploads,
            builder=one.builder,
            values=self._build_values,
            models=one.model_keys.of_build,
            cooldown=self._settings.release_age_days,
            app_facts=self._app_facts,
        )

    def _build_values(self, connection: Connection, app: str) -> tuple[Mapping[str, str], frozenset[str]]:
        """What a build of an app gets, and which of it is secret: what the app has for builds of its previews."""
        one = self._parts
        found = resolving.resolved(connection, one.sealing, app, "preview", "build", one.clock.now())
        return found.values, found.secrets

    def _of_people(self) -> Handlings:
        """Who somebody is, how they come in, and what they may."""
        one, settings = self._parts, self._settings
        reviews = review_effects.Works(one.database, reviewing.apps, catalog.team_of, lambda: one.door)
        return {
            **identity_effects.handlings(
                one.database, one.payloads, catalog.owned_by, one.coming_in.proofs, one.coming_in.lasting
            ),
            **break_glass_effects.handlings(),
            **review_effects.handlings(reviews),
            **elevation_effects.handlings(settings.elevation_hours, one.clock),
            **federation_effects.handlings(one.addresses.console),
            **delegation_effects.handlings(timedelta(minutes=settings.delegation_minutes), model_runs.lent),
            **one.coming_in.token_keys.handlings(),
            **login_effects.handlings(one.database),
            **sso_effects.handlings(one.coming_in.sso_works()),
            **provisioning_effects.handlings(one.database),
            **group_effects.handlings(),
            **custom_role_effects.handlings(one.database),
            **duty_effects.handlings(),
        }

    def _of_apps(self) -> Handlings:
        """Apps: what is known of them, deployed, built, kept and run."""
        one, settings = self._parts, self._settings
        values = self._values()
        stored = store_effects.Works(one.database, one.keeper, self._app_facts)
        deploying = DeployWorks(
            database=one.database,
            blobs=one.blobs,
            addresses=one.addresses,
            origin=one.trust.origin,
            app_facts=self._app_facts,
            reviewers=one.reviewers,
            put=values["put-variable"].effect,
            key=one.marks_key,
            rights=rights_facts(catalog.team_of, one.clock),
            clock=one.clock,
            write=one.ledger.write,
            fetch=one.outside.fetch,
            keep=store_effects.before_publish(stored),
        )
        cataloguing = catalog_effects.Works(
            database=one.database,
            clock=one.clock,
            dns=one.dns,
            addresses=one.addresses,
            check_name=app_names.check,
            own_domains=(settings.console_host, settings.apps_domain),
            live_content=(live_content(one.blobs, one.clock),),
        )
        return {
            **catalog_effects.handlings(cataloguing),
            **deploy_effects.handlings(deploying),
            **building.handlings(self.builds()),
            **store_effects.handlings(stored),
            **run_effects.handlings(run_effects.Works(one.database, self._app_facts, settings.time_zone)),
            **picturing.handlings(self.pictures()),
        }

    def _of_the_platform(self) -> Handlings:
        """Variables, models, notices, and how all of it is governed."""
        one = self._parts
        values = self._values()
        recounting = repricing.Works(one.database, one.model_lists.prices, one.ledger.append, one.blobs.put, one.clock)
        return {
            **values,
            **notice_effects.handlings(notice_effects.Works(one.database, one.sealing, one.outside)),
            **models.handlings(one.database, one.sealing, self._app_facts, one.content_key, values, recounting),
            **govern_effects.handlings(one.database, one.payloads, one.clock, one.reviewers, one.policies),
        }

    def _values(self) -> dict[str, Any]:
        one = self._parts
        return secret_effects.handlings(secret_effects.Works(one.database, one.sealing, one.clock))


def _process_of(connection: Connection, action: Any) -> str | None:
    """Which piece of work an action belongs to, by whoever knows it."""
    return review_effects.process_of(connection, action) or deploys.process_of(connection, action)
