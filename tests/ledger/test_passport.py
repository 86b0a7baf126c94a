"""The passport: what a stranger can check offline, and what is noticed when anything about it is changed."""

from __future__ import annotations

import base64
import copy
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from greenlane.kit import digest
from greenlane.kit.database import Database
from greenlane.ledger import proving, queries
from greenlane.ledger.append import Ledger
from greenlane.ledger.passport import artifact_statement, build, passport_digest, verify_passport
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.trust import NoTrust, Trust
from greenlane.ledger.witness import Forwarder, LocalWitness

POLICY = 'permit(principal, action == Action::"publish", resource);'
FILES = {"index.html": digest.sha256(b"<h1>hello</h1>"), "img/a.png": digest.sha256(b"picture")}


@pytest.fixture
def trust(tmp_path: Path, signer: LocalSigner) -> Trust:
    witness = LocalWitness(tmp_path / "witness", name="witness.test", log=signer.key)
    return Trust.of(signer.public(), witness.key)


@pytest.fixture
def passport(
    tmp_path: Path,
    database: Database,
    ledger: Ledger,
    signer: LocalSigner,
    trust: Trust,
    receipt: Callable[..., Receipt],
) -> dict[str, Any]:
    ledger.append_all([receipt(number) for number in range(300)])
    ledger.append(receipt(300, half="decided", decided={"lane": "amber"}))
    ledger.append(receipt(300, half="settled"))
    witness = LocalWitness(tmp_path / "witness", name="witness.test", log=signer.key)
    forwarder = Forwarder(ledger, database, witness, every=0.01)
    while forwarder.standing().seen < 302:
        assert not forwarder.standing().trouble
    forwarder.close()
    with database.read() as connection:
        receipts = [
            (queries.stored_bytes(connection, seq) or b"", proving.prove(connection, seq, with_witness=True))
            for seq in (300, 301)
        ]
    statement = artifact_statement(
        origin="log.test",
        app="vendor-board",
        deploy="d1234567",
        manifest=digest.of(FILES),
        files=FILES,
        started="2026-01-01T00:00:00.000000Z",
        finished="2026-01-01T00:00:01.000000Z",
    )
    return build(
        signer,
        trust,
        artifact=statement,
        decision={
            "lane": "amber",
            "policies": [
                {
                    "id": "new-host",
                    "text": POLICY,
                    "says": "A new outside host is shown to the owner.",
                    "owner": "security@acme",
                    "digest": digest.sha256(POLICY.encode()),
                }
            ],
            "safeguards": ["the owner is told"],
            "owner": {"id": "p_1", "name": "Ada"},
            "approver": {"id": "p_2", "name": "Grace"},
        },
        use=[{"as": "used", "kind": "host", "id": "api.example"}],
        cost={"micros": 12},
        sbom={"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []},
        receipts=receipts,
    )


def statement_of(passport: dict[str, Any], name: str) -> bytes:
    return base64.b64decode(passport["bundles"][name]["dsseEnvelope"]["payload"])


def test_a_stranger_reads_what_was_allowed_and_who_answers_for_it(passport: dict[str, Any], trust: Trust) -> None:
    through_a_file = json.loads(json.dumps(passport))
    report = verify_passport(through_a_file, FILES, trust)
    assert report.problems == ()
    assert report.holds
    assert report.witnessed
    assert report.words() == [
        "These files are vendor-board, deploy d1234567, exactly as they were deployed.",
        "Ada answers for it.",
        "It was decided in the amber lane.",
        "Grace approved it.",
        "A new outside host is shown to the owner. (policy new-host, owned by security@acme)",
        "Still in force: the owner is told.",
        "2 receipts are in the log log.test.",
    ]


def test_the_digest_is_that_of_the_artifacts_statement_alone(passport: dict[str, Any]) -> None:
    assert passport["digest"] == passport_digest(statement_of(passport, "artifact"))


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"index.html": FILES["index.html"]}, "img/a.png is missing."),
        ({**FILES, "evil.js": digest.sha256(b"")}, "evil.js does not belong to it."),
        ({**FILES, "index.html": digest.sha256(b"other")}, "index.html was changed."),
    ],
)
def test_a_file_that_is_missing_extra_or_changed_is_named(
    passport: dict[str, Any], trust: Trust, files: dict[str, str], problem: str
) -> None:
    assert verify_passport(passport, files, trust).problems == (problem,)


def _forge_statement(passport: dict[str, Any], name: str, before: bytes, after: bytes) -> None:
    envelope = passport["bundles"][name]["dsseEnvelope"]
    changed = base64.b64decode(envelope["payload"]).replace(before, after)
    assert changed != base64.b64decode(envelope["payload"])
    envelope["payload"] = base64.b64encode(changed).decode()


