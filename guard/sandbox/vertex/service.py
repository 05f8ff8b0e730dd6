"""Which call goes where: one table of Vertex AI's methods, and the ASGI route that serves them all."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from guard.sandbox.errors import ApiError
from guard.sandbox.frame import PRINCIPAL, Target
from guard.sandbox.vertex import deploying, endpoints, inference, longrunning, models, places, pools, tuning
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.listing import Listings
from guard.sandbox.vertex.names import Path, parse
from guard.sandbox.vertex.request import Request, open_request
from guard.sandbox.vertex.wire import as_v1, read_body, read_verbatim
from guard.sandbox.world import Creation, World

Handler = Callable[[Request], Document]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API: its service and name as the audit log has them, and the permission it needs."""

    service: str
    name: str
    permission: str
    handler: Handler | None
    changes: bool = False


def _table() -> dict[tuple[str, str, str, str], Method]:
    """(HTTP verb, collection, shape, action) -> method. Shapes: `""` collection, `id` one resource."""
    e, m, p, t = "EndpointService", "ModelService", "DeploymentResourcePoolService", "GenAiTuningService"
    pool = "deploymentResourcePools"
    return {
        ("GET", "endpoints", "", ""): Method(e, "ListEndpoints", "endpoints.list", None),
        ("POST", "endpoints", "", ""): Method(e, "CreateEndpoint", "endpoints.create", endpoints.create, True),
        ("GET", "endpoints", "id", ""): Method(e, "GetEndpoint", "endpoints.get", endpoints.get),
        ("PATCH", "endpoints", "id", ""): Method(e, "UpdateEndpoint", "endpoints.update", endpoints.patch, True),
        ("DELETE", "endpoints", "id", ""): Method(e, "DeleteEndpoint", "endpoints.delete", endpoints.delete, True),
        ("POST", "endpoints", "id", "deployModel"): Method(
            e, "DeployModel", "endpoints.deploy", deploying.deploy, True
        ),
        ("POST", "endpoints", "id", "undeployModel"): Method(
            e, "UndeployModel", "endpoints.undeploy", deploying.undeploy, True
        ),
        ("POST", "endpoints", "id", "mutateDeployedModel"): Method(
            e, "MutateDeployedModel", "endpoints.update", deploying.mutate, True
        ),
        **{
            ("POST", collection, "id", action): Method("PredictionService", name, "endpoints.predict", handler)
            for collection in ("endpoints", "publishers")
            for action, name, handler in (
                ("predict", "Predict", inference.predict),
                ("rawPredict", "RawPredict", inference.predict),
                ("generateContent", "GenerateContent", inference.generate),
                ("countTokens", "CountTokens", inference.count_tokens),
            )
            if collection == "endpoints" or action in {"generateContent", "countTokens"}
        },
        ("GET", "models", "", ""): Method(m, "ListModels", "models.list", None),
        ("POST", "models", "", "upload"): Method(m, "UploadModel", "models.upload", models.upload, True),
        ("POST", "models", "", "copy"): Method(m, "CopyModel", "models.upload", models.copy_model, True),
        ("GET", "models", "id", ""): Method(m, "GetModel", "models.get", models.get),
        ("PATCH", "models", "id", ""): Method(m, "UpdateModel", "models.update", models.patch, True),
        ("DELETE", "models", "id", ""): Method(m, "DeleteModel", "models.delete", models.delete, True),
        ("GET", "models", "id", "listVersions"): Method(m, "ListModelVersions", "models.list", models.list_versions),
        ("GET", "models", "id", "listCheckpoints"): Method(
            m, "ListModelVersionCheckpoints", "models.list", models.list_checkpoints
        ),
        ("POST", "models", "id", "mergeVersionAliases"): Method(
            m, "MergeVersionAliases", "models.update", models.merge_aliases, True
        ),
        ("DELETE", "models", "id", "deleteVersion"): Method(
            m, "DeleteModelVersion", "models.delete", models.delete_version, True
        ),
        ("GET", pool, "", ""): Method(p, "ListDeploymentResourcePools", f"{pool}.list", None),
        ("POST", pool, "", ""): Method(p, "CreateDeploymentResourcePool", f"{pool}.create", pools.create, True),
        ("GET", pool, "id", ""): Method(p, "GetDeploymentResourcePool", f"{pool}.get", pools.get),
        ("PATCH", pool, "id", ""): Method(p, "UpdateDeploymentResourcePool", f"{pool}.update", pools.patch, True),
        ("DELETE", pool, "id", ""): Method(p, "DeleteDeploymentResourcePool", f"{pool}.delete", pools.delete, True),
        ("GET", pool, "id", "queryDeployedModels"): Method(
            p, "QueryDeployedModels", f"{pool}.queryDeployedModels", pools.query_deployed_models
        ),
        ("GET", "tuningJobs", "", ""): Method(t, "ListTuningJobs", "tuningJobs.list", None),
        ("POST", "tuningJobs", "", ""): Method(t, "CreateTuningJob", "tuningJobs.create", tuning.create, True),
        ("GET", "tuningJobs", "id", ""): Method(t, "GetTuningJob", "tuningJobs.get", tuning.get),
        ("POST", "tuningJobs", "id", "cancel"): Method(t, "CancelTuningJob", "tuningJobs.cancel", tuning.cancel, True),
    }


