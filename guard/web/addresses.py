"""Which hosts and origins are this page's own, what its cookies are called, and where one may be sent after a login."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from guard.core.access import DoorSettings


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses under which the page answers."""

    url: str
    """`https://guard.example.com`, without a slash at its end."""

    @property
    def secure(self) -> bool:
        return self.url.startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """Host headers that are this page's: any other one is a rebinding trick or a wrong address."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        names = {host} if not is_loopback(host) else {"localhost", "127.0.0.1", "[::1]"}
        if port is None:
            usual = 443 if self.secure else 80
            return frozenset(names | {f"{name}:{usual}" for name in names})
        return frozenset(f"{name}:{port}" for name in names)

    @property
    def origins(self) -> frozenset[str]:
        """Origin headers of the page's own forms."""
        scheme = urlsplit(self.url).scheme
        return frozenset(f"{scheme}://{host}" for host in self.hosts)

    @property
    def session_cookie(self) -> str:
        return self._cookie("session")

    @property
    def login_cookie(self) -> str:
        return self._cookie("login")

    def _cookie(self, what: str) -> str:
        """`__Host-` binds a cookie to this very host over https. Browsers refuse such cookies over plain http, which only
        a loopback page speaks; there the port is in the name, because cookies do not know ports and two pages on one
        machine would sign each other out.
        """
        if self.secure:
            return f"__Host-tuneguard-{what}"
        return f"tuneguard-{what}-{urlsplit(self.url).port or 80}"


def addresses_of(settings: DoorSettings, port: int) -> Addresses:
    """The page's addresses; without a public URL it is the loopback's at `port`."""
    url = settings.public_url or f"http://{_bracketed(settings.host)}:{port}"
    return Addresses(url.rstrip("/"))


def path_of(request: Request) -> str:
    """The path that routes are found by. `request.url` is put together with the Host header, which anybody can write."""
    path: str = request.scope["path"]
    return path


def is_loopback(host: str) -> bool:
    """True for an address of this machine; a name other than `localhost` is not looked up, so it is none."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def local_path(wanted: str | None) -> str:
    r"""Where to go after a login: a path on this page, or its front. What could lead elsewhere leads to the front.

    `//host`, `/\\host` and control characters are read as another host by some browsers.
    """
    if not wanted or not wanted.startswith("/") or wanted[1:2] in {"/", "\\"}:
        return "/"
    if "\\" in wanted or any(sign < " " or sign == "\x7f" for sign in wanted) or wanted.startswith("/login"):
        return "/"
    return wanted


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
