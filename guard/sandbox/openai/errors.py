"""OpenAI's error envelope."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ApiError(Exception):
    """A refusal as the service words it."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    type: str = "invalid_request_error"

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def missing(kind: str, name: str) -> ApiError:
    """A thing that is not there."""
    return ApiError(404, f"No such {kind}: {name}", code="not_found", param="id")


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A request that breaks a rule."""
    return ApiError(400, message, code=code, param=param)