METHODS: Final = _table()
_OPERATIONS: Final = {
    ("GET", ""): Method("Operations", "GetOperation", "operations.list", longrunning.get),
    ("POST", "wait"): Method("Operations", "WaitOperation", "operations.list", longrunning.get),
    ("POST", "cancel"): Method("Operations", "CancelOperation", "operations.cancel", longrunning.cancel, True),
    ("DELETE", ""): Method("Operations", "DeleteOperation", "operations.delete", longrunning.delete, True),
}
_LIST_OPERATIONS: Final = Method("Operations", "ListOperations", "operations.list", longrunning.list_all)
_LIST_LOCATIONS: Final = Method("Locations", "ListLocations", "locations.list", places.list_locations)
_GET_LOCATION: Final = Method("Locations", "GetLocation", "locations.get", places.get_location)


def find_method(verb: str, path: Path) -> Method | None:
    """The method that a verb on a path means."""
    if path.operation:
        return _OPERATIONS.get((verb, path.action))
    if path.tail == "operations" or path.collection == "operations":
        return _LIST_OPERATIONS if verb == "GET" else None
    if not path.location:
        return _LIST_LOCATIONS if verb == "GET" else None
    if not path.collection:
        return _GET_LOCATION if verb == "GET" else None
    return METHODS.get((verb, path.collection, "id" if path.id else "", path.action))


def classify(verb: str, path: str) -> Target | None:
    """What a call is about, for faults and the call log."""
    parsed = parse(path)
    if parsed is None:
        return None
    method = find_method(verb, parsed)
    resource = path.split("/", 2)[2].partition(":")[0]
    return Target(
        service="aiplatform",
        method=method.name if method else f"{verb} {parsed.collection}:{parsed.action}",
        resource=resource,
        project=parsed.project,
        location=parsed.location,
        changes=method.changes if method else False,
    )


class VertexRoute(BaseRoute):
    """All of Vertex AI behind one route: a table look-up in place of a scan over patterns."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listings = Listings(world)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found = scope["type"] == "http" and parse(scope["path"]) is not None
        return (Match.FULL if found else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await HttpRequest(scope, receive).body()
        await self._answer(scope, body)(scope, receive, send)

    def _answer(self, scope: Scope, raw: bytes) -> Response:
        path = parse(scope["path"])
        if path is None:
            raise LookupError(scope["path"])
        method = find_method(scope["method"], path)
        if method is None:
            return ApiError("NOT_FOUND", f"Method not found: {scope['method']} {scope['path']}.").as_response()
        try:
            with self._world.lock:
                return self._serve(method, path, scope, raw)
        except ApiError as refusal:
            return refusal.as_response()

    def _serve(self, method: Method, path: Path, scope: Scope, raw: bytes) -> Response:
        query = {
            key.removeprefix("$"): value
            for key, value in parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        }
        verbatim = path.action in {"generateContent", "predict", "rawPredict", "countTokens"}
        body = (read_verbatim if verbatim else read_body)(raw)
        request = open_request(
            self._world,
            path,
            query=query,
            body=body,
            principal=scope[PRINCIPAL],
            permission=f"aiplatform.{method.permission}",
        )
        if method.handler is None:
            return _json(self._listings.answer(request, scope["query_string"]))
        answer = method.handler(request)
        if method.changes:
            self._note(method, request, answer)
        if path.collection == "endpoints" and request.api == "v1":
            answer = as_v1(answer)
        return _json(json.dumps(self._listings.disguised(request, answer)).encode())

    def _note(self, method: Method, request: Request, answer: Document) -> None:
        """Write the call where the audit log is read from; a creation is noted under the name it got."""
        named = str(answer.get("name") or "").partition("/operations/")[0]
        self._world.creations.append(
            Creation(
                at=request.now,
                method=f"google.cloud.aiplatform.{request.path.version}.{method.service}.{method.name}",
                resource=named or request.name,
                principal=request.principal,
            )
        )


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def routes(world: World) -> list[BaseRoute]:
    """Vertex AI v1, v1beta1 and /ui."""
    return [VertexRoute(world)]
