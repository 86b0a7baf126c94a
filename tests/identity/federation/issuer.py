"""Issuers as GitHub, GitLab, Kubernetes and SPIRE are: their claims, their discovery, their keys that change.

The claims follow what each documents: docs.github.com "OpenID Connect reference", docs.gitlab.com "ID token payload",
kubernetes.io "Service account token volume projection", and the SPIFFE JWT-SVID standard, which has no issuer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from greenlane.govern.errors import WrongInput
from greenlane.kit import ids

CONSOLE = "https://console.example.com"
GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.example.com"
CLUSTER = "https://kubernetes.default.svc.cluster.local"
DOMAIN = "spiffe://example.org"

CLAIMS: dict[str, dict[str, Any]] = {
    GITHUB: {
        "iss": GITHUB,
        "sub": "repo:acme/board:ref:refs/heads/main",
        "repository": "acme/board",
        "repository_id": "123456",
        "repository_owner_id": "77",
        "ref": "refs/heads/main",
        "environment": "production",
        "job_workflow_ref": "acme/board/.github/workflows/deploy.yml@refs/heads/main",
        "run_id": "9001",
    },
    GITLAB: {
        "iss": GITLAB,
        "sub": "project_path:acme/board:ref_type:branch:ref:main",
        "project_id": "42",
        "ref": "main",
        "ref_protected": "true",
        "environment": "production",
    },
    CLUSTER: {
        "iss": CLUSTER,
        "sub": "system:serviceaccount:ci:deployer",
        "kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "deployer", "uid": "u-1"}},
    },
    DOMAIN: {"sub": f"{DOMAIN}/ci/deployer"},
}
"""What a token of each says, without times and audience."""


@dataclass
class Issuer:
    """One of them, on a clock that a test moves."""

    name: str
    now: Any
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048))
    kid: str = "k1"
    asked: list[str] = field(default_factory=list)

    @property
    def key_set(self) -> str:
        """Its public keys, as it publishes them."""
        public = self.key.as_dict(private=False)
        return json.dumps({"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]})

    def turn(self) -> None:
        """Sign with another key from now on."""
        self.key, self.kid = RSAKey.generate_key(2048), f"{self.kid}+"

    def token(self, **other: Any) -> str:
        """What a job is handed."""
        now = int(self.now().timestamp())
        times = {"iat": now, "nbf": now - 5, "exp": now + 300, "aud": CONSOLE}
        said = {**CLAIMS[self.name], **times, "jti": ids.token(64), **other}
        header = {"alg": "RS256", "kid": self.kid, "typ": "JWT"}
        return jwt.encode(header, {k: v for k, v in said.items() if v is not None}, self.key, ["RS256"])

    def fetch(self, url: str, into: Path) -> None:
        """The way out, to this issuer alone."""
        self.asked.append(url)
        pages = {
            f"{self.name}/.well-known/openid-configuration": json.dumps(
                {"issuer": self.name, "jwks_uri": f"{self.name}/.well-known/jwks"}
            ),
            f"{self.name}/.well-known/jwks": self.key_set,
        }
        if url not in pages:
            raise WrongInput("Nothing is there.", next_step="Look at the address.")
        into.write_text(pages[url])
