"""What is left out of an artifact although it was in the upload: never stored, never served, always named."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetAside:
    """One file, or one folder with everything in it (its path then ends with `/`), and why it is left out."""

    path: str
    why: str


_HISTORY = "the history of the source code"
_PACKAGES = "installed packages, which a built site does not need"
_CREDENTIALS = "credentials of the person who packed it"
SYSTEM_NOTES = "notes that an operating system keeps about files"
_KEY = "a private key"
_VARIABLES = "variables and secrets, which belong to the app's settings"

_FOLDERS = {
    ".git": _HISTORY,
    ".hg": _HISTORY,
    ".svn": _HISTORY,
    "node_modules": _PACKAGES,
    "bower_components": _PACKAGES,
    ".venv": _PACKAGES,
    "__pycache__": "compiled code, which is made anew where it runs",
    ".aws": _CREDENTIALS,
    ".azure": _CREDENTIALS,
    ".gcloud": _CREDENTIALS,
    ".gnupg": _CREDENTIALS,
    ".kube": _CREDENTIALS,
    ".ssh": _CREDENTIALS,
    "__macosx": SYSTEM_NOTES,
}
_NAMES = {
    ".npmrc": _CREDENTIALS,
    ".netrc": _CREDENTIALS,
    "_netrc": _CREDENTIALS,
    ".pypirc": _CREDENTIALS,
    ".pgpass": _CREDENTIALS,
    ".htpasswd": _CREDENTIALS,
    ".dockercfg": _CREDENTIALS,
    ".git-credentials": _CREDENTIALS,
    ".envrc": _VARIABLES,
    ".env": _VARIABLES,
    ".ds_store": SYSTEM_NOTES,
    "thumbs.db": SYSTEM_NOTES,
    "desktop.ini": SYSTEM_NOTES,
    "id_rsa": _KEY,
    "id_dsa": _KEY,
    "id_ecdsa": _KEY,
    "id_ed25519": _KEY,
}
FOLDERS = frozenset(_FOLDERS)
"""Folders that are set aside with everything in them, in small letters: nobody need look into them."""
_KEY_STORES = (".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk")
KEY_FILES = (".pem", ".key")
_PRIVATE = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY")


def set_aside(path: str) -> SetAside | None:
    """Why a path is left out, judged by its name alone; None for one that is taken. Letter case does not matter."""
    parts = path.split("/")
    for place, part in enumerate(parts[:-1], start=1):
        if why := _FOLDERS.get(part.casefold()):
            return SetAside("/".join(parts[:place]) + "/", why)
    name = parts[-1].casefold()
    if why := _NAMES.get(name):
        return SetAside(path, why)
    if name == ".git":
        return SetAside(path, _HISTORY)
    if name.startswith(".env."):
        return SetAside(path, _VARIABLES)
    if name.startswith("._"):
        return SetAside(path, SYSTEM_NOTES)
    if name.endswith(_KEY_STORES):
        return SetAside(path, _KEY)
    return None


def set_aside_by_content(path: str, content: bytes) -> SetAside | None:
    """Why a file is left out, judged by what it holds: a `.pem` or `.key` file with a private key in it."""
    if path.casefold().endswith(KEY_FILES) and _PRIVATE.search(content):
        return SetAside(path, _KEY)
    return None
