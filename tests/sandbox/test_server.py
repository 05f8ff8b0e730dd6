"""The sandbox as a process: ready line, signals, TLS, wrong arguments."""

import json
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

import guard.sandbox
from guard.sandbox.server import Running, start_in_thread
from tests.sandbox.conftest import QUICK, a_world

SMALL = Path(guard.sandbox.__file__).parent / "scenarios" / "small.yaml"


def sandbox(*arguments: str) -> Any:
    command = [sys.executable, "-m", "guard.sandbox", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_one_line_says_where_it_listens_and_a_signal_ends_it() -> None:
    with sandbox("--scenario", str(SMALL), "--speed", "60") as process:
        line = json.loads(process.stdout.readline())
        state = httpx.get(f"{line['http']}/sandbox/state?documents=false", timeout=10).json()
        assert (state["counts"]["endpoints"], state["speed"]) == (10, 60)
        assert (line["pid"], line["world"], line["grpc"]) == (process.pid, state["world"], state["grpc"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "none.yaml"), "none.yaml: cannot be read: No such file or directory"),
        (("--scenario", str(SMALL), "--tls-cert", "c.pem"), "give both --tls-cert and --tls-key"),
        (("--scenario", str(SMALL), "--tls-cert", "c.pem", "--tls-key", "k.pem"), "c.pem and k.pem: not a certificate"),
    ],
)
def test_a_wrong_start_is_one_message_and_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    with sandbox(*arguments) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_told(quick: Running) -> None:
    port = int(quick.http.rpartition(":")[2])
    with pytest.raises(OSError, match=f"port {port} on 127.0.0.1 cannot be used"):
        start_in_thread(a_world(QUICK), port=port)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed: no certificate to serve with")
    folder = tmp_path_factory.mktemp("tls")
    pair = folder / "cert.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(pair[0]), "-keyout", str(pair[1])]
    subprocess.run(command, check=True, capture_output=True)
    return pair


def test_it_serves_over_tls(certificate: tuple[Path, Path]) -> None:
    from guard.sandbox.server import Tls

    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    with start_in_thread(a_world(QUICK), tls=Tls(*certificate)) as running:
        assert running.http.startswith("https://")
        answer = httpx.get(f"{running.http}/v1/projects/demo-research/locations/us-central1/models", verify=trusted)
        assert answer.json()["models"][0]["versionId"] == "2"


def test_a_stopped_sandbox_leaves_no_thread_and_no_listener() -> None:
    def servers() -> int:
        return sum(one.name.startswith("sandbox") for one in threading.enumerate())

    before = servers()
    running = start_in_thread(a_world(QUICK))
    assert servers() > before
    running.stop()
    assert servers() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.http}/sandbox/state")
