"""Cloud Storage: upload a file once, resumably across processes; remove what a run put there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.clients import TIMEOUT_S
from finetune.errors import ProviderError, UserError
from finetune.runs import Run, sha256_of

if TYPE_CHECKING:
    from google.cloud import storage

CHUNK = 8 * 1024 * 1024  # a multiple of 256 KiB, as the protocol asks
_URI = re.compile(r"gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and prefix of gs://BUCKET/PREFIX, without a slash at the end.

    Raises:
        UserError: It is not such an address.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise UserError(
            f'--bucket: found "{uri}", expected gs://BUCKET or gs://BUCKET/FOLDER with 3 to 63 letters in BUCKET.'
        )
    return found["bucket"], (found["prefix"] or "").strip("/")


def upload(
    client: storage.Client,
    run: Run,
    part: str,
    path: Path,
    folder: str,
    now: datetime,
    progress: Callable[[float], None],
) -> str:
    """Upload a file once; its gs:// address. A session that was cut goes on where it stopped, in this process or a later one.

    The object's name holds the file's hash, and it is written only where nothing is yet: a second upload cannot replace it.
    """
    bucket_name, prefix = split_uri(folder)
    digest = sha256_of(path)
    name = "/".join(item for item in (prefix, run.name, f"{part}-{digest[:16]}.jsonl") if item)
    blob = client.bucket(bucket_name).blob(name)

    def find() -> dict[str, Any] | None:
        return {"uri": f"gs://{bucket_name}/{name}"} if blob.exists() else None

    def do() -> dict[str, Any]:
        if not (known := find()):
            _send(client, run, part, blob, path, progress)
        return known or {"uri": f"gs://{bucket_name}/{name}"}

    return str(run.once(f"upload {part}", find=find, do=do, now=now)["uri"])


def _send(
    client: storage.Client, run: Run, part: str, blob: storage.Blob, path: Path, progress: Callable[[float], None]
) -> None:
    """Send the bytes by the resumable protocol; the session's address is kept in the record while it lasts."""
    size = path.stat().st_size
    key = f"session {part}"
    session = run.data["steps"].get(key, {}).get("session")
    offset = _received(client, session, size) if session else None
    if offset is None:
        session = blob.create_resumable_upload_session(
            content_type="application/jsonl", size=size, if_generation_match=0
        )
        run.data["steps"][key] = {"state": "intended", "session": session}
        run.save()
        offset = 0
    with path.open("rb") as file:
        while offset < size:
            file.seek(offset)
            piece = file.read(CHUNK)
            header = {"Content-Range": f"bytes {offset}-{offset + len(piece) - 1}/{size}"}
            reply = client._http.put(session, data=piece, headers=header, timeout=TIMEOUT_S)  # noqa: SLF001  # the client has no public way to send one chunk
            if reply.status_code == 412:  # another try finished the object in the meantime, under the same hash
                break
            if reply.status_code not in {200, 201, 308}:
                raise ProviderError(
                    f"Cloud Storage refused the upload of {path}: HTTP {reply.status_code}. Run the same command again to go on."
                )
            offset = size if reply.status_code != 308 else _offset(reply.headers.get("Range"))
            progress(offset / size)
    run.forget(key)


def _received(client: storage.Client, session: str, size: int) -> int | None:
    """How much of a session arrived; None if the session is over or unknown."""
    reply = client._http.put(session, headers={"Content-Range": f"bytes */{size}"}, timeout=TIMEOUT_S)  # noqa: SLF001  # as above
    if reply.status_code == 308:
        return _offset(reply.headers.get("Range"))
    return size if reply.status_code in {200, 201} else None


def _offset(header: str | None) -> int:
    return int(header.rpartition("-")[2]) + 1 if header else 0
