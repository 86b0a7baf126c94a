"""SimpleSAMLphp as a company's sign-in provider: PHP, with an XML stack of its own (xmlseclibs).

It runs from Debian's package under PHP's own server, on a free port, in a folder of its own. Two people can sign in.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.identity.saml.provider import Signer

from greenlane.identity.saml.parties import ServiceProvider

PACKAGES = "simplesamlphp php-cli php-xml php-mbstring"
HOME = Path("/usr/share/simplesamlphp")
PEOPLE = {
    "ada": {
        "password": "ada's password",
        "uid": ["ada-0001"],
        "mail": ["ada@example.com"],
        "groups": ["engineering", "reviewers"],
    },
    "bob": {"password": "bob's password", "uid": ["bob-0002"], "mail": ["bob@example.com"], "groups": ["sales"]},
}
STEP, STEPS = 0.1, 200
"""Seconds between two looks whether it takes connections, in which its end is waited for; and how many looks there are."""


@dataclass(frozen=True)
class SimpleSamlPhp:
    """It runs. ``metadata`` is where it describes itself."""

    address: str
    folder: Path

    @property
    def metadata(self) -> bytes:
        with urlopen(f"{self.address}saml2/idp/metadata.php") as answer:
            return bytes(answer.read())

    @property
    def logout(self) -> str:
        """Where somebody signs out at the provider itself."""
        return f"{self.address}saml2/idp/SingleLogoutService.php?ReturnTo={self.address}"

    def knows(self, service: ServiceProvider, **options: object) -> None:
        """Introduce us, as an administrator would; ``options`` are the provider's own words."""
        ours = {
            "AssertionConsumerService": service.acs,
            "SingleLogoutService": service.slo,
            "certData": service.keys[0].certificate,
            "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            "simplesaml.nameidattribute": "uid",
            "validate.authnrequest": True,
            "sign.logout": True,
            "validate.logout": True,
        }
        path = self.folder / "services.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | {service.entity_id: ours | options}))

    def signs_with(self, name: str, announced: str | None = None) -> None:
        """Sign with another certificate from now on; ``announced`` is told of beside it."""
        (self.folder / "keys.json").write_text(json.dumps({"now": name, "next": announced}))

    def changes_keys(self) -> None:
        """Sign with the certificate that was announced, and show that one alone."""
        self.signs_with("second")

    def seal(self, text: bytes, certificate: str) -> bytes:
        """What the provider's own XML library makes of an assertion when it is told to use AES-GCM."""
        given = {"xml": text.decode(), "certificate": certificate}
        run = subprocess.run(
            ["php", str(self.folder / "seal.php")], input=json.dumps(given), capture_output=True, text=True, check=True
        )
        return run.stdout.encode()


@contextmanager
def running(folder: Path) -> Iterator[SimpleSamlPhp]:
    """One of them, in a folder of its own, ended by its id."""
    assert all((HOME.is_dir(), shutil.which("php"))), f"install it: apt-get install {PACKAGES} apache2-"
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    for name in ("config", "metadata", "cert", "log", "data", "tmp", "sessions"):
        (folder / name).mkdir(parents=True)
    for name in ("first", "second"):
        _key(folder / "cert", name)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "people.json").write_text(json.dumps(PEOPLE))
    peer = SimpleSamlPhp(address, folder)
    peer.signs_with("first", "second")
    environment = {
        **os.environ,
        "SIMPLESAMLPHP_CONFIG_DIR": str(folder / "config"),
        "HERE": str(folder),
        "ADDRESS": address,
    }
    with (folder / "log" / "server").open("wb") as log:
        server = subprocess.Popen(
            [
                "php",
                "-d",
                f"session.save_path={folder / 'sessions'}",
                "-S",
                f"127.0.0.1:{port}",
                "-t",
                str(HOME / "www"),
            ],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            answers(server, address, folder / "log" / "server")
            yield peer
        finally:
            server.terminate()
            server.wait()


def answers(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until a server takes connections or ends, whichever is first; say what it said where it ends."""
    port = int(address.rstrip("/").rpartition(":")[2])
    for _ in range(STEPS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended with {server.wait(STEP)}: {log.read_text()}")
    raise AssertionError(f"it does not answer: {log.read_text()}")


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _key(folder: Path, name: str) -> None:
    private = rsa.generate_private_key(65537, 2048)
    certificate = Signer.made(private).certificate
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.pem").write_bytes(pem)
    (folder / f"{name}.crt").write_text(f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n")


FILES = {
    "config/config.php": """<?php
$here = getenv('HERE') . '/';
$config = [
    'baseurlpath' => getenv('ADDRESS'),
    'certdir' => $here . 'cert/', 'loggingdir' => $here . 'log/', 'datadir' => $here . 'data/', 'tempdir' => $here . 'tmp',
    'metadatadir' => $here . 'metadata',
    'technicalcontact_email' => 'it@example.com', 'timezone' => 'UTC',
    'secretsalt' => 'a salt of the tests', 'auth.adminpassword' => 'of the tests', 'admin.checkforupdates' => false,
    'logging.handler' => 'file', 'logging.level' => SimpleSAML\\Logger::NOTICE, 'debug' => null,
    'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.phpsession.savepath' => $here . 'sessions',
    'store.type' => 'phpsession', 'trusted.url.domains' => null, 'metadata.sources' => [['type' => 'flatfile']],
    'metadata.sign.enable' => false, 'language.default' => 'en', 'theme.use' => 'default', 'production' => true,
];
""",
    "config/authsources.php": """<?php
$people = ['exampleauth:UserPass'];
foreach (json_decode(file_get_contents(getenv('HERE') . '/people.json'), true) as $name => $one) {
    $password = $one['password'];
    unset($one['password']);
    $people[$name . ':' . $password] = $one;
}
$config = ['people' => $people];
""",
    "metadata/saml20-idp-hosted.php": """<?php
$keys = json_decode(file_get_contents(getenv('HERE') . '/keys.json'), true);
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__', 'auth' => 'people',
    'privatekey' => $keys['now'] . '.pem', 'certificate' => $keys['now'] . '.crt',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'redirect.validate' => true,
] + ($keys['next'] ? ['new_privatekey' => $keys['next'] . '.pem', 'new_certificate' => $keys['next'] . '.crt'] : []);
""",
    "metadata/saml20-sp-remote.php": """<?php
$known = getenv('HERE') . '/services.json';
foreach (file_exists($known) ? json_decode(file_get_contents($known), true) : [] as $name => $one) {
    $metadata[$name] = $one;
}
""",
    "seal.php": """<?php
require '/usr/share/simplesamlphp/lib/_autoload.php';
use RobRichards\\XMLSecLibs\\XMLSecEnc;
use RobRichards\\XMLSecLibs\\XMLSecurityKey;
$given = json_decode(stream_get_contents(STDIN), true);
$document = new DOMDocument();
$document->loadXML($given['xml']);
$session = new XMLSecurityKey(XMLSecurityKey::AES256_GCM);
$session->generateSessionKey();
$wrap = new XMLSecurityKey(XMLSecurityKey::RSA_OAEP_MGF1P, ['type' => 'public']);
$wrap->loadKey("-----BEGIN CERTIFICATE-----\\n" . chunk_split($given['certificate'], 64) . "-----END CERTIFICATE-----\\n");
$sealer = new XMLSecEnc();
$sealer->setNode($document->documentElement);
$sealer->type = XMLSecEnc::Element;
$sealer->encryptKey($wrap, $session);
$data = $sealer->encryptNode($session);
echo $document->saveXML($document->documentElement);
""",
}
