"""Settings: by flag, by environment, by file, in this order. ``docs/reference/settings.md`` is made from this class.

The environment variable of a setting is its name in capitals behind ``GREENLANE_``; the file is ``settings.toml`` in the
data folder, or where ``GREENLANE_SETTINGS`` says.
"""

from __future__ import annotations

import os
from email.utils import parseaddr
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from greenlane.kit.errors import GreenlaneError


class WrongSettings(GreenlaneError):
    """A setting cannot be what it was set to."""

    code = "wrong-settings"
    exit_code = 2


class Settings(BaseSettings):
    """Everything that can be set. Paths may be relative to where the command was started."""

    model_config = SettingsConfigDict(env_prefix="GREENLANE_", extra="forbid", frozen=True)

    data: Path = Field(Path("~/.local/share/greenlane"), description="The folder that holds everything.")
    port: int = Field(4180, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    listen: tuple[str, ...] = Field(("127.0.0.1", "::1"), description="The addresses to listen on.")
    console_host: str = Field("localhost", description="The console's host name.")
    apps_domain: str = Field("localhost", description="The domain under which sites get their own host names.")
    public_scheme: Literal["http", "https", ""] = Field(
        "", description="The scheme that visitors see; https where a certificate is set."
    )
    public_port: int | None = Field(None, description="The port that visitors see, where a proxy stands in front.")
    certificate: Path | None = Field(None, description="The TLS certificate's file (PEM); read again when it changes.")
    certificate_key: Path | None = Field(None, description="The TLS key's file (PEM).")
    certificates: Path | None = Field(None, description="A folder with <host>.crt and <host>.key for further hosts.")
    trusted_proxies: tuple[str, ...] = Field((), description="Networks (CIDR) whose forwarded headers are believed.")
    dns_servers: tuple[str, ...] = Field(
        (),
        description="Addresses of the name servers that are asked about an app's own domain; empty for the machine's.",
    )
    dns_port: int = Field(53, ge=1, le=65535, description="The port of those name servers.")
    database: str = Field("", description="The database's address; empty for SQLite in the data folder.")
    blobs: str = Field(
        "", description="Where files are stored: a folder or s3://bucket/prefix; empty for the data folder."
    )
    policies: Path | None = Field(None, description="A folder with the organisation's own Cedar policies.")
    smtp_host: str = Field("", description="The mail server that mail is handed to; empty for no mail.")
    smtp_port: int = Field(587, ge=1, le=65535, description="The port of the mail server.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="How the way to the mail server is encrypted: after a first word, from the start, or not.",
    )
    smtp_user: str = Field("", description="The user at the mail server; empty where it asks for none.")
    smtp_password_file: Path | None = Field(None, description="The file with that user's password.")
    mail_sender: str = Field("", description="Whom mail is from, such as Greenlane <greenlane@example.com>.")
    webhook_networks: tuple[str, ...] = Field(
        (), description="Networks (CIDR) of your own that webhooks may reach; otherwise they reach the internet alone."
    )
    owner_name: str = Field("", description="The first owner's name; the system's user when left out.")
    team: str = Field("home", description="The first team's name.")
    page_lease: float = Field(
        60.0, ge=0, description="Seconds that signed-in pages are served without the control process."
    )
    token_lease: float = Field(1.0, ge=0, description="Seconds that tokens are taken without the control process.")
    page_memory_mib: int = Field(256, ge=1, description="Memory for files that are served, in MiB.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)
        return value

    @field_validator("dns_servers")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_address(one)
        return value

    @model_validator(mode="after")
    def _both_or_neither(self) -> Settings:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key go together")
        if self.smtp_host and "@" not in parseaddr(self.mail_sender)[1]:
            raise ValueError("smtp_host needs mail_sender, the address that mail is from")
        if self.smtp_user and self.smtp_password_file is None:
            raise ValueError("smtp_user needs smtp_password_file")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before environment before file."""
        flags = init_settings()
        data = Path(flags.get("data") or os.environ.get("GREENLANE_DATA") or cls.model_fields["data"].default)
        file = Path(os.environ.get("GREENLANE_SETTINGS") or data.expanduser() / "settings.toml")
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file))

    @property
    def folder(self) -> Path:
        """The data folder, absolute."""
        return self.data.expanduser().absolute()

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.folder / 'greenlane.db'}"

    @property
    def blob_place(self) -> str:
        """The folder or address of the blob store."""
        return self.blobs or str(self.folder / "blobs")

    @property
    def scheme(self) -> str:
        """The scheme that visitors see."""
        return self.public_scheme or ("https" if self.certificate else "http")

    @property
    def visible_port(self) -> int | None:
        """The port in addresses; None where it is the scheme's own."""
        port = self.port if self.public_port is None else self.public_port
        return None if port == {"http": 80, "https": 443}[self.scheme] else port


def read(**flags: Any) -> Settings:
    """The settings in force. Flags that are None count as not given. Raises ``WrongSettings`` naming the setting."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise WrongSettings(
            f"The setting {name} is not usable: {first['msg']}.",
            next_step="`docs/reference/settings.md` lists every setting.",
        ) from error
