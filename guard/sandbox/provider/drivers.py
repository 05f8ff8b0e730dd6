"""How each kind of resource is made, read, changed and deleted: the store for most, Vertex AI and Cloud Storage for their own."""

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from guard.sandbox.provider.platform import Platform, PlatformError

Properties = dict[str, Any]
_GONE: Final = frozenset({404, 410})


class Driver(Protocol):
    """`read` answers None for what is gone; `delete` succeeds when there is nothing left to delete."""

    def create(self, token: str, name: str, inputs: Properties, computed: Properties) -> Properties: ...
    def read(self, token: str, name: str) -> Properties | None: ...
    def update(self, token: str, name: str, old: Properties, inputs: Properties) -> Properties: ...
    def delete(self, token: str, name: str, old: Properties) -> None: ...


class StoreDriver:
    """What no other service speaks lies in the resource store, inputs and outputs in one document."""

    PATH: Final = "/resources/v1/items"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def create(self, token: str, name: str, inputs: Properties, computed: Properties) -> Properties:
        if token == "gcp:storage/bucketIAMMember:BucketIAMMember":  # noqa: S105  # a type token
            self._platform.call("GET", f"/storage/v1/b/{inputs['bucket']}")
        body = {"properties": inputs | computed}
        return dict(self._platform.call("POST", self.PATH, query={"type": token, "id": name}, body=body)["properties"])

    def read(self, token: str, name: str) -> Properties | None:
        found = self._platform.find(self.PATH, query={"type": token, "id": name})
        return dict(found["properties"]) if found else None

    def update(self, token: str, name: str, old: Properties, inputs: Properties) -> Properties:
        computed = {key: value for key, value in old.items() if key not in inputs}
        body = {"properties": computed | inputs}
        return dict(self._platform.call("PATCH", self.PATH, query={"type": token, "id": name}, body=body)["properties"])

    def delete(self, token: str, name: str, old: Properties) -> None:
        del old
        _delete(self._platform, self.PATH, query={"type": token, "id": name})


class EndpointDriver:
    """gcp:vertex/aiEndpoint over v1beta1, as the real provider does it: no undeploy, no force (facts: its resource file)."""

    VERSION: Final = "v1beta1"
    _SETTABLE: Final = ("displayName", "description", "network", "dedicatedEndpointEnabled", "encryptionSpec")

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def create(self, token: str, name: str, inputs: Properties, computed: Properties) -> Properties:
        del computed
        self._platform.require_api(inputs["project"], "aiplatform.googleapis.com")
        parent, _, short = name.rpartition("/endpoints/")
        body = {key: inputs[key] for key in self._SETTABLE if inputs.get(key) is not None} | {
            "labels": inputs.get("labels", {})
        }
        if inputs.get("trafficSplit"):
            body["trafficSplit"] = json.loads(inputs["trafficSplit"])
        operation = self._platform.call(
            "POST", f"/{self.VERSION}/{parent}/endpoints", query={"endpointId": short}, body=body
        )
        self._platform.wait(self.VERSION, operation)
        made = self.read(token, name)
        if made is None:
            raise PlatformError(404, f"{name} is not there although its creation succeeded")
        return inputs | made | {"labels": inputs.get("labels", {})}

    def read(self, token: str, name: str) -> Properties | None:
        del token
        found = self._platform.find(f"/{self.VERSION}/{name}")
        if found is None:
            return None
        parts = name.split("/")
        split = found.get("trafficSplit") or {}
        return {
            "project": parts[1],
            "location": parts[3],
            "region": parts[3],
            "name": parts[5],
            "displayName": found.get("displayName"),
            "dedicatedEndpointEnabled": bool(found.get("dedicatedEndpointEnabled")),
            "dedicatedEndpointDns": found.get("dedicatedEndpointDns", ""),
            "labels": found.get("labels", {}),
            "effectiveLabels": found.get("labels", {}),
            "trafficSplit": json.dumps(split, sort_keys=True) if split else "",
            "deployedModels": [{"id": one["id"], "model": one.get("model")} for one in found.get("deployedModels", ())],
            "createTime": found.get("createTime"),
            "updateTime": found.get("updateTime"),
            "etag": found.get("etag"),
        }

    def update(self, token: str, name: str, old: Properties, inputs: Properties) -> Properties:
        current = self._platform.call("GET", f"/{self.VERSION}/{name}")
        body: Properties = {
            key: inputs[key] for key in ("displayName", "description") if inputs.get(key) != old.get(key)
        }
        # Labels are not authoritative: what others put there stays.
        others = {key: value for key, value in current.get("labels", {}).items() if key not in old.get("labels", {})}
        labels = others | inputs.get("labels", {})
        if labels != current.get("labels", {}):
            body["labels"] = labels
        if inputs.get("trafficSplit") and inputs["trafficSplit"] != old.get("trafficSplit"):
            body["trafficSplit"] = json.loads(inputs["trafficSplit"])
        if body:
            self._platform.call("PATCH", f"/{self.VERSION}/{name}", query={"updateMask": ",".join(body)}, body=body)
        return inputs | (self.read(token, name) or {}) | {"labels": inputs.get("labels", {})}

    def delete(self, token: str, name: str, old: Properties) -> None:
        del token, old
        operation = _delete(self._platform, f"/{self.VERSION}/{name}")
        if operation:
            self._platform.wait(self.VERSION, operation)


