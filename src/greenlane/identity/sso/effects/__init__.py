"""How the verbs about the company's own sign-in are carried out. Imported by ``main`` alone."""

from __future__ import annotations

from greenlane.govern.effect import Handling
from greenlane.identity.sso.effects import domains, identities, joining, refreshing, setting_up
from greenlane.identity.sso.effects.setting_up import Works

__all__ = ["Works", "handlings"]


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb."""
    setting, belonging = setting_up.Setting(works), identities.Belonging(works.database, works.arrived)
    refreshed = refreshing.Refreshed(works.database)
    proving = domains.Domains(works.database, works.dns)
    return {
        "add-identity-provider": Handling(setting.add),
        "change-identity-provider": Handling(setting.change),
        "refresh-identity-provider": Handling(refreshed.take),
        "tell-of-metadata": Handling(refreshed.tell),
        "remove-identity-provider": Handling(setting.remove),
        "claim-mail-domain": Handling(proving.claim),
        "verify-mail-domain": Handling(proving.verify),
        "release-mail-domain": Handling(domains.release),
        "link-identity": Handling(belonging.link),
        "join-by-sign-in": Handling(joining.Joining(works.database, works.arrived).join),
        "unlink-identity": Handling(identities.unlink),
        "end-provider-sessions": Handling(identities.end_sessions),
    }
