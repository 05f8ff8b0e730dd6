"""Google's error envelope, and the refusals that services share."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

HTTP_CODES: Final = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
RPC_CODES: Final = {
    "CANCELLED": 1,
    "INVALID_ARGUMENT": 3,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}


class ApiError(Exception):
    """A refusal with the platform's status name, message and details."""

    def __init__(self, status: str, message: str, *, details: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details or []

    @property
    def code(self) -> int:
        """The HTTP status."""
        return HTTP_CODES[self.status]

    def envelope(self) -> dict[str, Any]:
        """The body of the refusal."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def as_response(self) -> Response:
        """The refusal as an HTTP answer."""
        return JSONResponse(self.envelope(), self.code)

    def as_status(self) -> dict[str, Any]:
        """The refusal as the `error` of an operation (google.rpc.Status)."""
        status: dict[str, Any] = {"code": RPC_CODES[self.status], "message": self.message}
        if self.details:
            status["details"] = self.details
        return status


def invalid(message: str) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError("INVALID_ARGUMENT", message)


def precondition(message: str) -> ApiError:
    """400 FAILED_PRECONDITION."""
    return ApiError("FAILED_PRECONDITION", message)


def denied(permission: str, resource: str, *, service: str = "aiplatform.googleapis.com") -> ApiError:
    """403 PERMISSION_DENIED; the platform says the same of a resource whose project does not exist."""
    return ApiError(
        "PERMISSION_DENIED",
        f"Permission '{permission}' denied on resource '//{service}/{resource}' (or it may not exist).",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": service,
                "metadata": {"resource": resource, "permission": permission},
            }
        ],
    )


def exhausted(message: str) -> ApiError:
    """429 RESOURCE_EXHAUSTED."""
    return ApiError("RESOURCE_EXHAUSTED", message)