def _swap(passport: dict[str, Any]) -> None:
    passport["bundles"]["decision"] = passport["bundles"]["cost"]


def _swap_receipts(passport: dict[str, Any]) -> None:
    passport["receipts"].reverse()


def _forge_receipt(passport: dict[str, Any]) -> None:
    data = base64.b64decode(passport["receipts"][0]["bytes"]).replace(b"amber", b"green")
    passport["receipts"][0]["bytes"] = base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "forgery",
    [
        lambda p: _forge_statement(p, "decision", b"amber", b"green"),
        lambda p: _forge_statement(p, "artifact", b"vendor-board", b"vendor-bored"),
        lambda p: _forge_statement(p, "sbom", b"1.6", b"1.7"),
        _swap,
        _swap_receipts,
        _forge_receipt,
        lambda p: p["receipts"].pop(),
        lambda p: p["bundles"].pop("artifact"),
        lambda p: p["bundles"].pop("decision"),
        lambda p: p.update(digest="sha256:" + "0" * 64),
        lambda p: p.update(greenlane="passport/9"),
        lambda p: p.pop("bundles"),
    ],
)
def test_a_forged_passport_does_not_hold(
    passport: dict[str, Any], trust: Trust, forgery: Callable[[dict[str, Any]], object]
) -> None:
    forged = copy.deepcopy(passport)
    forgery(forged)
    report = verify_passport(forged, FILES, trust)
    assert not report.holds
    assert report.words()[0] == "This passport does not hold."


def test_a_passport_of_another_installation_does_not_hold(
    tmp_path: Path, passport: dict[str, Any], trust: Trust
) -> None:
    stranger = LocalSigner(tmp_path / "stranger", origin="log.test")
    assert not verify_passport(passport, FILES, Trust.of(stranger.public(), trust.witness)).holds
    half = Trust(trust.origin, stranger.key, trust.witness, trust.attestation)
    assert not verify_passport(passport, FILES, half).holds


def test_a_trust_root_survives_its_file_and_nonsense_is_refused(tmp_path: Path, trust: Trust) -> None:
    trust.write(tmp_path / "trust.json")
    assert Trust.read(tmp_path / "trust.json") == trust
    (tmp_path / "bad.json").write_text("{}")
    for name in ("bad.json", "absent.json"):
        with pytest.raises(NoTrust):
            Trust.read(tmp_path / name)


def test_securesystemslib_verifies_our_envelopes_and_refuses_altered_ones(
    passport: dict[str, Any], trust: Trust
) -> None:
    ((key_id, spki),) = trust.attestation.items()
    public = load_der_public_key(spki)
    key = SSlibKey.from_crypto(public, keyid=key_id)
    for name in passport["bundles"]:
        Envelope.from_dict(copy.deepcopy(passport["bundles"][name]["dsseEnvelope"])).verify([key], 1)
    altered = copy.deepcopy(passport["bundles"]["decision"]["dsseEnvelope"])
    altered["payload"] = base64.b64encode(statement_of(passport, "cost")).decode()
    with pytest.raises(VerificationError):
        Envelope.from_dict(altered).verify([key], 1)


@pytest.fixture(scope="session")
def npm_folder() -> Path:
    """Where the npm verifier is installed, once: ``.cache/`` beside the tests, from the lock file."""
    here = Path(__file__).parent / "sigstore"
    there = Path(__file__).parents[2] / ".cache" / "sigstore"
    lock = (here / "package-lock.json").read_bytes()
    stamp = there / "installed"
    if not stamp.exists() or stamp.read_bytes() != lock:
        shutil.copytree(here, there, dirs_exist_ok=True)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=there, check=True, capture_output=True)
        stamp.write_bytes(lock)
    return there


@pytest.mark.xdist_group("npm")
def test_npms_sigstore_verifies_our_bundles_and_refuses_altered_ones(
    tmp_path: Path, npm_folder: Path, passport: dict[str, Any], trust: Trust
) -> None:
    ((key_id, spki),) = trust.attestation.items()
    key = tmp_path / "key.pem"
    key.write_bytes(load_der_public_key(spki).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    program = Path(__file__).parent / "sigstore" / "verify.mjs"

    def verify(bundle: dict[str, Any]) -> int:
        file = tmp_path / "bundle.json"
        file.write_text(json.dumps(bundle))
        command = ["node", str(program), str(file), str(key), key_id]
        return subprocess.run(command, cwd=npm_folder, capture_output=True, check=False).returncode

    assert [verify(bundle) for bundle in passport["bundles"].values()] == [0] * 5
    altered = copy.deepcopy(passport["bundles"]["decision"])
    altered["dsseEnvelope"]["payload"] = passport["bundles"]["cost"]["dsseEnvelope"]["payload"]
    assert verify(altered) != 0
