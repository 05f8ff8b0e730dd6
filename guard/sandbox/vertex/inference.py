"""Calls to what is deployed: predict, rawPredict, generateContent. Each counts as traffic of its endpoint."""

from typing import Any, Final

from guard.sandbox.errors import ApiError, invalid, precondition
from guard.sandbox.learn import vertex as learned
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.request import Request
from guard.sandbox.world import Responder

_WAKING: Final = "Model is not yet ready for inference. Please wait and then try your request again."


def predict(request: Request) -> Document:
    """POST endpoints/ID:predict and :rawPredict: the instances come back as predictions."""
    deployed = _serving(request)
    instances = request.body.get("instances")
    if request.path.action == "predict" and not isinstance(instances, list):
        _count(request, 400)
        raise invalid("Field instances is required and must be a list.")
    _refuse_if_asleep(request, deployed)
    _count(request, 200)
    if request.path.action == "rawPredict":
        return request.body
    return {
        "predictions": learned.predict(request.world, deployed["model"], instances or []),
        "deployedModelId": deployed["id"],
        "model": deployed["model"],
        "modelDisplayName": deployed["displayName"],
        "modelVersionId": deployed["modelVersionId"],
    }


def generate(request: Request) -> Document:
    """POST endpoints/ID:generateContent, and on publishers/google/models/M: answered by the model's responder."""
    if not isinstance(request.body.get("contents"), list):
        if request.path.collection == "endpoints":
            _serving(request)
            _count(request, 400)
        raise invalid("Field contents is required and must be a list.")
    if request.path.collection == "publishers":
        return _responder(request, f"publishers/{request.path.id.replace('/', '/models/')}")(request.body)
    deployed = _serving(request)
    _refuse_if_asleep(request, deployed)
    answer = _responder(request, deployed["model"])(request.body)
    _count(request, 200)
    return answer


def count_tokens(request: Request) -> Document:
    """POST :countTokens; a token is taken as four characters, as nowhere on the platform but steadily."""
    if request.path.collection == "endpoints":
        _serving(request)
    text = "".join(_texts(request.body.get("contents", [])))
    return {"totalTokens": tokens(text), "totalBillableCharacters": len(text.replace(" ", ""))}


def tokens(text: str) -> int:
    """How many tokens the sandbox takes a text for."""
    return -(-len(text) // 4)


def echo(body: Document) -> Document:
    """The answer of a model that has learnt nothing: the last words of the caller."""
    said = _texts(body["contents"])
    text = said[-1] if said else ""
    asked, given = tokens("".join(said)), tokens(text)
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": asked,
            "candidatesTokenCount": given,
            "totalTokenCount": asked + given,
        },
    }


def _responder(request: Request, model: str) -> Responder:
    return request.world.responders.get(model, echo)


def _serving(request: Request) -> Document:
    endpoint = request.resource("Endpoint")
    if not endpoint.get("deployedModels"):
        raise precondition(f"Endpoint {request.name} doesn't have any deployed model to serve the request.")
    split = endpoint.get("trafficSplit", {})
    best: Document = max(endpoint["deployedModels"], key=lambda one: int(split.get(one["id"], 0)))
    return best


def _refuse_if_asleep(request: Request, deployed: Document) -> None:
    record = request.world.live[request.name, deployed["id"]]
    if record.replica_steps and record.replica_steps[-1][1] == 0:
        _count(request, 429)
        raise ApiError("RESOURCE_EXHAUSTED", _WAKING)


def _count(request: Request, code: int) -> None:
    request.world.record_request((request.project.number, request.path.location, request.path.id), 1, code)


def _texts(contents: Any) -> list[str]:
    messages = [one for one in contents if isinstance(one, dict)] if isinstance(contents, list) else []
    parts = [part for one in messages for part in (one["parts"] if isinstance(one.get("parts"), list) else ())]
    return [str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part]
