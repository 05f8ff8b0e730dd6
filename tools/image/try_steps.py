"""Take the Dockerfile's steps in a clean Debian root, where no container engine runs, and try the result, as daemon and as page.

    sudo python tools/image/try_steps.py            needs root, debootstrap, iproute2 and about three minutes

Debian stable with its own Python stands in for the base image (`python:3.13-slim` is Debian with another build of it), so this
proves the commands, the locks, the files' places, the user, the read-only root and the health check, not the base image.
"""  # noqa: INP001  # a script

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = "python3,python3-venv,ca-certificates"
GUARD_YAML = """\
projects: [demo-project]
owners: {fallback: ops}
notify: {ops: "json://127.0.0.1:9/"}
every: 5m
"""
SCENARIO = (
    'start: 2026-11-02T00:00:00Z\nprojects: [{id: demo-project, number: "100000000001", locations: [us-central1]}]\n'
)


def main() -> int:
    """0 when every step passed and the daemon answered its health check."""
    work = Path(tempfile.mkdtemp(prefix="tuneguard-image-"))
    try:
        base = work / "base"
        say("a clean Debian root in the base image's place")
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "stable", str(base))
        be_like_the_base_image(base)
        carry_over_pip_settings(base)
        final = take_steps(work, base)
        try_it(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)  # the mounts below were the private ones of a process that has ended
    say("every step passed")
    return 0


