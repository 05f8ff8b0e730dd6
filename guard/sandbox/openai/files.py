"""Files: multipart upload, list, get, content, delete."""

from typing import Any

from starlette.responses import Response

from guard.sandbox.openai.errors import invalid, missing
from guard.sandbox.openai.pages import page
from guard.sandbox.openai.state import Call, State, StoredFile

MAX_BYTES = 512 * 1024 * 1024
_PURPOSES = frozenset({"assistants", "batch", "fine-tune", "vision", "user_data", "evals"})


def document(file: StoredFile) -> dict[str, Any]:
    """A file as the service shows it."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": len(file.content),
        "created_at": file.created_at,
        "expires_at": file.expires_at,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def create(state: State, call: Call) -> dict[str, Any]:
    """POST /files."""
    purpose, upload = call.form.get("purpose"), call.form.get("file")
    if purpose not in _PURPOSES:
        raise invalid(f"{purpose!r} is not one of {sorted(_PURPOSES)} - 'purpose'", param="purpose")
    if not isinstance(upload, tuple):
        raise invalid("'file' is a required property", param="file")
    name, content = upload
    if len(content) > MAX_BYTES:
        raise invalid("File is larger than the maximum of 512 MB.", param="file")
    if purpose == "fine-tune" and not name.endswith(".jsonl"):
        raise invalid(f"Invalid file format for Fine-Tuning API. Must be .jsonl; got {name}", param="file")
    seconds = call.form.get("expires_after[seconds]")
    if seconds is not None and not (str(seconds).isdigit() and 3600 <= int(seconds) <= 2_592_000):
        raise invalid("expires_after.seconds: expected 3600 to 2592000", param="expires_after")
    with state.lock:
        file = StoredFile(state.new_id("file-"), name, purpose, state.now(), content)
        file.expires_at = file.created_at + int(seconds) if seconds is not None else None
        state.files[file.id] = file
    return document(file)


def listed(state: State, call: Call) -> dict[str, Any]:
    """GET /files, newest first unless order=asc."""
    purpose = call.one("purpose")
    with state.lock:
        found = [
            document(file)
            for file in state.files.values()
            if purpose in {None, file.purpose} and not _expired(state, file)
        ]
    if call.one("order", "desc") == "desc":
        found.reverse()
    return page(found, call, default=10_000, largest=10_000)


def _expired(state: State, file: StoredFile) -> bool:
    return file.expires_at is not None and file.expires_at <= state.now()


def find(state: State, file_id: str) -> StoredFile:
    """A file that is there and not expired."""
    file = state.files.get(file_id)
    if file is None or _expired(state, file):
        raise missing("File object", file_id)
    return file


def get(state: State, call: Call) -> dict[str, Any]:
    """GET /files/ID."""
    return document(find(state, call.path["id"]))


def content(state: State, call: Call) -> Response:
    """GET /files/ID/content."""
    return Response(find(state, call.path["id"]).content, media_type="application/octet-stream")


def delete(state: State, call: Call) -> dict[str, Any]:
    """DELETE /files/ID."""
    file = find(state, call.path["id"])
    with state.lock:
        state.files.pop(file.id, None)
    return {"id": file.id, "object": "file", "deleted": True}


ROUTES = (
    ("POST", "/files", create),
    ("GET", "/files", listed),
    ("GET", "/files/{id}", get),
    ("GET", "/files/{id}/content", content),
    ("DELETE", "/files/{id}", delete),
)
