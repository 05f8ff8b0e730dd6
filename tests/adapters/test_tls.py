"""TLS as the real world has it: one context for all hosts, and certificates that are checked."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from guard.adapters.connection import Connection
from guard.adapters.http import signed_in_session, tls_context
from guard.adapters.monitoring.traffic import MonitoringTraffic
from guard.adapters.vertex.inventory import VertexInventory
from guard.adapters.worlds import sandbox_world
from guard.ports.errors import Unavailable
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import Running, Tls, start_in_thread
from tests.adapters.sandboxed import FLEET, HURRIED, ML, last_hours


def a_certificate(folder: Path, name: str, *, address: str = "127.0.0.1") -> Tls:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    tls = Tls(folder / f"{name}.pem", folder / f"{name}.key")
    tls.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    tls.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tls


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def ours(certificates: Path) -> Tls:
    return a_certificate(certificates, "ours")


@pytest.fixture(scope="module")
def behind_tls(ours: Tls) -> Iterator[Running]:
    with start_in_thread(build(parse(FLEET)), tls=ours) as running:
        yield running


def test_everything_is_read_over_tls(behind_tls: Running, ours: Tls) -> None:
    connection = Connection(sandbox_world(behind_tls.http, ca_file=str(ours.certificate)), patience=HURRIED)
    try:
        now = behind_tls.world.now()
        assert not VertexInventory(connection).snapshot([ML], now).incomplete()
        reading = MonitoringTraffic(connection, behind_tls.world.now).read(ML, last_hours(now, 2))
        assert reading.complete, reading.problems
    finally:
        connection.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(behind_tls: Running, certificates: Path) -> None:
    other = a_certificate(certificates, "other")

    with pytest.raises(Unavailable):
        sandbox_world(behind_tls.http, ca_file=str(other.certificate))
    with pytest.raises(Unavailable):
        sandbox_world(behind_tls.http)


def test_a_certificate_for_another_host_is_refused(certificates: Path) -> None:
    elsewhere = a_certificate(certificates, "elsewhere", address="10.0.0.1")
    with start_in_thread(build(parse(FLEET)), tls=elsewhere) as running, pytest.raises(Unavailable):
        sandbox_world(running.http, ca_file=str(elsewhere.certificate))


def test_all_hosts_share_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    from google.auth.credentials import AnonymousCredentials

    made: list[ssl.SSLContext] = []

    def counted(ca_file: str | None = None) -> ssl.SSLContext:
        made.append(tls_context(ca_file))
        return made[-1]

    monkeypatch.setattr("guard.adapters.http.tls_context", counted)
    session = signed_in_session(AnonymousCredentials())
    adapter = session.get_adapter("https://us-central1-aiplatform.googleapis.com")
    pools = [
        adapter.poolmanager.connection_from_url(f"https://{place}-aiplatform.googleapis.com")  # type: ignore[attr-defined]
        for place in ("us-central1", "europe-west4", "asia-east1")
    ]

    assert len(made) == 1
    assert {id(pool.conn_kw["ssl_context"]) for pool in pools} == {id(made[0])}
    assert made[0].verify_mode is ssl.CERT_REQUIRED
    assert made[0].check_hostname
