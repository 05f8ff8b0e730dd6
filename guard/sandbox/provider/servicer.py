"""The provider protocol: Check, Diff, Create, Read, Update and Delete, as the engine calls them."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from guard.sandbox.provider import schema
from guard.sandbox.provider.drivers import Driver, Properties, driver
from guard.sandbox.provider.kinds import KINDS, Kind
from guard.sandbox.provider.platform import Platform, PlatformError

VERSION = version("pulumi-gcp")
"""That of the installed classes: the engine asks for the version that they register with."""
PROJECT: Final = "gcp:organizations/getProject:getProject"
"""The one look-up that the program makes. Source: resourcemanager/data_source_google_project.go."""


class GcpProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Stateless: what is known of a resource comes with each call or from the sandbox. Calls arrive in parallel."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    # -- the provider itself

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ProviderHandshakeResponse:  # noqa: N802  # gRPC's name
        del request, context
        # Secrets are left to the engine: it strips them on the way in and marks same-named properties on the way out.
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False, accept_resources=True, accept_outputs=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802  # gRPC's name
        del request, context
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:  # noqa: N802  # gRPC's name
        del context
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802  # gRPC's name
        del context
        old, new = _read(request.old_inputs), _read(request.news)
        changed = [key for key in old.keys() | new.keys() if key != "version" and old.get(key) != new.get(key)]
        return _diff_response(changed, ())

    def Configure(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:  # noqa: N802  # gRPC's name
        del request, context
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, acceptResources=True, acceptOutputs=False, supportsPreview=True
        )

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802  # gRPC's name
        del request, context
        from google.protobuf.empty_pb2 import Empty

        return Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:  # noqa: N802  # gRPC's name
        if request.tok != PROJECT:
            _fail(context, f"the sandbox's provider does not know {request.tok}")
        project = str(_read(request.args).get("projectId", ""))
        try:
            number = self._platform.project_number(project)
        except PlatformError as error:
            _fail(context, f"reading project {project}: {error}")
        found = {"id": f"projects/{project}", "projectId": project, "number": number}
        return provider_pb2.InvokeResponse(**{"return": _write(found)})

    # -- resources

    def Check(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:  # noqa: N802  # gRPC's name
        token = _token(request.urn)
        if token not in KINDS:
            _fail(context, f"the sandbox's provider does not know {token}; add it to guard/sandbox/provider/kinds.py")
        inputs = _read(request.news)
        failures = [
            provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in schema.failures(token, inputs)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802  # gRPC's name
        del context
        kind = KINDS[_token(request.urn)]
        old, new = _read(request.old_inputs), _read(request.news)
        changed = sorted(
            key
            for key in old.keys() | new.keys()
            if not key.startswith("__") and key not in request.ignoreChanges and old.get(key) != new.get(key)
        )
        replaces = [key for key in changed if key in kind.replace]
        response = _diff_response(changed, replaces)
        # A name of one's own cannot be taken twice, so the old one goes first (pulumi-terraform-bridge, pkg/tfbridge/provider.go,
        # nameRequiresDeleteBeforeReplace).
        keeps_name = not kind.name_key or old.get(kind.name_key) == new.get(kind.name_key)
        response.deleteBeforeReplace = bool(replaces) and bool(kind.name_key) and keeps_name
        return response

    def Create(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:  # noqa: N802  # gRPC's name
        token, inputs = _token(request.urn), _read(request.properties)
        kind = KINDS[token]
        if request.preview:
            unknown = dict.fromkeys(kind.outputs, schema.UNKNOWN)
            return provider_pb2.CreateResponse(id="", properties=_write(inputs | unknown))
        values = self._values(request.urn, inputs)
        name = kind.id.format(**values)
        try:
            made = self._driver(token).create(token, name, inputs, kind.computed(values | {"id": name}))
        except PlatformError as error:
            _fail(context, f"creating {name}: {error}")
        return provider_pb2.CreateResponse(id=name, properties=_write(made))

    def Read(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:  # noqa: N802  # gRPC's name
        token = _token(request.urn)
        known, inputs = _read(request.properties), _read(request.inputs)
        try:
            found = self._driver(token).read(token, request.id)
        except PlatformError as error:
            _fail(context, f"reading {request.id}: {error}")
        if found is None:
            return provider_pb2.ReadResponse(id="")
        found = {key: value for key, value in found.items() if value is not None}
        if not known:  # an import: everything that can be an input is one
            accepted = schema.input_names(token)
            imported = {key: value for key, value in found.items() if key in accepted and value not in ("", {}, [])}
            return provider_pb2.ReadResponse(id=request.id, properties=_write(found), inputs=_write(imported))
        seen = {key: _seen(key, value, found) for key, value in inputs.items()}
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=_write(known | found | {"labels": seen["labels"]} if "labels" in seen else known | found),
            inputs=_write(seen),
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:  # noqa: N802  # gRPC's name
        token, old, inputs = _token(request.urn), _read(request.olds), _read(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_write(old | inputs))
        try:
            changed = self._driver(token).update(token, request.id, old, inputs)
        except PlatformError as error:
            _fail(context, f"updating {request.id}: {error}")
        return provider_pb2.UpdateResponse(properties=_write(changed))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802  # gRPC's name
        from google.protobuf.empty_pb2 import Empty

        token, old = _token(request.urn), _read(request.properties)
        policy = old.get("deletionPolicy")
        if policy == "ABANDON":
            return Empty()
        if _is_guarded(KINDS[token], old) or policy == "PREVENT":
            _fail(
                context,
                f"cannot destroy {request.id} without setting deletion_protection=false and running `pulumi up`",
            )
        try:
            self._driver(token).delete(token, request.id, old)
        except PlatformError as error:
            _fail(context, f"deleting {request.id}: {error}")
        return Empty()

    def _driver(self, token: str) -> Driver:
        return driver(token, self._platform)

    def _values(self, urn: str, inputs: Properties) -> Properties:
        """What the templates of a kind are filled with."""
        digest = int.from_bytes(hashlib.sha256(urn.encode()).digest()[:7], "big")
        project = str(inputs.get("project", ""))
        return {
            "project": project,
            **inputs,
            "number": str(digest),
            "projectNumber": self._platform.project_number(project),
        }


def _is_guarded(kind: Kind, old: Mapping[str, Any]) -> bool:
    return bool(kind.guard_flag) and bool(old.get(kind.guard_flag, kind.guard_default))


def _seen(key: str, ours: Any, found: Mapping[str, Any]) -> Any:
    """An input as it is on the platform; of labels only those that the program set, for others may add theirs."""
    if key not in found:
        return ours
    if key == "labels" and isinstance(ours, dict):
        return {label: found[key][label] for label in ours if label in found[key]}
    return found[key]


def _diff_response(changed: Sequence[str], replaces: Sequence[str]) -> provider_pb2.DiffResponse:
    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replaces)


def _token(urn: str) -> str:
    """The type token: the last part of the URN's type chain."""
    return urn.split("::")[2].rpartition("$")[2]


def _read(struct: struct_pb2.Struct) -> Properties:
    return {key: _whole(value) for key, value in json_format.MessageToDict(struct).items()}


def _whole(value: Any) -> Any:
    """A Struct has floats only: give back the integers among them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return value


def _write(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(properties), struct_pb2.Struct())


def _fail(context: grpc.ServicerContext, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")  # pragma: no cover  # for the type checker: grpc has no types
