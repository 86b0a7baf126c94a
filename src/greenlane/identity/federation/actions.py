"""The verbs about workloads elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity.delegation.actions import check_agent, check_reach
from greenlane.identity.delegation.keys import key_set

WorkloadName = Annotated[str, "what the workload is called here, such as ci-vendor-board"]
_ISSUERS = ("https://", "spiffe://")


@verb(
    "trust-workload",
    effect=EffectClass.WRITE,
    subject="workload",
    undo="end-trust",
    says="{actor} {let|let} the workload {workload} of {issuer} do {scopes} in {environments}",
)
@dataclass(frozen=True, slots=True)
class TrustWorkload:
    """Let builds or jobs elsewhere act for you with their own platform's tokens, and without a secret of ours."""

    workload: WorkloadName
    issuer: Annotated[str, "who signs its tokens: an https address, or a SPIFFE trust domain as spiffe://example.org"]
    claims: Annotated[tuple[str, ...], "what its tokens must say exactly, each as name=value"]
    audience: Annotated[str, "whom its tokens must be for; empty for this Greenlane's own address"] = ""
    scopes: Annotated[tuple[str, ...], "what it may do: visit, read, deploy, publish"] = ("read", "deploy")
    apps: Annotated[tuple[str, ...], "the apps that it is for; empty for all of yours"] = ()
    environments: Annotated[tuple[str, ...], "where: preview, staging, production"] = ("preview",)
    keys: Annotated[str, "the issuer's public keys as a JWK set; empty to fetch them from it"] = ""

    def __post_init__(self) -> None:
        check_agent(self.workload)
        check_reach(self.scopes, self.environments)
        pairs = [one.partition("=") for one in self.claims]
        if not pairs or not all(name.strip() and value.strip() for name, _, value in pairs):
            raise WrongInput(
                "A rule needs claims, each as name=value.",
                next_step="Such as repository_id=123456 and ref=refs/heads/main.",
                field="claims",
            )
        if not self.issuer.startswith(_ISSUERS) or len(self.issuer) > 300 or " " in self.issuer:
            raise WrongInput(
                "That is no issuer.",
                next_step="It looks like https://token.actions.githubusercontent.com or spiffe://example.org.",
                field="issuer",
            )
        if self.issuer.startswith("spiffe://") and not self.keys:
            raise WrongInput("A trust domain's keys are not fetched.", next_step="Give them as a file.", field="keys")
        if self.keys:
            key_set(self.keys)


@verb("end-trust", effect=EffectClass.WRITE, subject="workload", says="{actor} {ended|end} the trust in {workload}")
@dataclass(frozen=True, slots=True)
class EndTrust:
    """Trust a workload no more. What it had is worth nothing at once."""

    workload: WorkloadName
