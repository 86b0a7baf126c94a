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
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
    egress_networks: tuple[str, ...] = Field(
        (),
        description="Networks (CIDR) of your own that apps' code may reach; otherwise it reaches the internet alone.",
    )
    egress_mib_a_day: int = Field(
        20_480, ge=1, description="What an app's code may move to and from other hosts within a day, in MiB."
    )
    gateway_workers: int = Field(
        1, ge=1, le=64, description="Processes that let calls to models through; one is enough for thousands a second."
    )
    delegation_minutes: int = Field(
        480, ge=1, le=10_080, description="Minutes for which people may let an agent act for them at most."
    )
    elevation_hours: int = Field(8, ge=1, le=168, description="Hours for which a temporary role may last at most.")
    session_days: int = Field(
        7, ge=1, le=365, description="Days after which a browser is signed out, whatever it does."
    )
    session_idle_hours: int = Field(
        168, ge=1, le=8760, description="Hours after which a browser is signed out that nobody works with."
    )
    networks: tuple[str, ...] = Field(
        (), description="Names of your networks, such as office=10.1.0.0/16: so places of sessions are called."
    )
    owner_name: str = Field("", description="The first owner's name; the system's user when left out.")
    team: str = Field("home", description="The first team's name.")
    page_lease: float = Field(
        60.0, ge=0, description="Seconds that signed-in pages are served without the control process."
    )
    token_lease: float = Field(1.0, ge=0, description="Seconds that tokens are taken without the control process.")
    page_memory_mib: int = Field(256, ge=1, description="Memory for files that are served, in MiB.")
    npm_registry: str = Field("", description="The npm registry of builds; what npm here is set up with if left out.")
    python_index: str = Field(
        "", description="The index of Python packages of builds; what pip here is set up with if left out."
    )
    registry_hosts: tuple[str, ...] = Field(
        (), description="Further places (host:port) that builds may fetch packages from, such as a mirror of files."
    )
    registry_ca: Path | None = Field(
        None, description="The certificates (PEM) by which registries are trusted; the machine's own when left out."
    )
    release_age_days: int = Field(
        7, ge=0, description="How many days old a package's release must be where no lock file names it; 0 takes any."
    )
    build_minutes: float = Field(15.0, gt=0, description="Minutes that a build may take.")
    build_memory_mib: int = Field(4096, ge=256, description="Memory that a build may use, in MiB.")
    build_disk_mib: int = Field(6144, ge=64, description="Room on the disk that a build may fill, in MiB.")
    app_memory_mib: int = Field(512, ge=64, description="Memory that one running app may use, in MiB.")
    app_processors: float = Field(1.0, gt=0, description="Processors that one running app may keep busy.")
    app_processes: int = Field(256, ge=16, description="Processes and threads that one running app may have.")
    app_files: int = Field(1024, ge=64, description="Files that one process of a running app may have open.")
    app_disk_mib: int = Field(
        256, ge=1, description="What one app may store for good in each environment (its quota), in MiB."
    )
    app_snapshots: int = Field(
        5,
        ge=1,
        description="Snapshots of what an app stores that are kept for each environment; newer ones replace older.",
    )
    app_idle_minutes: float = Field(
        15.0, gt=0, description="Minutes after which an app that nobody uses is put to sleep."
    )
    scheduled_minutes: float = Field(
        5.0, gt=0, le=1440, description="Minutes that a function's scheduled run may take."
    )
    background_minutes: float = Field(
        15.0, gt=0, le=1440, description="Minutes that a function's run in the background may take."
    )
    time_zone: str = Field(
        "UTC", description="The time zone in which schedules of functions are read, such as Europe/Berlin."
    )
    # in the order of every other choice between the two: ``typing`` remembers one of two unions that are equal
    pictures: Literal["off", "on"] = Field(
        "on", description="Whether a browser takes a picture of each preview, where Chromium is installed."
    )
    otlp_address: str = Field(
        "",
        description="An OpenTelemetry collector that gets a span of every model call, and those of apps; empty for none.",
    )
    otlp_headers_file: Path | None = Field(
        None,
        description="The file with the header fields that it wants, a line for each.",
    )
    span_days: int = Field(
        14,
        ge=0,
        le=366,
        description="Days that spans are kept which apps send of their own work; 0 keeps none and hands them on only.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")

    @field_validator("trusted_proxies", "webhook_networks", "egress_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)
        return value

    @field_validator("networks")
    @classmethod
    def _named_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            name, _, network = one.partition("=")
            if not name.strip():
                raise ValueError(f"{one!r} names no network; it looks like office=10.1.0.0/16")
            ip_network(network.strip())
        return value

    @field_validator("dns_servers")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_address(one)
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone that this machine knows") from error
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
