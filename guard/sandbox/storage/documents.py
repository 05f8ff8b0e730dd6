"""Objects as JSON resources, listings, and the headers of a download."""

import base64
from typing import Any

from guard.sandbox.clock import rfc3339
from guard.sandbox.storage.errors import invalid
from guard.sandbox.storage.shelves import Blob, Bucket, Document, Shelves, md5
from guard.sandbox.world import World

_PAGE = 1000


def resource(bucket: Bucket, blob: Blob) -> Document:
    """The object's JSON resource; a composed object has no MD5."""
    document: Document = {
        "kind": "storage#object",
        "id": f"{bucket.name}/{blob.name}/{blob.generation}",
        "name": blob.name,
        "bucket": bucket.name,
        "generation": str(blob.generation),
        "metageneration": str(blob.metageneration),
        "storageClass": bucket.document.get("storageClass", "STANDARD"),
        "size": str(len(blob.data)),
        "crc32c": blob.crc32c,
        "etag": base64.b64encode(f"{blob.generation}/{blob.metageneration}".encode()).decode(),
        "timeCreated": rfc3339(blob.created_at),
        "timeStorageClassUpdated": rfc3339(blob.created_at),
        "updated": rfc3339(blob.updated_at),
        **blob.fields,
    }
    if blob.components:
        document["componentCount"] = blob.components
    else:
        document["md5Hash"] = md5(blob.data)
    if blob.removed_at is not None:
        document["timeDeleted"] = rfc3339(blob.removed_at)
    return document


def download_headers(blob: Blob) -> dict[str, str]:
    """What a client checks a download with."""
    hashes = f"crc32c={blob.crc32c}" + ("" if blob.components else f",md5={md5(blob.data)}")
    return {
        "Content-Type": str(blob.fields["contentType"]),
        "X-Goog-Hash": hashes,
        "X-Goog-Generation": str(blob.generation),
        "X-Goog-Metageneration": str(blob.metageneration),
        "X-Goog-Storage-Class": str(blob.fields.get("storageClass", "STANDARD")),
        "X-Goog-Stored-Content-Length": str(len(blob.data)),
        "Last-Modified": blob.updated_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "Accept-Ranges": "bytes",
    }


def listing(world: World, shelves: Shelves, bucket: Bucket, query: dict[str, str], principal: str) -> Document:
    """A page of objects: `prefix`, `delimiter`, `startOffset`, `endOffset`, `versions`, `maxResults`, `pageToken`."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    entries: list[tuple[str, Blob | None]] = []  # (name, object), or (prefix, None)
    for blob in shelves.objects(bucket, older=query.get("versions", "").lower() == "true"):
        name = blob.name
        if not name.startswith(prefix) or name < query.get("startOffset", ""):
            continue
        if query.get("endOffset") and name >= query["endOffset"]:
            continue
        cut = name.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0 or (
            query.get("includeTrailingDelimiter", "").lower() == "true" and cut == len(name) - len(delimiter)
        ):
            entries.append((name, blob))
        if cut >= 0 and (entry := (name[: cut + len(delimiter)], None)) not in entries[-2:]:
            entries.append(entry)
    about = {"service": "storage", "method": "objects.list", "project": bucket.project.id, "principal": principal}
    shown, token = page(world, entries, query, {**about, "resource": f"projects/_/buckets/{bucket.name}"})
    answer: Document = {"kind": "storage#objects"}
    if items := [resource(bucket, blob) for _, blob in shown if blob is not None]:
        answer["items"] = items
    if prefixes := [name for name, blob in shown if blob is None]:
        answer["prefixes"] = prefixes
    if token:
        answer["nextPageToken"] = token
    return answer


def page(world: World, entries: list[Any], query: dict[str, str], about: dict[str, str]) -> tuple[list[Any], str]:
    """A page of `entries` and the token of the next one, with the faults that a listing can have."""
    raw = query.get("pageToken", "")
    try:
        offset = max(int(base64.urlsafe_b64decode(raw)), 0) if raw else 0
    except ValueError as error:
        raise invalid(f"Invalid page token: {raw!r}") from error
    limit = query.get("maxResults", str(_PAGE))
    if not limit.isdigit():
        raise invalid(f"Invalid value for maxResults: {limit!r}")
    size = min(int(limit) or _PAGE, _PAGE)
    take = world.faults.take
    if fault := take("listing_shrinks", **about):
        entries = entries[: int(len(entries) * float(fault.params.get("keep", 0.5)))]
    end = offset + size
    shown = entries[offset:end]
    if offset == 0 and len(entries) > size and take("page_missing", **about):
        end += size
    if offset and take("page_repeated", **about):
        shown = entries[:size]
    return shown, base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(entries) else ""
