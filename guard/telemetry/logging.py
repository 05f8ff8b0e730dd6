"""structlog set-up: pretty on a terminal, one JSON object a line elsewhere; secrets masked; stdout stays for answers."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = re.compile(
    r"(token|secret|password|passwd|api_key|authorization|prompt|completion|content)", re.IGNORECASE
)
_CREDENTIALS_IN_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)
_BEARER = re.compile(r"(?i)(bearer\s+)[a-z0-9._~+/:@-]+=*|\bsk-[A-Za-z0-9_-]{8,}|\bya29\.[A-Za-z0-9_-]+")
MASK = "***"


def mask(text: str) -> str:
    """Take credentials out of a text: user info in URLs, bearer tokens, API keys."""
    text = _CREDENTIALS_IN_URL.sub(rf"\g<scheme>{MASK}@", text)
    return _BEARER.sub(lambda found: f"{found[1] or ''}{MASK}", text)


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask values whose key names a secret, a prompt or a completion, and credentials within any text."""
    for key, value in event.items():
        if _SECRET_KEYS.search(key) and value is not None:
            event[key] = MASK
        elif isinstance(value, str):
            event[key] = mask(value)
    return event


def set_up(*, level: str = "info", as_json: bool | None = None) -> None:
    """Configure structlog for this process; logs go to stderr. `as_json` None: JSON unless stderr is a terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # Asked at each line: who runs a command within his own process may have put another stream there since.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries log through the standard library; their chatter would drown ours.
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )
    for name in ("apscheduler", "google", "urllib3", "apprise", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


def get(name: str = "tuneguard") -> Any:
    """Return a bound logger."""
    return structlog.get_logger(name)
