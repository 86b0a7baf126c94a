"""From the models of the package ``ecologits`` to a document of integers. Done once, at start.

Each figure is a straight line over the tokens of an answer (``ecologits.impacts.llm``: energy of the GPU, of the server
while tokens are made, and the making of both spread over their life), so two points say all of it.
"""

from __future__ import annotations

from importlib.metadata import version
from math import ceil, floor
from typing import Any

from ecologits.electricity_mix_repository import electricity_mixes
from ecologits.impacts.llm import compute_llm_impacts
from ecologits.model_repository import Model, ParametersMoE, models
from ecologits.tracers.utils import PROVIDER_CONFIG_MAP

MICRO = 1_000_000
"""Millionths in the unit that people know: watt-hours, grams of CO2 equivalent, litres."""
PER = 1_000_000
"""Tokens of an answer between the two points of a line."""
SCALES = {"energy": 1_000 * MICRO, "carbon": 1_000 * MICRO, "water": MICRO}
"""What the method counts in kWh, kg and L, as whole millionths of Wh, g and L."""


def compile_footprints() -> dict[str, Any]:
    """``{"source", "zones": {provider: zone}, "models": [{"provider", "name", "told", figure: [[low, low], [high, high]]}]}``.

    A figure's pair is what a call takes without an answer, and what a million tokens of answer add; ``told`` is whether
    the provider told how large the model is.
    """
    return {
        "source": f"ecologits {version('ecologits')}",
        "zones": {name: config.datacenter_location for name, config in PROVIDER_CONFIG_MAP.items()},
        "models": [_model(one) for one in models.list_models()],
    }


def _model(model: Model) -> dict[str, Any]:
    nothing, much = _figures(model, 0), _figures(model, PER)
    lines = {name: [[nothing[name][end], much[name][end] - nothing[name][end]] for end in (0, 1)] for name in SCALES}
    told = not any(one.code == "model-arch-not-released" for one in model.warnings)
    return {"provider": model.provider.value, "name": model.name, "told": told, **lines}


def _figures(model: Model, tokens: int) -> dict[str, tuple[int, int]]:
    parameters = model.architecture.parameters
    total, active = (
        (parameters.total, parameters.active) if isinstance(parameters, ParametersMoE) else (parameters, parameters)
    )
    config = PROVIDER_CONFIG_MAP[model.provider.value]
    mix = electricity_mixes.find_electricity_mix(config.datacenter_location)
    if mix is None:
        raise ValueError(f"nobody knows the electricity of {config.datacenter_location}")
    weighed = compute_llm_impacts(
        model_active_parameter_count=active,
        model_total_parameter_count=total,
        output_token_count=tokens,
        if_electricity_mix_adpe=mix.adpe,
        if_electricity_mix_pe=mix.pe,
        if_electricity_mix_gwp=mix.gwp,
        if_electricity_mix_wue=mix.wue,
        datacenter_pue=config.datacenter_pue,
        datacenter_wue=config.datacenter_wue,
        tps=model.deployment.tps if model.deployment else None,
        ttft=model.deployment.ttft if model.deployment else None,
    )
    told = {"energy": weighed.energy.value, "carbon": weighed.gwp.value, "water": weighed.wcf.value}
    return {name: _range(value, SCALES[name]) for name, value in told.items()}


def _range(value: Any, scale: int) -> tuple[int, int]:
    """The ends of a range in whole units, rounded away from each other; a single number is a range of itself."""
    return floor(getattr(value, "min", value) * scale), ceil(getattr(value, "max", value) * scale)
