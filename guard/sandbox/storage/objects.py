"""Methods on objects."""

import re
from typing import Any, Final

from starlette.responses import Response

from guard.sandbox.storage import documents, uploads
from guard.sandbox.storage.call import Call, nothing
from guard.sandbox.storage.conditions import Conditions, whole
from guard.sandbox.storage.errors import StorageError, invalid
from guard.sandbox.storage.shelves import Blob, Bucket

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


def collection(call: Call) -> Response:
    """GET of /b/BUCKET/o."""
    bucket = call.bucket("storage.objects.list")
    return call.answer(documents.listing(call.world, call.shelves, bucket, call.query, call.principal))


def one(call: Call) -> Response:
    """GET (metadata or media), PATCH, PUT and DELETE of /b/BUCKET/o/OBJECT."""
    bucket, name = call.shelves.bucket(call.parts[0]), "/".join(call.parts[2:])
    generation, conditions = whole(call.query, "generation"), Conditions.of(call.query)
    match call.verb:
        case "GET":
            call.allow("storage.objects.get", bucket, name)
            blob = call.shelves.read(bucket, name, generation, conditions)
            if call.query.get("alt") == "media":
                return _media(blob, call.request.headers.get("range"))
            return call.answer(documents.resource(bucket, blob))
        case "PATCH" | "PUT":
            call.allow("storage.objects.update", bucket, name)
            blob = call.shelves.patch(bucket, name, generation, call.json(), conditions)
            return call.answer(documents.resource(bucket, blob))
        case "DELETE":
            call.allow("storage.objects.delete", bucket, name)
            call.shelves.remove(bucket, name, generation, conditions)
            return nothing()
        case other:
            raise StorageError(405, "methodNotAllowed", f"{other} is not a method of an object.")


def download(call: Call) -> Response:
    """GET of /download/storage/v1/b/BUCKET/o/OBJECT."""
    call.query["alt"] = "media"
    return one(call)


def copy(call: Call) -> Response:
    """POST of .../o/OBJECT/copyTo|rewriteTo/b/BUCKET/o/OBJECT."""
    verb = next(index for index, part in enumerate(call.parts) if index > 2 and part in {"copyTo", "rewriteTo"})
    source_bucket, source_name = call.shelves.bucket(call.parts[0]), "/".join(call.parts[2:verb])
    bucket, name = call.shelves.bucket(call.parts[verb + 2]), "/".join(call.parts[verb + 4 :])
    call.allow("storage.objects.get", source_bucket, source_name)
    call.allow("storage.objects.create", bucket, name)
    with call.shelves.lock:
        source = call.shelves.find(source_bucket, source_name, whole(call.query, "sourceGeneration"))
        if source is None:
            raise StorageError(404, "notFound", f"No such object: {source_bucket.name}/{source_name}")
        Conditions.of(call.query, prefix="ifSource").check(source.generation, source.metageneration)
        made = call.shelves.write(
            bucket,
            name,
            source.data,
            {**source.fields, **call.json()},
            Conditions.of(call.query),
            components=source.components,
        )
    document = documents.resource(bucket, made)
    if call.parts[verb] == "copyTo":
        return call.answer(document)
    size = str(len(made.data))
    return call.answer(
        {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": True,
            "resource": document,
        }
    )


def compose(call: Call) -> Response:
    """POST of .../o/OBJECT/compose: up to 32 objects of the bucket joined into one."""
    bucket, name = call.shelves.bucket(call.parts[0]), "/".join(call.parts[2:-1])
    call.allow("storage.objects.create", bucket, name)
    body = call.json()
    sources = body.get("sourceObjects") or []
    if not isinstance(sources, list) or not all(isinstance(one, dict) and one.get("name") for one in sources):
        raise invalid("sourceObjects must be a list of objects with a name.")
    if not 0 < len(sources) <= 32:
        raise invalid(f"The number of source components provided ({len(sources)}) must be from 1 to 32.")
    with call.shelves.lock:
        parts: list[Blob] = []
        for source in sources:
            asked = {key: str(value) for key, value in source.get("objectPreconditions", {}).items()}
            generation = (
                whole({"generation": str(source["generation"])}, "generation") if source.get("generation") else None
            )
            call.allow("storage.objects.get", bucket, source["name"])
            blob = call.shelves.find(bucket, source["name"], generation)
            if blob is None:
                raise StorageError(404, "notFound", f"Object {source['name']} not found.")
            Conditions.of(asked).check(blob.generation, blob.metageneration)
            parts.append(blob)
        made = call.shelves.write(
            bucket,
            name,
            b"".join(part.data for part in parts),
            body.get("destination", {}),
            Conditions.of(call.query),
            components=sum(part.components or 1 for part in parts),
        )
    return call.answer(documents.resource(bucket, made))