class BucketDriver:
    """gcp:storage/bucket over Cloud Storage's JSON API."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def create(self, token: str, name: str, inputs: Properties, computed: Properties) -> Properties:
        del token
        body = _bucket(inputs) | {"name": name, "location": inputs["location"]}
        self._platform.call("POST", "/storage/v1/b", query={"project": inputs.get("project", "")}, body=body)
        return inputs | computed

    def read(self, token: str, name: str) -> Properties | None:
        del token
        found = self._platform.find(f"/storage/v1/b/{name}")
        if found is None:
            return None
        configuration = found.get("iamConfiguration", {})
        return {
            "name": name,
            "project": self._platform.project_id(str(found.get("projectNumber", ""))),
            "location": found.get("location"),
            "labels": found.get("labels", {}),
            "effectiveLabels": found.get("labels", {}),
            "storageClass": found.get("storageClass"),
            "versioning": found.get("versioning"),
            "uniformBucketLevelAccess": configuration.get("uniformBucketLevelAccess", {}).get("enabled"),
            "publicAccessPrevention": configuration.get("publicAccessPrevention"),
            "url": f"gs://{name}",
            "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
            "projectNumber": str(found.get("projectNumber", "")),
        }

    def update(self, token: str, name: str, old: Properties, inputs: Properties) -> Properties:
        del token
        self._platform.call("PATCH", f"/storage/v1/b/{name}", body=_bucket(inputs))
        return old | inputs

    def delete(self, token: str, name: str, old: Properties) -> None:
        del token
        listed = self._platform.find(f"/storage/v1/b/{name}/o", query={"versions": "true"})
        objects = listed.get("items", []) if listed else []
        if objects and not old.get("forceDestroy"):
            # The real provider's words (resource_storage_bucket.go), which the docs tell people to look for.
            raise PlatformError(409, f"Error trying to delete bucket {name} without `force_destroy` set to true")
        for one in objects:
            _delete(
                self._platform,
                f"/storage/v1/b/{name}/o/{one['name'].replace('/', '%2F')}",
                query={"generation": str(one["generation"])},
            )
        _delete(self._platform, f"/storage/v1/b/{name}")


def driver(token: str, platform: Platform) -> Driver:
    """The driver of a type token."""
    if token == "gcp:vertex/aiEndpoint:AiEndpoint":  # noqa: S105  # a type token
        return EndpointDriver(platform)
    if token == "gcp:storage/bucket:Bucket":  # noqa: S105  # a type token
        return BucketDriver(platform)
    return StoreDriver(platform)


def _bucket(inputs: Mapping[str, Any]) -> Properties:
    return {
        "labels": inputs.get("labels", {}),
        "storageClass": inputs.get("storageClass", "STANDARD"),
        "versioning": inputs.get("versioning", {"enabled": False}),
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": bool(inputs.get("uniformBucketLevelAccess"))},
            "publicAccessPrevention": inputs.get("publicAccessPrevention", "inherited"),
        },
        "softDeletePolicy": inputs.get("softDeletePolicy", {}),
        "lifecycle": {"rule": inputs.get("lifecycleRules", [])},
    }


def _delete(platform: Platform, path: str, *, query: dict[str, str] | None = None) -> Any:
    try:
        return platform.call("DELETE", path, query=query)
    except PlatformError as error:
        if error.status in _GONE:
            return None
        raise
