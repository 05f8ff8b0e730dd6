"""Refusals in Cloud Storage's own envelope, which differs from that of the other services.

Source: "HTTP status and error codes for JSON", docs.cloud.google.com/storage/docs/json_api/v1/status-codes, read 2026-11-24.
"""

from starlette.responses import JSONResponse, Response


class StorageError(Exception):
    """A refusal: HTTP status, machine-readable reason, message."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message

    def as_response(self) -> Response:
        """The refusal as an HTTP answer; 304 and 416 have no body to read."""
        if self.code == 304:
            return Response(status_code=304)
        error = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.reason == "conditionNotMet":
            error |= {"locationType": "header", "location": "If-Match"}
        body = {"error": {"code": self.code, "message": self.message, "errors": [error]}}
        return JSONResponse(body, self.code)


def invalid(message: str) -> StorageError:
    """400 with the reason `invalid`."""
    return StorageError(400, "invalid", message)


def no_bucket() -> StorageError:
    """404 for a bucket."""
    return StorageError(404, "notFound", "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> StorageError:
    """404 for an object."""
    return StorageError(404, "notFound", f"No such object: {bucket}/{name}")


def not_met() -> StorageError:
    """412: a precondition does not hold."""
    return StorageError(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")


def forbidden(principal: str, permission: str, kind: str) -> StorageError:
    """403, worded as the platform does."""
    return StorageError(
        403,
        "forbidden",
        f"{principal} does not have {permission} access to the Google Cloud Storage {kind}. "
        f"Permission '{permission}' denied on resource (or it may not exist).",
    )