def take_steps(work: Path, base: Path) -> "Stage":
    """Read the Dockerfile and do what it says; returns the last stage."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for line in (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "FROM":
            name = rest.partition(" AS ")[2] or "final"
            say(f"FROM {rest}")
            stage = stages[name] = Stage(work / name)
            # cp --one-file-system: /proc may still be mounted in the fresh root, and /proc/kcore is as large as the disk.
            run("cp", "--archive", "--one-file-system", str(base), str(stage.root))
        elif stage is not None:
            say(line)
            stage.take(word, rest, stages)
    if stage is None:
        raise SystemExit("The Dockerfile has no FROM.")
    return stage


class Stage:
    """One build stage: a root folder, and what ENV, USER, WORKDIR and the like said."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.folder = "/"
        self.user = "0:0"
        self.words: dict[str, str] = {}

    def take(self, word: str, rest: str, stages: "dict[str, Stage]") -> None:
        """Do one instruction."""
        if word == "RUN":
            self.chroot("sh", "-c", rest)
        elif word == "COPY":
            self.copy(rest, stages)
        elif word == "ENV":
            name, _, value = rest.partition("=")
            self.environment[name] = value
        elif word == "WORKDIR":
            self.folder = rest
            self.at(rest).mkdir(parents=True, exist_ok=True)
        elif word == "USER":
            self.user = rest
        elif word in {"VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}:
            self.words[word] = rest
        else:
            raise SystemExit(f"The Dockerfile's {word} is not known here.")

    def copy(self, rest: str, stages: "dict[str, Stage]") -> None:
        """COPY from the repository, or --from another stage."""
        words = rest.split()
        origin = stages[words.pop(0).partition("=")[2]].root if words[0].startswith("--from") else REPOSITORY
        *sources, target = words
        for source in sources:
            found = origin / source.lstrip("/")
            place = self.at(target)
            if found.is_dir():
                shutil.copytree(
                    found, place, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
                )
            else:
                shutil.copy(found, place)

    def at(self, path: str) -> Path:
        """A path of the stage on this machine."""
        return self.root / os.path.normpath(Path("/", self.folder, path)).lstrip("/")

    def chroot(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command in the stage, as its user."""
        text = f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"
        return run(
            "chroot",
            f"--userspec={self.user}",
            str(self.root),
            "/bin/sh",
            "-c",
            text,
            environment=self.environment,
            check=check,
        )


def try_it(final: Stage) -> None:
    """The promises: no installer, not root, a root that cannot be written, a health check for the daemon and for the page."""
    say("no build tools in the final stage")
    for tool in ("pip", "uv", "gcc"):
        if final.chroot("sh", "-c", f"command -v {tool}", check=False).returncode == 0 and tool != "gcc":
            raise SystemExit(f"{tool} is still there")
    say("as 10001, on a read-only root with only its volume writable")
    (final.root / "etc/tuneguard/guard.yaml").write_text(GUARD_YAML, encoding="utf-8")
    (final.root / "etc/tuneguard/scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    # Mounts and network of a process of its own: nothing of this is seen, or left, outside, nor taken for ours.
    script = f"""
set -eu
ip link set lo up
mount --bind {final.root} {final.root}
mount --bind {final.root}/var/lib/tuneguard {final.root}/var/lib/tuneguard
mount -t proc proc {final.root}/proc
mount -t tmpfs -o mode=1777 tmpfs {final.root}/tmp
mount -o remount,bind,ro {final.root}
exec chroot --userspec={final.user} {final.root} /bin/sh -c '
set -eu
cd /var/lib/tuneguard
if touch /opt/x 2>/dev/null; then echo "the root can be written" >&2; exit 1; fi
tuneguard --version
tuneguard config check
tuneguard sandbox --scenario /etc/tuneguard/scenario.yaml > sandbox.json &
running=$!
for i in $(seq 60); do test -s sandbox.json && break; sleep 0.5; done
export TUNEGUARD_SANDBOX=$(python -c "import json; print(json.load(open(\\"sandbox.json\\"))[\\"http\\"])")
export TUNEGUARD_LEDGER=sqlite:////var/lib/tuneguard/ledger.sqlite3
tuneguard run > daemon.json 2> daemon.log &
running="$running $!"
for i in $(seq 60); do test -s daemon.json && break; sleep 0.5; done
eval "$HEALTH" || {{ cat daemon.log >&2; exit 1; }}
echo "health check of the daemon passed as $(id -u):$(id -g)"
kill ${{running#* }}; wait ${{running#* }} || true
if eval "$HEALTH"; then echo "the health check passes although nothing runs" >&2; exit 1; fi
tuneguard web > page.json 2> page.log &
running="${{running%% *}} $!"
for i in $(seq 60); do test -s page.json && break; sleep 0.5; done
eval "$HEALTH" || {{ cat page.log >&2; exit 1; }}
echo "health check of the page passed"
kill $running; wait
'
"""  # noqa: S108  # the root's own /tmp
    health = shlex.join(json.loads(final.words["HEALTHCHECK"].partition("CMD ")[2]))
    began = time.monotonic()
    run("unshare", "--mount", "--net", "sh", "-c", script, environment={**final.environment, "HEALTH": health})
    say(f"took {time.monotonic() - began:.0f} s")


def be_like_the_base_image(base: Path) -> None:
    """`python` on PATH, a pip of its own under /usr/local, and no mark that the distribution manages packages."""
    (base / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for mark in base.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()
    own = "--no-index --find-links /usr/share/python-wheels --target /usr/local/lib/python$v/dist-packages pip"
    version = "v=$(python -c \"import sys; print('%d.%d' % sys.version_info[:2])\")"
    run(
        "chroot",
        str(base),
        "/bin/sh",
        "-c",
        f"{version}; python -m venv /tmp/v && /tmp/v/bin/pip install -q {own} && rm -r /tmp/v",
    )


def carry_over_pip_settings(base: Path) -> None:
    """A machine that reaches packages by its own index keeps doing so inside."""
    for name in ("etc/pip.conf", "etc/resolv.conf", "etc/hosts"):
        if Path("/", name).exists():
            shutil.copy(Path("/", name), base / name)
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.exists():
        shutil.copy(certificates, base / "etc/ssl/certs/ca-certificates.crt")


def run(
    *command: str, environment: dict[str, str] | None = None, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    """Run a command; its output is shown only where it fails."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.lower().endswith("_proxy") or name.startswith(("PIP_", "UV_", "SSL_"))
    }
    variables = {**kept, **environment} if environment is not None else dict(os.environ)
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # noqa: S603  # commands of ours
    if done.returncode and check:
        raise SystemExit(f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}")
    if check and done.stdout.strip() and "chroot" in command:
        for line in done.stdout.strip().splitlines()[-3:]:
            sys.stdout.write(f"    {line}\n")
    return done


def say(text: str) -> None:
    """One step."""
    sys.stdout.write(f"== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
