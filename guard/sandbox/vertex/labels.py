"""The platform's rules for names and labels."""

import re
from typing import Any, Final

from guard.sandbox.errors import invalid

_KEY: Final = re.compile(r"^[a-z][a-z0-9_-]{0,63}$")
_VALUE: Final = re.compile(r"^[a-z0-9_-]{0,64}$")
_ENDPOINT_ID: Final = re.compile(r"^(?:[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}|0)$")
_DEPLOYED_ID: Final = re.compile(r"^[1-9][0-9]{0,9}$")
_POOL_ID: Final = re.compile(r"^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$")
_MOST: Final = 64


def check_labels(labels: Any) -> None:
    """At most 64; keys begin with a letter; lower-case letters, digits, `_` and `-`; keys and values of up to 64."""
    if len(labels) > _MOST:
        raise invalid(f"At most {_MOST} labels are allowed; found {len(labels)}.")
    for key, value in labels.items():
        if not _KEY.match(str(key)) or not isinstance(value, str) or not _VALUE.match(value):
            raise invalid(
                f"Invalid label {key!r}: {value!r}. Keys and values are at most 64 characters of lowercase letters, "
                "numeric characters, underscores and dashes."
            )


def check_display_name(value: Any, *, what: str) -> str:
    """Required, up to 128 characters."""
    if not isinstance(value, str) or not value:
        raise invalid(f"{what}.display_name is required.")
    if len(value) > 128:
        raise invalid(f"{what}.display_name can be up to 128 characters long; got {len(value)}.")
    return value


def check_endpoint_id(value: str) -> str:
    """Letter first: up to 63 of [a-z0-9-]. Digit first: up to 9 digits with no leading zero."""
    if not _ENDPOINT_ID.match(value):
        raise invalid(
            f"Invalid endpoint_id {value!r}. It starts with a letter and has up to 63 of [a-z0-9-], or is up to 9 digits "
            "with no leading zero."
        )
    return value


def check_deployed_model_id(value: str) -> str:
    """1 to 10 digits."""
    if not _DEPLOYED_ID.match(value):
        raise invalid(f"Invalid deployed_model.id {value!r}: 1 to 10 digits are expected.")
    return value


def check_pool_id(value: Any) -> str:
    """Letter first, up to 63 of [a-z0-9-]."""
    if not isinstance(value, str) or not _POOL_ID.match(value):
        raise invalid(
            f"Invalid deployment_resource_pool_id {value!r}: ^[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?$ is expected."
        )
    return value
