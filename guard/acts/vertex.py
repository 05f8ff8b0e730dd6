"""Vertex AI's changing calls through the official clients (v1beta1, REST): once, retries off, a short time-out.

v1beta1 because a deployment that scales to zero or starts flexibly cannot be written back through v1. The generated
clients take seconds to import, so they are loaded at the first act.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from guard.acts.errors import translated
from guard.core.names import scope_of
from guard.ports.errors import Refused
from guard.ports.mutations import CALL_TIMEOUT, Begun

EndpointFor = Callable[[str], str]
"""Location -> base URL, e.g. https://us-central1-aiplatform.googleapis.com."""


class VertexMutations:
    """See guard.ports.mutations.Mutations. Raises only GuardError."""

    def __init__(self, *, api_endpoint: EndpointFor, credentials: Callable[[], Any]) -> None:
        self._api_endpoint = api_endpoint
        self._credentials = credentials
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self._timeout = CALL_TIMEOUT.total_seconds()

    def undeploy(self, endpoint: str, deployed_model_id: str, *, traffic_split: Mapping[str, int] | None) -> Begun:
        request: dict[str, Any] = {"endpoint": endpoint, "deployed_model_id": deployed_model_id}
        if traffic_split:
            request["traffic_split"] = dict(traffic_split)
        return self._begin("EndpointServiceClient", "undeploy_model", endpoint, request)

    def delete_endpoint(self, endpoint: str) -> Begun:
        return self._begin("EndpointServiceClient", "delete_endpoint", endpoint, {"name": endpoint})

    def delete_model(self, model: str) -> Begun:
        return self._begin("ModelServiceClient", "delete_model", model, {"name": model})

    def cancel_job(self, job: str) -> Begun:
        with translated(f"cancel {job}"):
            self._client("GenAiTuningServiceClient", job).cancel_tuning_job(
                request={"name": job}, retry=None, timeout=self._timeout
            )
        return Begun(None)

    def delete_file(self, file: str) -> Begun:
        raise Refused(f"{file}: Vertex AI keeps no files of its own; nothing was called.")

    def create_endpoint(self, parent: str, document: Mapping[str, Any], endpoint_id: str | None) -> Begun:
        request: dict[str, Any] = {"parent": parent, "endpoint": self._message("Endpoint", document)}
        if endpoint_id:
            request["endpoint_id"] = endpoint_id
        return self._begin("EndpointServiceClient", "create_endpoint", f"{parent}/endpoints/-", request)

    def deploy(self, endpoint: str, document: Mapping[str, Any], traffic_split: Mapping[str, int]) -> Begun:
        request = {
            "endpoint": endpoint,
            "deployed_model": self._message("DeployedModel", document),
            "traffic_split": dict(traffic_split),
        }
        return self._begin("EndpointServiceClient", "deploy_model", endpoint, request)

    def label_endpoint(self, endpoint: str, labels: Mapping[str, str], etag: str) -> Begun:
        message = self._message("Endpoint", {"name": endpoint, "labels": dict(labels), "etag": etag})
        with translated(f"label {endpoint}"):
            self._client("EndpointServiceClient", endpoint).update_endpoint(
                request={"endpoint": message, "update_mask": {"paths": ["labels"]}}, retry=None, timeout=self._timeout
            )
        return Begun(None)

    def check_document(self, kind: str, document: Mapping[str, Any]) -> str | None:
        """Say what keeps a recipe's document from being written back by this client; None if nothing does."""
        try:
            self._message(kind, document)
        except Refused as error:
            return error.message
        return None

    def _begin(self, service: str, method: str, name: str, request: Mapping[str, Any]) -> Begun:
        with translated(f"{method.replace('_', ' ')} {name}"):
            call = getattr(self._client(service, name), method)
            operation = call(request=dict(request), retry=None, timeout=self._timeout)
        return Begun(operation.operation.name)

    def _client(self, service: str, name: str) -> Any:
        location = scope_of(name).location
        with self._lock:
            if (service, location) not in self._clients:
                from google.cloud import aiplatform_v1beta1

                self._clients[service, location] = getattr(aiplatform_v1beta1, service)(
                    credentials=self._credentials(),
                    transport="rest",
                    client_options={"api_endpoint": self._api_endpoint(location)},
                )
            return self._clients[service, location]

    @staticmethod
    def _message(kind: str, document: Mapping[str, Any]) -> Any:
        from google.cloud import aiplatform_v1beta1
        from google.protobuf.json_format import ParseError

        try:
            # Strict: a field that this client does not know would be lost without a word at the restore.
            return getattr(aiplatform_v1beta1, kind).from_json(json.dumps(document), ignore_unknown_fields=False)
        except ParseError as error:
            raise Refused(f"The {kind} document cannot be written back by the installed client: {error}") from error