class Uploader:
    """POST and PUT of /upload/storage/v1/b/BUCKET/o; keeps the resumable uploads that have begun."""

    def __init__(self) -> None:
        self._sessions: dict[str, uploads.Session] = {}

    def __call__(self, call: Call) -> Response:
        if upload_id := call.query.get("upload_id"):
            return self._resume(call, upload_id)
        bucket = call.shelves.bucket(call.parts[0])
        headers, conditions = call.request.headers, Conditions.of(call.query)
        match call.query.get("uploadType"):
            case "media":
                fields: dict[str, Any] = {"contentType": headers.get("content-type")}
                data = call.body
            case "multipart":
                fields, data = uploads.multipart(headers.get("content-type", ""), call.body)
            case "resumable":
                return self._begin(call, bucket, conditions)
            case other:
                raise invalid(f"Invalid uploadType: {other!r}; media, multipart or resumable is expected.")
        name = self._name(call, fields)
        call.allow("storage.objects.create", bucket, name)
        fields |= uploads.hashes(headers.get("x-goog-hash"))
        made = call.shelves.write(bucket, name, data, fields, conditions)
        return call.answer(documents.resource(bucket, made))

    def _begin(self, call: Call, bucket: Bucket, conditions: Conditions) -> Response:
        fields = call.json()
        if kind := call.request.headers.get("x-upload-content-type"):
            fields.setdefault("contentType", kind)
        name = self._name(call, fields)
        call.allow("storage.objects.create", bucket, name)
        old = call.shelves.find(bucket, name)
        conditions.check(old.generation if old else 0, old.metageneration if old else 0)
        session = uploads.Session(bucket.name, name, fields, conditions)
        self._sessions[session.id] = session
        base = str(call.request.url).partition("?")[0]
        headers = {
            "Location": f"{base}?uploadType=resumable&upload_id={session.id}",
            "X-GUploader-UploadID": session.id,
        }
        return Response(status_code=200, headers=headers)

    def _resume(self, call: Call, upload_id: str) -> Response:
        session = self._sessions.get(upload_id)
        if session is None:
            raise StorageError(404, "notFound", "Upload session not found.")
        if call.verb == "DELETE":
            del self._sessions[upload_id]
            return Response(status_code=499)
        if not uploads.receive(session, call.request.headers.get("content-range"), call.body):
            held = {"Range": f"bytes=0-{len(session.received) - 1}"} if session.received else {}
            return Response(status_code=308, headers=held)
        bucket = call.shelves.bucket(session.bucket)
        fields = session.fields | uploads.hashes(call.request.headers.get("x-goog-hash"))
        made = call.shelves.write(bucket, session.name, bytes(session.received), fields, session.conditions)
        del self._sessions[upload_id]
        return call.answer(documents.resource(bucket, made))

    @staticmethod
    def _name(call: Call, fields: dict[str, Any]) -> str:
        name = call.query.get("name") or fields.get("name")
        if not isinstance(name, str):
            raise invalid("Required parameter: name")
        return name


def _media(blob: Blob, asked: str | None) -> Response:
    headers = documents.download_headers(blob)
    found = _RANGE.fullmatch(asked or "")
    if found is None or not (found[1] or found[2]):
        return Response(blob.data, headers=headers)
    size = len(blob.data)
    first = int(found[1]) if found[1] else max(size - int(found[2]), 0)
    last = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
    if first >= size or last < first:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(blob.data[first : last + 1], status_code=206, headers=headers)
