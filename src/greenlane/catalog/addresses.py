"""Where things answer: the console, and each app's production, staging and previews."""

from __future__ import annotations

from dataclasses import dataclass

from greenlane.kit.settings import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """The installation's public addresses. ``port`` is None where the scheme's own port is used."""

    scheme: str = "http"
    console_host: str = "localhost"
    apps_domain: str = "localhost"
    port: int | None = 4180

    @classmethod
    def of(cls, settings: Settings) -> Addresses:
        """Those that an installation was told."""
        return cls(settings.scheme, settings.console_host, settings.apps_domain, settings.visible_port)

    def _with_port(self, host: str) -> str:
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def console(self) -> str:
        """The console's origin, without a slash at its end."""
        return f"{self.scheme}://{self._with_port(self.console_host)}"

    def host(self, app: str, environment: str = "production", deploy: str = "") -> str:
        """The host name of an environment, or of a deploy's preview where ``deploy`` is given."""
        if deploy:
            return f"{deploy}--{app}.{self.apps_domain}"
        if environment == "production":
            return f"{app}.{self.apps_domain}"
        return f"{environment}--{app}.{self.apps_domain}"

    def url(self, app: str, environment: str = "production", deploy: str = "") -> str:
        """The address that a person opens."""
        return f"{self.scheme}://{self._with_port(self.host(app, environment, deploy))}/"
