"""Headers that every answer carries: nothing inline, nothing from elsewhere, no frame around the page, https where it is spoken."""

from __future__ import annotations

from collections.abc import Mapping

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # `no-referrer` would make browsers send `Origin: null` with the page's own forms, which the door then could not tell
    # from another site's.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def security_headers(*, secure: bool) -> Mapping[str, str]:
    """The headers; over https also the word that it stays https for a year."""
    return _ALWAYS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})
