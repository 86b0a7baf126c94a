"""What the steps of a build find around them: the tools that its plan asks for, and what those read of the environment."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from greenlane.runtime.bubblewrap import interpreter
from greenlane.runtime.building import toolchains
from greenlane.runtime.building.build import Build
from greenlane.runtime.building.locks import PNPM, YARN
from greenlane.runtime.building.plan import PYTHON
from greenlane.runtime.building.registries import Registries
from greenlane.runtime.building.room import HOME
from greenlane.runtime.building.toolchains import INSIDE
from greenlane.runtime.jail import Mount

AUTHORITIES = f"{INSIDE}/authorities.crt"
"""Where a build finds the certificates that its registries are trusted by."""


def equip(build: Build) -> None:
    """Mount the tools that the plan asks for, set what they read, and note them and the lock as materials.

    Raises ``NoRegistry`` for a tool that is not here and cannot be fetched.
    """
    plan, shop, mounts = build.plan, build.shop, []
    yarn = "yarn-berry" if build.berry else "yarn"
    for inside, name in _tools(build, yarn).items():
        mounts.append(Mount(f"{INSIDE}/{inside}", shop.toolbox.place(name)))
        one = toolchains.tool(name)
        build.materials.append({"name": one.label, "digest": {"sha512": one.sha512}})
    path = "/usr/local/bin:/usr/bin:/bin"
    if plan.node:
        mounts.append(Mount(f"{INSIDE}/bin", shop.toolbox.shims(plan.node, yarn)))
        path = f"{build.inside}/node_modules/.bin:{INSIDE}/bin:{path}"
    if plan.kind == PYTHON:
        mounts.append(Mount(f"{INSIDE}/uv", shop.uv))
        path = f"{INSIDE}:{Path(interpreter()).parent}:{path}"
    if shop.registries.authorities is not None:
        mounts.append(Mount(AUTHORITIES, shop.registries.authorities))
    build.room.mounts = tuple(mounts)
    build.room.environment = {**_read_by_tools(shop.registries), "PATH": path, "HOME": HOME}
    if plan.lock is not None and plan.lock.file:
        file = plan.lock.file
        build.materials.append({"name": file, "digest": {"sha256": build.digest_of(file).removeprefix("sha256:")}})


def _tools(build: Build, yarn: str) -> dict[str, str]:
    """Names of tools by the folders that steps find them in."""
    plan = build.plan
    names: dict[str, str] = {}
    if plan.node:
        names |= {"node": f"node-{plan.node}", "npm": "npm"}
        if plan.lock is not None and plan.lock.manager == PNPM:
            names["pnpm"] = "pnpm"
        if plan.lock is not None and plan.lock.manager == YARN:
            names[yarn] = yarn
    if plan.functions:
        names["esbuild"] = "esbuild"
    return names


def _read_by_tools(registries: Registries) -> dict[str, str]:
    """What tools read of the environment: registries, certificates, and no questions."""
    host = urlsplit(registries.npm).scheme
    told = {
        "CI": "true",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "FORCE_COLOR": "0",
        "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
        "npm_config_update_notifier": "false",
        "npm_config_cache": "/build/home/.npm",
        "npm_config_replace_registry_host": "always",  # a lock names the registry that its author had
        "ASTRO_TELEMETRY_DISABLED": "1",
        "NEXT_TELEMETRY_DISABLED": "1",
        "YARN_NODE_LINKER": "node-modules",
        "YARN_ENABLE_TELEMETRY": "0",
        "YARN_ENABLE_GLOBAL_CACHE": "false",
        "YARN_HTTP_PROXY": "http://127.0.0.1:3128",
        "YARN_HTTPS_PROXY": "http://127.0.0.1:3128",
    }
    if registries.npm:
        told |= {"npm_config_registry": registries.npm, "YARN_NPM_REGISTRY_SERVER": registries.npm}
        if host == "http":
            told["YARN_UNSAFE_HTTP_WHITELIST"] = urlsplit(registries.npm).hostname or ""
    if registries.python:
        told |= {"UV_DEFAULT_INDEX": registries.python, "PIP_INDEX_URL": registries.python}
    if registries.authorities is not None:
        told |= dict.fromkeys(
            (
                "NODE_EXTRA_CA_CERTS",
                "SSL_CERT_FILE",
                "REQUESTS_CA_BUNDLE",
                "npm_config_cafile",
                "YARN_HTTPS_CA_FILE_PATH",
            ),
            AUTHORITIES,
        )
    return told
