"""The three ways of uploading: media, multipart, resumable."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Final

from guard.sandbox.storage.conditions import Conditions
from guard.sandbox.storage.errors import StorageError, invalid

_RANGE: Final = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_HASHES: Final = {"crc32c": "crc32c", "md5": "md5Hash"}


@dataclass(slots=True)
class Session:
    """A resumable upload that has begun; preconditions are those of its start and are checked at its end."""

    bucket: str
    name: str
    fields: dict[str, Any]
    conditions: Conditions
    received: bytearray = field(default_factory=bytearray)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


def json_object(raw: bytes) -> dict[str, Any]:
    """A request body. Raises StorageError where it is no JSON object."""
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise StorageError(400, "parseError", f"Parse Error: {error}") from error
    if not isinstance(body, dict):
        raise StorageError(400, "parseError", "Parse Error: a JSON object is expected.")
    return body


def multipart(content_type: str, raw: bytes) -> tuple[dict[str, Any], bytes]:
    """(metadata, data) of a multipart/related body. Raises StorageError where it is not made of two parts."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise invalid("Missing boundary in the Content-Type of a multipart upload.")
    marker = b"--" + found[1].encode()
    pieces = raw.split(b"\r\n" + marker)
    if not raw.startswith(marker) or len(pieces) != 3 or not pieces[2].startswith(b"--"):
        raise invalid("A multipart upload has a part of metadata and a part of data.")
    head, metadata = _part(pieces[0][len(marker) :])
    kind, data = _part(pieces[1])
    del head
    fields = json_object(metadata)
    if kind:
        fields.setdefault("contentType", kind)
    return fields, data


def _part(raw: bytes) -> tuple[str, bytes]:
    header, gap, body = raw.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not gap:
        raise invalid("A part of a multipart upload has no header.")
    return str(BytesParser(policy=HTTP).parsebytes(header + b"\r\n\r\n").get("content-type", "")), body


def receive(session: Session, content_range: str | None, raw: bytes) -> bool:
    """Take in a chunk; True once all is there.

    Raises StorageError 400 for a range that cannot be read, 503 for a chunk that leaves a hole: the client then asks how
    much has arrived.
    """
    if content_range is None:
        session.received[:] = raw
        return True
    found = _RANGE.fullmatch(content_range)
    if found is None:
        raise invalid(f"Invalid Content-Range: {content_range!r}")
    first, total = found[1], found[3]
    if first is not None:
        if int(first) > len(session.received):
            raise StorageError(503, "backendError", "A chunk is missing; ask for the range that has arrived.")
        session.received[int(first) :] = raw
    return total != "*" and len(session.received) == int(total)


def hashes(header: str | None) -> dict[str, str]:
    """The checksums in an X-Goog-Hash header, as fields of the object."""
    found: Mapping[str, str] = dict(part.strip().split("=", 1) for part in (header or "").split(",") if "=" in part)
    return {_HASHES[name]: value for name, value in found.items() if name in _HASHES}
