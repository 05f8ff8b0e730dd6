"""The record of one run: data, parameters, ids, prices, results; written whole before and after each step that starts something.

A step is first *intended*, then *done*. A script that dies in between leaves the intention, and the next one looks on the platform
for what became of it before it starts anything again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from finetune.console import plain
from finetune.errors import UserError

FOLDER = Path("runs")
_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?")


class Run:
    """A run's record. Hold it for as long as the script works: a second process on the same run is refused."""

    def __init__(self, folder: Path, data: dict[str, Any], lock: int) -> None:
        self.folder = folder
        self.data = data
        self._lock = lock

    @classmethod
    def start(cls, name: str, *, provider: str, now: datetime, parent: Path = FOLDER) -> Run:
        """Open a run for work, making it if it is new.

        Raises:
            UserError: The name is not usable as a label, the run belongs to another provider, or another process holds it.
        """
        if not _NAME.fullmatch(name):
            raise UserError(
                f'--run: found "{name}", expected 1 to 40 lower-case letters, digits and dashes, a letter first: '
                "the name becomes a label."
            )
        folder = parent / name
        folder.mkdir(parents=True, exist_ok=True)
        lock = _hold(folder)
        path = folder / "run.json"
        if path.exists():
            run = cls(folder, _read(path), lock)
            if run.data["provider"] != provider:
                run.close()
                raise UserError(
                    f"{path}: the run {name} is one for {run.data['provider']}, not {provider}. Choose another --run."
                )
            return run
        data = {
            "name": name,
            "key": uuid.uuid4().hex,
            "provider": provider,
            "created_at": now.isoformat(),
            "data": {},
            "parameters": {},
            "prices": {},
            "steps": {},
            "results": {},
        }
        run = cls(folder, data, lock)
        run.save()
        return run

    @classmethod
    def open(cls, name: str, *, parent: Path = FOLDER) -> Run:
        """Open a run that exists.

        Raises:
            UserError: There is none, or another process holds it.
        """
        folder = parent / name
        path = folder / "run.json"
        if not path.exists():
            known = sorted(item.parent.name for item in parent.glob("*/run.json"))
            raise UserError(f"{path}: no such run. Known: {', '.join(known) or 'none'}.")
        return cls(folder, _read(path), _hold(folder))

    @property
    def name(self) -> str:
        """The run's name; also its label on what it makes."""
        return str(self.data["name"])

    @property
    def key(self) -> str:
        """A random mark by which things of this run are found again on the platform."""
        return str(self.data["key"])

    def save(self) -> None:
        """Write the record, whole or not at all."""
        path = self.folder / "run.json"
        unfinished = path.with_name(f".run.json.{os.getpid()}")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(plain(self.data), file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def close(self) -> None:
        """Let go of the run."""
        os.close(self._lock)

    # -- what it was started with

    def fix(self, section: str, values: dict[str, Any]) -> None:
        """Write down what the run is made with, in place of what stood there; once a step has begun, later calls must agree.

        Raises:
            UserError: A value differs from the one that the run was started with.
        """
        if not self.begun:
            self.data[section] = {}
        held = self.data[section]
        for name, value in plain(values).items():
            if name in held and held[name] != value:
                raise UserError(
                    f"{self.folder / 'run.json'}: the run was started with {name} {_short(held[name])}; found {_short(value)}. "
                    "Nothing was started. Use another --run, or the same values to go on."
                )
            held[name] = value
        self.save()

    def note(self, **results: Any) -> None:
        """Add to the results."""
        self.data["results"] |= plain(results)
        self.save()

    # -- steps

    @property
    def begun(self) -> bool:
        """Whether a step has begun: until then the price can be declined and something else asked for."""
        return bool(self.data["steps"])

    def result(self, step: str) -> dict[str, Any] | None:
        """What a finished step left, or None."""
        entry = self.data["steps"].get(step, {})
        return entry["result"] if entry.get("state") == "done" else None

    def once(
        self,
        step: str,
        *,
        find: Callable[[], dict[str, Any] | None],
        do: Callable[[], dict[str, Any]],
        now: datetime,
        lost: tuple[type[Exception], ...] = (),
    ) -> dict[str, Any]:
        """Do a step that starts something, never twice.

        Args:
            step: Its name in the record.
            find: Looks on the platform for what an earlier try may have made.
            do: Makes it; must not retry by itself.
            now: For the record.
            lost: Exceptions after which it is not known whether `do` worked; then `find` decides, and they are raised
            if it finds nothing.
        """
        known = self.result(step)
        if known is not None:
            return known
        intended_before = step in self.data["steps"]
        result = find() if intended_before else None
        if result is None:
            self.data["steps"][step] = {"state": "intended", "at": now.isoformat()}
            self.save()
            try:
                result = do()
            except lost:
                result = find()
                if result is None:
                    raise
        self.data["steps"][step] = {"state": "done", "at": now.isoformat(), "result": plain(result)}
        self.save()
        return result

    def forget(self, step: str) -> None:
        """Take a step out of the record, because what it made is gone."""
        self.data["steps"].pop(step, None)
        self.save()


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _hold(folder: Path) -> int:
    """An open descriptor with an exclusive lock on the run; the system lets go of it when the process ends, however it ends."""
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise UserError(
            f"{folder}: another process works on this run. Wait for it, or stop it, then run this again."
        ) from error
    return lock


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}:{error.lineno}: not JSON ({error.msg}). Restore it, or remove the folder to begin afresh."
        ) from error
    if not isinstance(data, dict) or not {"name", "key", "provider", "steps", "results"} <= data.keys():
        raise UserError(f"{path}: not the record of a run.")
    return data


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from error
