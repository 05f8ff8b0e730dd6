"""The demo without a terminal, its traces, its bad input, and its end."""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import sleep

import httpx
import pytest

from tests.demo.conftest import Demo, command, environment

pytestmark = pytest.mark.xdist_group("demo")


def test_three_days_read_well_without_a_terminal_and_a_second_demo_starts_afresh(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    mine = tmp_path / "demo" / "notes.txt"
    mine.write_text("mine")

    done = demo("--exit", "--days", "3")
    again = demo("--exit", "--days", "1")

    assert done.returncode == 0, done.stderr
    assert "Everything is virtual" in done.stdout.splitlines()[0]
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert re.search(r"announced +forgotten-gpu +\$1\.15/h, silent 9 d", done.stdout)
    assert re.search(r"undeployed +forgotten-gpu", done.stdout)
    assert "by the meter" in done.stdout
    assert done.stderr == ""
    assert mine.read_text() == "mine"
    told = re.findall("announced.*", done.stdout)[:4]
    assert told == re.findall("announced.*", again.stdout)[:4]


def test_a_trace_is_replayed_and_callers_get_back_what_they_miss(demo: Demo, tmp_path: Path) -> None:
    hourly = [f"{hour * 3600},chat" for hour in range(24 * 5)]
    twice = ["600,batch", f"{4 * 86400},batch"]
    path = tmp_path / "trace.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("\n".join(["t_seconds,endpoint", *hourly, *twice]) + "\n")

    done = demo("--exit", "--days", "5", "--output", "json", "--trace", str(path))

    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert [(one["name"], one["reason"], one["back_at"] is not None) for one in story["removals"]] == [
        ("batch", "idle", True)
    ]
    assert story["calls_in_vain"] == 1
    assert "in_use" in {one["reason"] for one in story["kept"] if one["name"] == "chat"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "a CSV file that can be read"),
        ("t_seconds,user\n1,a\n", "names no endpoint"),
        ("when,endpoint\n1,a\n", "t_seconds"),
    ],
)
def test_a_trace_that_cannot_be_used_is_refused_in_a_sentence(
    demo: Demo, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "trace.csv"
    if text is not None:
        path.write_text(text)

    done = demo("--exit", "--trace", str(path))

    assert done.returncode == 2
    assert said in done.stderr
    assert "--trace" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = demo("--exit", "--days", "1", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 3
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("demo", "--folder", str(folder), *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(), "PYTHONUNBUFFERED": "1"},
    )


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    heard = ""
    for line in process.stdout:
        heard += line
        if text in line:
            return heard
    raise AssertionError(f"{text!r} was never said: {heard}{process.stderr.read() if process.stderr else ''}")


def sandbox_of(folder: Path) -> tuple[str, int]:
    url = re.search(r"TUNEGUARD_SANDBOX=http://([\d.]+):(\d+)", (folder / "env").read_text())
    assert url is not None
    return url[1], int(url[2])


def test_ctrl_c_in_the_middle_ends_everything_without_a_traceback(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        read_until(process, "announced")
        address = sandbox_of(tmp_path)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Stopped on day" in out
    assert err == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=2)


def test_two_demos_in_one_folder_do_not_meet(tmp_path: Path) -> None:
    with started(tmp_path) as first:
        read_until(first, "looked")
        second = started(tmp_path, "--exit")
        _, err = second.communicate(timeout=60)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)

    assert second.returncode == 3
    assert "Another demo runs in" in err


def until(done: Callable[[], bool]) -> None:
    """The guard looks every five seconds; a restore takes two looks."""
    for _ in range(40):
        if done():
            return
        sleep(1)
    raise AssertionError("it never came")


def test_the_commands_that_it_names_work_until_ctrl_c(tmp_path: Path) -> None:
    with started(tmp_path, "--days", "1") as process:
        said = read_until(process, "Ctrl-C ends it.")

        def shell(line: str) -> subprocess.CompletedProcess[str]:
            text = f"source {tmp_path}/env && {line}"
            return subprocess.run(
                ["bash", "-c", text], capture_output=True, text=True, timeout=60, check=False, env=environment()
            )

        link = re.search(r"http://127\.0\.0\.1:\d+/login/link\?key=\S+", said)
        assert link is not None
        opened = httpx.get(link[0])
        fresh = shell(f"tuneguard web --link --port {httpx.URL(link[0]).port}").stdout.strip()
        came_in = httpx.post(
            httpx.URL(fresh).copy_with(query=None),
            data={"key": httpx.URL(fresh).params["key"]},
            headers={"origin": f"http://127.0.0.1:{httpx.URL(fresh).port}"},
        )
        fleet = httpx.get(httpx.URL(fresh).copy_with(path="/", query=None), cookies=came_in.cookies)
        explained = shell("tuneguard explain forgotten-gpu")
        restored = shell("tuneguard restore forgotten-gpu")
        live = httpx.URL(fresh).copy_with(path="/live", query=None)
        host, port = sandbox_of(tmp_path)
        httpx.post(f"http://{host}:{port}/sandbox/clock", json={"advance": "3h"})
        late = httpx.get(live, cookies=came_in.cookies).json()["late"]
        until(lambda: "restored as" in shell("tuneguard history forgotten-gpu").stdout)
        news = httpx.get(live, cookies=came_in.cookies).json()
        later = shell("tuneguard status")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert "tuneguard restore forgotten-gpu" in said
    assert opened.status_code == 200
    assert fleet.status_code == 200, fleet.text
    assert "quarterly-report" in fleet.text
    with pytest.raises(httpx.ConnectError):
        httpx.get(link[0])
    assert explained.returncode == 0, explained.stderr
    assert "was undeployed" in explained.stdout
    assert restored.returncode == 0, restored.stderr
    assert "nobody has looked" in late
    assert (news["late"], news["mode"]) == (None, "enforce")
    assert "forgotten-gpu" in later.stdout
    assert (process.returncode, err) == (0, "")
