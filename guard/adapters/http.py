"""Sessions: one TLS context over all hosts, pools as wide as the workers, and for a sandbox a wire that ends at this machine."""

from __future__ import annotations

import ipaddress
import ssl
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from guard.ports.errors import WorldMismatch

WORKERS = 64
"""Threads that read at once; the pools hold as many connections (45 locations, 4 kinds of thing, design section 11)."""


def is_loopback(host: str | None) -> bool:
    """True for an address of this machine; a name other than `localhost` is not looked up, so it is none."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_loopback(target: str) -> None:
    """Raise WorldMismatch unless `target` (a URL or host:port) is on this machine."""
    host = urlsplit(target if "://" in target else f"//{target}").hostname
    if not is_loopback(host):
        raise WorldMismatch(
            f"A sandbox is set, so {host or target!r} is refused: only addresses of this machine are called.",
            hint="Unset TUNEGUARD_SANDBOX to work on the real cloud, or give the sandbox's own URL (http://127.0.0.1:PORT).",
        )


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Make the one context that all connections share: 45 of their own cost 131 MiB of certificates."""
    context = ssl.create_default_context(cafile=ca_file)
    if ca_file is None and not context.get_ca_certs():
        import certifi

        context.load_verify_locations(certifi.where())
    return context


class SharedTlsAdapter(HTTPAdapter):
    """Connection pools for many hosts with one context; requests would load the certificates once a connection."""

    def __init__(self, context: ssl.SSLContext | None, *, loopback_only: bool = False) -> None:
        self._context = context
        self._loopback_only = loopback_only
        super().__init__(pool_connections=WORKERS, pool_maxsize=WORKERS, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._context is not None:
            kwargs["ssl_context"] = self._context
        super().init_poolmanager(*args, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the certificates to the shared context, which requires them and checks the host's name."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if self._loopback_only:
            require_loopback(request.url or "")
        return super().send(request, *args, **kwargs)


def sandbox_session(identity: str | None, ca_file: str | None) -> requests.Session:
    """Make a session that reaches this machine only: no proxy, no netrc, no credentials but the sandbox's own kind."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", SharedTlsAdapter(tls_context(ca_file), loopback_only=True))
    session.mount("http://", SharedTlsAdapter(None, loopback_only=True))
    if identity:
        session.headers["Authorization"] = f"Bearer sandbox:{identity}"
    return session


def signed_in_session(credentials: Any) -> requests.Session:
    """Make a session that signs each call with Google credentials."""
    from google.auth.transport.requests import AuthorizedSession

    session: requests.Session = AuthorizedSession(credentials)
    adapter = SharedTlsAdapter(tls_context())
    session.mount("https://", adapter)
    return session
