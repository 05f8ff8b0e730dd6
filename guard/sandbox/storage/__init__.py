"""Cloud Storage of the sandbox: the JSON API in memory, with generations and preconditions.

`shelves_of(world)` is the way in for other services: a bucket made there is there for every client, and the other way round.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.frame import Target
from guard.sandbox.storage import buckets, objects
from guard.sandbox.storage.call import Call
from guard.sandbox.storage.errors import StorageError
from guard.sandbox.storage.shelves import Bucket, Shelves, shelves_of
from guard.sandbox.world import World

__all__ = ["Bucket", "Shelves", "classify", "routes", "shelves_of"]

_ROOTS = ("/storage/v1/b", "/upload/storage/v1/b", "/download/storage/v1/b")
_VERBS = {"GET": "get", "POST": "insert", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def classify(verb: str, path: str) -> Target | None:
    """What a call to Cloud Storage is about; uploads are `objects.insert` whichever way they come."""
    root = next((one for one in _ROOTS if path == one or path.startswith(one + "/")), None)
    if root is None:
        return None
    bucket, _, rest = path[len(root) + 1 :].partition("/")
    kind, _, name = rest.partition("/")
    resource = f"projects/_/buckets/{bucket}" if bucket else ""
    if kind != "o":
        method = {"": _VERBS.get(verb, verb), "iam": "getIamPolicy" if verb == "GET" else "setIamPolicy"}.get(
            kind, kind
        )
        method = "list" if not bucket and verb == "GET" else method
        return Target(service="storage", method=f"buckets.{method}", resource=resource, changes=verb != "GET")
    if root.startswith("/upload"):
        method = "insert"
    elif not name:
        method = "list"
    elif verb == "POST":
        method = "compose" if name.endswith("/compose") else "copy" if "/copyTo/" in name else "rewrite"
    else:
        method = _VERBS.get(verb, verb)
    if name:
        resource += f"/objects/{name}"
    return Target(service="storage", method=f"objects.{method}", resource=resource, changes=verb != "GET")


def _handler(call: Call) -> Callable[[Call], Response]:
    match call.parts:
        case []:
            return buckets.collection
        case [_]:
            return buckets.one
        case [_, "iam"]:
            return buckets.policy
        case [_, "o"]:
            return objects.collection
        case [_, "o", *rest] if call.verb == "POST" and rest[-1] == "compose":
            return objects.compose
        case [_, "o", *rest] if call.verb == "POST" and {"copyTo", "rewriteTo"} & set(rest):
            return objects.copy
        case [_, "o", *_]:
            return objects.one
        case _:
            raise StorageError(404, "notFound", "Not Found")


def routes(world: World) -> list[BaseRoute]:
    """Everything under /storage/v1, /upload/storage/v1 and /download/storage/v1."""
    shelves = shelves_of(world)
    upload = objects.Uploader()

    async def answer(request: Request, choose: Callable[[Call], Callable[[Call], Response]]) -> Response:
        call = Call(world, shelves, request, await request.body())
        try:
            return choose(call)(call)
        except StorageError as error:
            return error.as_response()

    async def plain(request: Request) -> Response:
        return await answer(request, _handler)

    async def uploading(request: Request) -> Response:
        return await answer(request, lambda _call: upload)

    async def downloading(request: Request) -> Response:
        return await answer(request, lambda _call: objects.download)

    verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [
        Route("/storage/v1/b", plain, methods=verbs),
        Route("/storage/v1/b/{rest:path}", plain, methods=verbs),
        Route("/upload/storage/v1/b/{rest:path}", uploading, methods=verbs),
        Route("/download/storage/v1/b/{rest:path}", downloading, methods=["GET"]),
    ]
