"""`web:` of guard.yaml: how the page is reached, how people sign in, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from guard.config.forms import Duration, Strict


class WebRoles(Strict):
    """Who has which role; the highest that names somebody counts. An entry: an e-mail address, *@DOMAIN, or a group's name."""

    viewer: list[str] = Field(default=[], description="Read everything, change nothing")
    owner: list[str] = Field(default=[], description="Also keep, approve, remove and restore what is their own")
    operator: list[str] = Field(default=[], description="Say anything on anything")


class WebRules(Strict):
    """The page and its API (`tuneguard web`). ${NAME} in a text is read from the environment when the page starts."""

    login: Literal["link", "oidc", "iap"] = Field(
        default="link",
        description="link: a one-time link, on this machine only; oidc: a team's sign-in provider; iap: Google's proxy",
    )
    host: str = Field(
        default="127.0.0.1", description="Address to listen on; another than the loopback needs oidc or iap"
    )
    port: int = Field(default=9465, ge=0, le=65535, description="0 takes a free one, which the ready line tells")
    public_url: str | None = Field(
        default=None,
        description="Address that people open, such as https://guard.example.com; also the link in notices",
    )
    roles: WebRoles = Field(
        default=WebRoles(), description="Who may do what, with oidc and iap; none with iap: all whom it lets in read"
    )
    owners: dict[str, list[str]] = Field(
        default={}, description="Entry as under roles -> owner names as labels have them, whose things are theirs"
    )
    session_length: Duration = Field(default=timedelta(hours=12), description="Sign in again after it at the latest")
    session_idle: Duration = Field(
        default=timedelta(hours=2), description="Sign in again after so long without a request"
    )
    issuer: str = Field(default="", description="oidc: the provider's issuer, as it writes it itself")
    client_id: str = Field(default="", description="oidc: what the provider calls this application")
    client_secret: str = Field(default="", description="oidc: its secret, by ${NAME}; empty for a public client")
    groups_claim: str = Field(default="groups", description="oidc: where the provider's answer lists groups")
    scopes: list[str] = Field(
        default=["openid", "email", "profile"], description="oidc: what the provider is asked for"
    )
    audience: str = Field(default="", description="iap: the signed header's audience of this very backend")
    keys_url: str = Field(
        default="https://www.gstatic.com/iap/verify/public_key",
        description="iap: where its public keys are; another one is for a sandbox",
    )
