"""LemonLDAP::NG as a company's sign-in provider: Perl over Lasso, in C over xmlsec, another XML stack again.

It runs from Debian's packages under plackup, on a free port, in a folder of its own, with the people of its own demo.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.identity.peers.simplesamlphp import answers, free_port
from tests.identity.saml.provider import Signer

from greenlane.identity.saml.metadata import metadata
from greenlane.identity.saml.parties import ServiceProvider

PACKAGES = (
    "lemonldap-ng-fastcgi-server liblasso-perl liblemonldap-ng-portal-perl libgd-securityimage-perl libimage-magick-perl "
    "libgd-perl libxml-simple-perl libxml-libxml-perl libxml-libxslt-perl libdatetime-format-rfc3339-perl "
    "libmime-tools-perl libemail-sender-perl libstring-random-perl libio-string-perl"
)
HOME = Path("/usr/share/perl5/Lemonldap/NG/Portal")


Services = dict[str, tuple[ServiceProvider, dict[str, object]]]
"""Those that it knows, by a name; each with options in the provider's own words."""


class LemonLdap:
    """It runs. Who signs in has their name as password: ``dwho``, ``rtyler``, ``msmith``."""

    def __init__(self, folder: Path, services: Services) -> None:
        self._folder, self._services, self._key = folder, services, _key()
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}/"
        for name in ("conf", "sessions", "locks", "cache"):
            (folder / name).mkdir(parents=True)
        (folder / "lemonldap-ng.ini").write_text(INI.format(folder=folder))
        (folder / "portal.psgi").write_text(PSGI)
        self._server = self._started()

    @property
    def metadata(self) -> bytes:
        with urlopen(f"{self.address}saml/metadata/idp") as answer:
            return bytes(answer.read())

    @property
    def logout(self) -> str:
        """Where somebody signs out at the provider itself."""
        return f"{self.address}?logout=1"

    def knows(self, name: str, service: ServiceProvider, **options: object) -> None:
        """Introduce us, as an administrator would. It starts anew; who is signed in there stays so."""
        self._services = {**self._services, name: (service, options)}
        self._again()

    def changes_keys(self) -> None:
        """Sign with another key from now on, and show that one alone."""
        self._key = _key()
        self._again()

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait()

    def _again(self) -> None:
        self.stop()
        shutil.rmtree(self._folder / "cache")
        (self._folder / "cache").mkdir()
        self._server = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        configured = _configured(self._folder, self.address, self._services, self._key)
        (self._folder / "conf" / "lmConf-1.json").write_text(json.dumps(configured))
        log = self._folder / "log"
        with log.open("ab") as written:
            server = subprocess.Popen(
                ["plackup", "--host", "127.0.0.1", "--port", str(self._port), "--env", "deployment", "portal.psgi"],
                cwd=self._folder,
                env={**os.environ, "LLNG_DEFAULTCONFFILE": str(self._folder / "lemonldap-ng.ini")},
                stdout=written,
                stderr=written,
            )
        answers(server, self.address, log)
        return server


@contextmanager
def running(folder: Path, services: Services | None = None) -> Iterator[LemonLdap]:
    """One of them that knows these services; ended by its id."""
    assert all((HOME.is_dir(), shutil.which("plackup"))), f"install it: apt-get install {PACKAGES}"
    peer = LemonLdap(folder, services or {})
    try:
        yield peer
    finally:
        peer.stop()


def _key() -> tuple[str, str]:
    """A private key and its certificate, as PEM."""
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, f"-----BEGIN CERTIFICATE-----\n{Signer.made(private).certificate}\n-----END CERTIFICATE-----\n"


def _configured(folder: Path, address: str, services: Services, key: tuple[str, str]) -> object:
    pem, certificate = key
    store = {"Directory": str(folder / "sessions"), "LockDirectory": str(folder / "locks")}
    return {
        "cfgNum": 1,
        "cfgAuthor": "tests",
        "cfgDate": 1,
        "portal": address,
        "domain": "127.0.0.1",
        "cookieName": "lemonldap",
        "securedCookie": 0,
        "key": "a key of the tests",
        "authentication": "Demo",
        "userDB": "Same",
        "passwordDB": "Demo",
        "registerDB": "Demo",
        "requireToken": 0,
        "globalStorage": "Apache::Session::File",
        "globalStorageOptions": store,
        "locationRules": {},
        "exportedVars": {},
        "demoExportedVars": {"cn": "cn", "mail": "mail", "uid": "uid"},
        "whatToTrace": "uid",
        "timeout": 72000,
        "portalForceAuthnInterval": 0,
        "issuerDBSAMLActivation": 1,
        "issuerDBSAMLRule": 1,
        "samlServicePrivateKeySig": pem,
        "samlServicePublicKeySig": certificate,
        "samlServiceSignatureMethod": "RSA_SHA256",
        "samlNameIDFormatMapEmail": "mail",
        "samlSPMetaDataXML": {
            name: {"samlSPMetaDataXML": metadata(service).decode()} for name, (service, _) in services.items()
        },
        "samlSPMetaDataExportedAttributes": {
            name: {"mail": "1;mail;;", "uid": "1;uid;;", "cn": "0;cn;;"} for name in services
        },
        "samlSPMetaDataOptions": {
            name: {
                "samlSPMetaDataOptionsNameIDFormat": "persistent",
                "samlSPMetaDataOptionsSignSSOMessage": 1,
                "samlSPMetaDataOptionsSignSLOMessage": 1,
                "samlSPMetaDataOptionsCheckSSOMessageSignature": 1,
                "samlSPMetaDataOptionsCheckSLOMessageSignature": 1,
                "samlSPMetaDataOptionsSignatureMethod": "RSA_SHA256",
                "samlSPMetaDataOptionsEncryptionMode": "none",
                "samlSPMetaDataOptionsNotOnOrAfterTimeout": 300,
                **options,
            }
            for name, (_, options) in services.items()
        },
    }


INI = """[all]
logLevel = warn
[configuration]
type = File
dirName = {folder}/conf
localStorage = Cache::FileCache
localStorageOptions = {{ 'namespace' => 'tests', 'default_expires_in' => 600, 'cache_root' => '{folder}/cache' }}
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
"""

PSGI = """use strict;
use Lemonldap::NG::Portal::Main;
Lemonldap::NG::Portal::Main->run({});
"""
