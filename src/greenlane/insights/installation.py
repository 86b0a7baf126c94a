"""How this Greenlane was set up by whoever runs it: what is set, where it is changed, and which release it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from greenlane import __version__
from greenlane.kit.settings import Settings


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its value as people read it, whether it is another than the usual one, and its variable."""

    name: str
    value: str
    changed: bool
    says: str
    variable: str


@dataclass(frozen=True, slots=True)
class Installation:
    """What was set when this Greenlane was started. Nothing secret is in it."""

    version: str
    by_mail: bool
    mail_sender: str
    mail_server: str
    file: str
    settings: tuple[Setting, ...]

    @classmethod
    def of(cls, settings: Settings) -> Installation:
        """The one of these settings."""
        prefix = settings.model_config["env_prefix"]
        return cls(
            version=__version__,
            by_mail=bool(settings.smtp_host),
            mail_sender=settings.mail_sender,
            mail_server=f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else "",
            file=str(settings.folder / "settings.toml"),
            settings=tuple(
                Setting(
                    name,
                    _shown(name, getattr(settings, name)),
                    getattr(settings, name) != field.default,
                    field.description or "",
                    f"{prefix}{name}".upper(),
                )
                for name, field in type(settings).model_fields.items()
            ),
        )


def _shown(name: str, value: Any) -> str:
    """A value without a password in it."""
    if name == "database" and value:
        return make_url(str(value)).render_as_string(hide_password=True)
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "none"
    if isinstance(value, Path):
        return str(value)
    return "none" if value in (None, "") else str(value)
