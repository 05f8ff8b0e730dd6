"""One call to Cloud Storage: its path, its query, its body, and what the caller may do."""

import re
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from guard.sandbox.frame import PRINCIPAL
from guard.sandbox.storage import uploads
from guard.sandbox.storage.errors import forbidden
from guard.sandbox.storage.shelves import Bucket, Document, Shelves
from guard.sandbox.world import World

_FIELDS: Final = re.compile(r"[\w,]+")


class Call:
    """One call. `parts` is the path behind `/b`, split before it is decoded: object names may hold encoded slashes."""

    def __init__(self, world: World, shelves: Shelves, request: Request, body: bytes) -> None:
        self.world = world
        self.shelves = shelves
        self.request = request
        self.body = body
        self.verb = request.method
        self.query = dict(request.query_params)
        self.principal: str = request.scope[PRINCIPAL]
        raw = request.scope.get("raw_path", request.url.path.encode()).decode("ascii").partition("?")[0]
        self.parts = [unquote(part) for part in raw.partition("/b/")[2].split("/")] if "/b/" in raw else []

    def allow(self, permission: str, bucket: Bucket, name: str = "") -> None:
        """Raise StorageError 403 unless the caller may."""
        resource = f"projects/{bucket.project.number}/buckets/{bucket.name}" + (f"/objects/{name}" if name else "")
        if not self.world.authorize(self.principal, permission, resource):
            raise forbidden(self.principal, permission, "object" if name else "bucket")

    def bucket(self, permission: str) -> Bucket:
        """The bucket of the path, if the caller may. Raises StorageError 404 or 403."""
        bucket = self.shelves.bucket(self.parts[0])
        self.allow(permission, bucket)
        return bucket

    def json(self) -> Document:
        """The body as a JSON object. Raises StorageError 400."""
        return uploads.json_object(self.body)

    def answer(self, document: dict[str, Any], *, headers: dict[str, str] | None = None) -> Response:
        """A JSON answer, cut to its top-level `fields` where plain ones are asked for."""
        fields = self.query.get("fields", "")
        if _FIELDS.fullmatch(fields):
            document = {key: value for key, value in document.items() if key in fields.split(",")}
        return JSONResponse(document, headers=headers)


def nothing() -> Response:
    """204."""
    return Response(status_code=204)
