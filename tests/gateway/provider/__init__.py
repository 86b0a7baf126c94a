"""A stand-in for OpenAI, Anthropic and Google on this machine, faithful enough for their own libraries.

``Provider`` is a context manager that serves the three interfaces in a thread; ``python -m tests.gateway.provider`` runs
it alone. It keeps its own account of tokens and dollars (``account``, ``prices``), refuses what the providers refuse,
signs what they sign, and goes wrong on demand (``faults``). What it says is steered by cues in the prompt (``mind``).
Nothing here knows the platform: that is what makes it a witness.
"""

from tests.gateway.provider.faults import Fault
from tests.gateway.provider.standin import KEY, Provider

__all__ = ["KEY", "Fault", "Provider"]
