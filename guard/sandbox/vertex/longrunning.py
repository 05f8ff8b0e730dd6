"""Reading, listing, cancelling and forgetting operations, under /v1, /v1beta1 and /ui alike."""

from guard.sandbox import operations
from guard.sandbox.errors import ApiError, invalid
from guard.sandbox.operations import Operation
from guard.sandbox.vertex import lists
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.request import Request


def get(request: Request) -> Document:
    """GET {resource}/operations/ID, and POST :wait, which answers at once with how things stand."""
    return _find(request).as_document()


def list_all(request: Request) -> Document:
    """GET {location or resource}/operations?filter=done=false."""
    within = f"{request.name}/operations/" if request.path.id else f"{request.parent}/"
    chosen = [one for name, one in request.world.operations.items() if name.startswith(within)]
    match request.query.get("filter", "").replace(" ", "").replace('"', ""):
        case "":
            pass
        case "done=true" | "done:true":
            chosen = [one for one in chosen if one.done]
        case "done=false" | "done!=true" | "done:false" | "NOTdone:true":
            chosen = [one for one in chosen if not one.done]
        case other:
            raise invalid(f"Invalid filter: {other!r}. Operations filter on done=true or done=false.")
    offset, size = lists.page(request.query)
    answer: Document = {"operations": [one.as_document() for one in chosen[offset : offset + size]]}
    if offset + size < len(chosen):
        answer["nextPageToken"] = str(offset + size)
    return answer


def cancel(request: Request) -> Document:
    """POST {operation}:cancel."""
    operations.cancel(request.world, _find(request), request.now)
    return {}


def delete(request: Request) -> Document:
    """DELETE {operation}: forget its result."""
    found = _find(request)
    if not found.done:
        raise ApiError("FAILED_PRECONDITION", f"Operation {found.name} is still running.")
    del request.world.operations[found.name]
    return {}


def _find(request: Request) -> Operation:
    path = request.path
    ending = f"/operations/{path.operation}"
    if path.id:
        found = request.world.operations.get(f"{request.name}{ending}")
    else:
        found = next(
            (
                one
                for name, one in request.world.operations.items()
                if name.endswith(ending) and name.startswith(f"{request.parent}/")
            ),
            None,
        )
    if found is None:
        raise ApiError("NOT_FOUND", f"The Operation does not exist: {path.operation}.")
    return found
