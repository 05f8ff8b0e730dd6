"""List calls: cached as long as nothing changed, and the faults that a listing can have."""

import json
from typing import Any, Final

from guard.sandbox.vertex import lists
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.request import Request
from guard.sandbox.vertex.wire import as_v1
from guard.sandbox.world import World

_ID_KEYS: Final = {
    "endpoints": "endpoint",
    "models": "model",
    "deploymentResourcePools": "deployment_resource_pool",
    "tuningJobs": "tuning_job",
}
_CACHED: Final = 4096
_DISGUISES: Final = frozenset(
    {"page_missing", "page_repeated", "listing_shrinks", "labels_empty", "name_as_project_id"}
)


class Listings:
    """Answers of list calls as bytes, kept with the version of the collection that they show."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cache: dict[tuple[str, str, bytes], tuple[int, bytes]] = {}

    def answer(self, request: Request, raw_query: bytes) -> bytes:
        """The body for a list call."""
        if self._world.faults.in_force(_DISGUISES):
            return json.dumps(self._page(request)).encode()
        key = (request.collection, request.api, raw_query)
        version = self._world.store.version(request.collection)
        cached = self._cache.get(key)
        if cached is not None and cached[0] == version:
            return cached[1]
        body = json.dumps(self._page(request)).encode()
        if len(self._cache) >= _CACHED:
            self._cache.clear()
        self._cache[key] = (version, body)
        return body

    def disguised(self, request: Request, document: Document) -> Document:
        """A document under the faults that change what resources look like."""
        if not self._world.faults.in_force(_DISGUISES):
            return document
        scope = self._scope(request, document.get("name"))
        take = self._world.faults.take
        if "labels" in document and take("labels_empty", **scope) is not None:
            document = {key: value for key, value in document.items() if key != "labels"}
        if take("name_as_project_id", **scope) is not None:
            document = _respelt(document, f"projects/{request.project.number}/", f"projects/{request.project.id}/")
        return document

    def _page(self, request: Request) -> Document:
        offset, size = lists.page(request.query)
        documents = self._world.store.documents(request.collection)
        chosen = lists.select(documents, request.query, id_key=_ID_KEYS[request.path.collection])
        scope = self._scope(request, None)
        take = self._world.faults.take
        if fault := take("listing_shrinks", **scope):
            chosen = chosen[: int(len(chosen) * float(fault.params.get("keep", 0.5)))]
        end = offset + size
        shown = chosen[offset:end]
        if offset == 0 and len(chosen) > size and take("page_missing", **scope):
            end += size  # the token leads past the second page
        if offset and take("page_repeated", **scope):
            shown = chosen[:size]
        if request.path.collection == "endpoints" and request.api == "v1":
            shown = [as_v1(one) for one in shown]
        shown = [lists.masked(self.disguised(request, one), request.query) for one in shown]
        answer: Document = {request.path.collection: shown} if shown else {}
        if end < len(chosen):
            answer["nextPageToken"] = str(end)
        return answer

    def _scope(self, request: Request, name: Any) -> dict[str, str]:
        return {
            "service": "aiplatform",
            "method": f"List{request.path.collection[:1].upper()}{request.path.collection[1:]}",
            "project": request.project.id,
            "location": request.path.location,
            "resource": str(name or request.collection),
            "principal": request.principal,
        }


def _respelt(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_respelt(one, old, new) for one in value]
    if isinstance(value, dict):
        return {key: _respelt(one, old, new) for key, one in value.items()}
    return value
