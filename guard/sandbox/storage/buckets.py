"""Methods on buckets."""

from starlette.responses import Response

from guard.sandbox.storage import documents
from guard.sandbox.storage.call import Call, nothing
from guard.sandbox.storage.conditions import Conditions
from guard.sandbox.storage.errors import StorageError, forbidden, invalid
from guard.sandbox.world import Project


def collection(call: Call) -> Response:
    """POST and GET of /b: create in a project, list those of a project."""
    project = _project(call)
    permission = "storage.buckets.create" if call.verb == "POST" else "storage.buckets.list"
    if not call.world.authorize(call.principal, permission, f"projects/{project.number}"):
        raise forbidden(call.principal, permission, "project")
    if call.verb == "POST":
        return call.answer(call.shelves.create(project, call.json()).document)
    prefix = call.query.get("prefix", "")
    found = [one.document for one in call.shelves.buckets(project) if one.name.startswith(prefix)]
    about = {
        "service": "storage",
        "method": "buckets.list",
        "project": project.id,
        "resource": f"projects/{project.id}",
    }
    shown, token = documents.page(call.world, found, call.query, about)
    answer = {"kind": "storage#buckets"} | ({"items": shown} if shown else {})
    return call.answer(answer | ({"nextPageToken": token} if token else {}))


def one(call: Call) -> Response:
    """GET, PATCH, PUT and DELETE of /b/BUCKET."""
    conditions = Conditions.of(call.query)
    match call.verb:
        case "GET":
            bucket = call.bucket("storage.buckets.get")
            conditions.check(0, int(bucket.document["metageneration"]), reading=True)
            return call.answer(bucket.document)
        case "PATCH" | "PUT":
            bucket = call.bucket("storage.buckets.update")
            call.shelves.patch_bucket(bucket, call.json(), conditions)
            return call.answer(bucket.document)
        case "DELETE":
            bucket = call.bucket("storage.buckets.delete")
            conditions.check(0, int(bucket.document["metageneration"]))
            call.shelves.remove_bucket(bucket)
            return nothing()
        case other:
            raise StorageError(405, "methodNotAllowed", f"{other} is not a method of a bucket.")


def policy(call: Call) -> Response:
    """GET and PUT of /b/BUCKET/iam: kept as it was given."""
    if call.verb == "PUT":
        bucket = call.bucket("storage.buckets.setIamPolicy")
        body = call.json()
        if body.get("etag", bucket.policy["etag"]) != bucket.policy["etag"]:
            raise StorageError(412, "conditionNotMet", "The policy changed since it was read.")
        changes = int(bucket.policy.get("changes", 0)) + 1
        bucket.policy = {**body, "etag": f"CAE{changes}=", "changes": changes}
    else:
        bucket = call.bucket("storage.buckets.getIamPolicy")
    shown = {key: value for key, value in bucket.policy.items() if key != "changes"}
    return call.answer({"kind": "storage#policy", "resourceId": f"projects/_/buckets/{bucket.name}", **shown})


def _project(call: Call) -> Project:
    asked = call.query.get("project", "")
    project = call.world.project(asked)
    if project is None:
        raise invalid(f"Unknown project id: {asked}" if asked else "Required parameter: project")
    return project
