"""What a variable may be called. Names that change how programs start, or that the platform sets, are refused."""

from __future__ import annotations

import re

from greenlane.govern.errors import WrongInput

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")

PREVIOUS = "_PREVIOUS"
"""How the name ends under which an app gets the value from before, while both work."""

_LOADER = "it decides which code a program loads before its own"
_SYSTEM = "the system sets it for every program"
_OURS = "Greenlane sets it itself"
_NETWORK = "it decides where calls go out, and that is what declared hosts are for"
_TRUST = "it decides which servers a program believes"
_TOOLS = "it changes what package tools and interpreters do before the app's own code runs"

SYSTEM_NAMES = {
    **dict.fromkeys(("PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "SHLVL", "HOSTNAME"), _SYSTEM),
    **dict.fromkeys(("TMPDIR", "TMP", "TEMP", "IFS", "PS4", "TERM", "XDG_RUNTIME_DIR"), _SYSTEM),
    **dict.fromkeys(("BASH_ENV", "BASHOPTS", "SHELLOPTS", "CDPATH", "GLOBIGNORE", "PROMPT_COMMAND"), _LOADER),
    **dict.fromkeys(("GCONV_PATH", "LOCPATH", "NLSPATH", "GLIBC_TUNABLES", "GETCONF_DIR"), _LOADER),
    **dict.fromkeys(("NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE", "ELECTRON_RUN_AS_NODE"), _LOADER),
    **dict.fromkeys(("PERL5LIB", "PERL5OPT", "PERL5DB", "RUBYLIB", "RUBYOPT", "CLASSPATH"), _LOADER),
    **dict.fromkeys(("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"), _LOADER),
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"), _NETWORK),
    **dict.fromkeys(("RES_OPTIONS", "HOSTALIASES", "LOCALDOMAIN", "RESOLV_HOST_CONF"), _NETWORK),
    **dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"), _TRUST),
    **dict.fromkeys(("CURL_CA_BUNDLE", "OPENSSL_CONF", "OPENSSL_MODULES", "NODE_TLS_REJECT_UNAUTHORIZED"), _TRUST),
    **dict.fromkeys(("PORT", "VIRTUAL_ENV", "NODE_ENV_FILE"), _OURS),
}
"""Names that are refused, and why. Compared without regard to case, because proxies are named both ways."""

SYSTEM_BEGINNINGS = {
    "GREENLANE_": _OURS,
    "LD_": _LOADER,
    "DYLD_": _LOADER,
    "BASH_FUNC_": _LOADER,
    "PYTHON": _LOADER,
    "DENO_": _TOOLS,
    "NPM_CONFIG_": _TOOLS,
    "YARN_": _TOOLS,
    "PNPM_": _TOOLS,
    "COREPACK_": _TOOLS,
    "PIP_": _TOOLS,
    "UV_": _TOOLS,
    "GIT_CONFIG": _TOOLS,
    "GIT_SSH": _TOOLS,
}
"""Beginnings of names that are refused, and why."""


def why_refused(name: str) -> str:
    """Why a name belongs to the system or to the platform, in words; empty where it does not."""
    capital = name.upper()
    beginnings = (why for start, why in SYSTEM_BEGINNINGS.items() if capital.startswith(start))
    return SYSTEM_NAMES.get(capital) or next(beginnings, "")


def check(name: str) -> None:
    """Raises ``WrongInput`` for a name that programs cannot read, and for one that is not an app's to set."""
    if _NAME.fullmatch(name) is None:
        raise WrongInput(
            f"{name!r} cannot be a variable's name.",
            next_step="Use letters, digits and underscores, such as API_KEY.",
            field="name",
        )
    if why := why_refused(name):
        raise WrongInput(
            f"{name} cannot be set for an app: {why}.",
            next_step=f"Choose a name of your own, such as APP_{name.strip('_').upper()[:80]}.",
            field="name",
        )
    if name.upper().endswith(PREVIOUS):
        raise WrongInput(
            f"{name} ends in {PREVIOUS}, which is how an app gets the value from before a rotation.",
            next_step="Choose another name; rotate the value, and both work for a while.",
            field="name",
        )
