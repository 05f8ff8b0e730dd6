"""One channel a name of `notify:` in guard.yaml. A wrong address is found when the file is read, not when it matters."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from guard.adapters.http import SharedTlsAdapter, is_loopback, require_loopback, tls_context
from guard.core.digest import digest
from guard.core.plan import Notice, NoticeKind
from guard.ports.errors import ConfigInvalid, WorldMismatch
from guard.ports.notifier import Delivery
from guard.telemetry.logging import MASK

TIMEOUT_S = 10.0
"""Longest wait for a receiver to take one message, machine time."""

_PLAIN = ("http", "https")
_LOCAL_APPRISE = ("json", "jsons", "form", "forms", "xml", "xmls")
"""Apprise schemes whose host is where the message goes; in others (`slack://TOKEN/...`) the host is a token."""


class Channel(Protocol):
    """Somewhere a message can go."""

    address: str  # without secrets

    def send(self, to: str, notices: Sequence[Notice]) -> Delivery:
        """Deliver one message; never raises."""
        ...


def channel(field: str, url: str, *, loopback_only: bool) -> Channel:
    """Make the channel of one field (`notify.ops`).

    Raises ConfigInvalid for an address that cannot work, WorldMismatch where a sandbox's notices would leave this machine.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if not scheme or not url.strip():
        raise ConfigInvalid(
            f"{field}: found no scheme in its address.",
            hint="Expected an Apprise URL such as slack://..., mailtos://..., or https://... for a JSON webhook.",
        )
    if loopback_only and not (scheme in {*_PLAIN, *_LOCAL_APPRISE} and is_loopback(parts.hostname)):
        raise WorldMismatch(
            f"{field}: a sandbox is set, and {scheme}:// would tell real people about things that do not exist.",
            hint="Give the sandbox's configuration an address of this machine, such as http://127.0.0.1:PORT.",
        )
    if scheme in _PLAIN:
        return Webhook(field, url, loopback_only=loopback_only)
    return AppriseChannel(field, url)


class Webhook:
    """POSTs JSON: `{"version": 1, "to": ..., "notices": [{"id": ..., ...}]}`. A receiver folds doubles by the ids."""

    def __init__(self, field: str, url: str, *, loopback_only: bool = False) -> None:
        parts = urlsplit(url)
        if not parts.hostname:
            raise ConfigInvalid(f"{field}: the webhook's address names no host.", hint="Expected https://HOST/PATH.")
        self.address = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/{MASK}"
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = not loopback_only
        if loopback_only:
            require_loopback(url)
        self._session.mount("https://", SharedTlsAdapter(tls_context(), loopback_only=loopback_only))
        self._session.mount("http://", SharedTlsAdapter(None, loopback_only=loopback_only))

    def send(self, to: str, notices: Sequence[Notice]) -> Delivery:
        key = hashlib.sha256("\n".join(sorted(notice.id for notice in notices)).encode()).hexdigest()
        body = {"version": 1, "to": to, "notices": [_document(notice) for notice in notices]}
        try:
            answer = self._session.post(
                self._url,
                json=body,
                headers={"Idempotency-Key": key},
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except (requests.RequestException, WorldMismatch) as error:
            # The error's own text may hold the address, and with it a secret.
            return Delivery(delivered=False, detail=f"{self.address}: {type(error).__name__}")
        delivered = 200 <= answer.status_code < 300
        return Delivery(delivered=delivered, detail=f"{self.address}: answered {answer.status_code}")


class AppriseChannel:
    """Any of Apprise's services: chat, mail, paging. One message in plain text."""

    def __init__(self, field: str, url: str) -> None:
        with warnings.catch_warnings():
            # Its plugins, loaded at the first address, try modules that newer Pythons have dropped.
            warnings.simplefilter("ignore", DeprecationWarning)
            import apprise

            self._apprise: Any = apprise.Apprise()
            taken = self._apprise.add(url)
        if not taken:
            raise ConfigInvalid(
                f"{field}: found {urlsplit(url).scheme}://{MASK}, which Apprise cannot use.",
                hint="Expected an Apprise URL (slack://..., mailtos://..., workflows://... for Teams), or https://... "
                "for a JSON webhook; check the spelling and that no part is missing.",
            )
        plugin: Any = next(iter(self._apprise))
        self.address = str(plugin.url(privacy=True))

    def send(self, to: str, notices: Sequence[Notice]) -> Delivery:  # noqa: ARG002  # the address already says to whom
        title, body = digest(notices)
        try:
            delivered = bool(self._apprise.notify(title=title, **self._form(notices, body)))
        except Exception as error:  # noqa: BLE001  # a hundred services' plugins; a notice that fails is retried by the outbox
            return Delivery(delivered=False, detail=f"{self.address}: {type(error).__name__}")
        return Delivery(delivered=delivered, detail=f"{self.address}: {'sent' if delivered else 'not taken'}")

    def _form(self, notices: Sequence[Notice], body: str) -> Mapping[str, Any]:
        """How the text is given: plain; a report as Markdown, or as a page beside its first lines where pages can be attached."""
        if len(notices) != 1 or notices[0].kind is not NoticeKind.REPORT:
            return {"body": body, "body_format": "text"}
        page = notices[0].data.get("html")
        if page is None or not next(iter(self._apprise)).attachment_support:
            return {"body": body, "body_format": "markdown"}
        from apprise.attachment.memory import AttachMemory

        attachment: Any = AttachMemory  # the library has no types here
        attached = attachment(content=str(page), name="report.html", mimetype="text/html")
        return {"body": body.partition("\n## ")[0], "body_format": "markdown", "attach": attached}


def _document(notice: Notice) -> Mapping[str, object]:
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "subject": notice.subject,
        "title": notice.title,
        "body": notice.body,
        "made_at": notice.made_at.isoformat(),
        "due_at": notice.due_at.isoformat() if notice.due_at else None,
        "act_id": notice.act_id,
        "data": {
            key: value if isinstance(value, int | str | None) else str(value) for key, value in notice.data.items()
        },
    }
