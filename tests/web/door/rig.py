"""A page with a small desk, a clock that the test moves, and a ledger in memory; its clients behave like browsers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Request
from starlette.testclient import TestClient

from guard.core.access import AccessRules, DoorSettings, Login, Role
from guard.ledger import SqlLedger, open_ledger
from guard.ports.door import ApiToken
from guard.ports.errors import NotFoundByName, Refused
from guard.web import secret
from guard.web.app import create_app
from guard.web.asking import DeskOf, PersonOf
from guard.web.house import House
from guard.web.links import new_link

HERE = "http://127.0.0.1:9465"
PUBLIC = "https://guard.example.com"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
THINGS = {"bot": "ada", "shop": "bob", "stray": None}


@dataclass
class SmallDesk:
    """Three things with an owner each; writes down what it is told."""

    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def find(self, name: str, *, removed: bool = False) -> Mapping[str, Any]:
        if name not in THINGS:
            raise NotFoundByName(f"there is no {name}.")
        return {"subject": f"projects/1/{name}", "name": name, "owner": THINGS[name]}

    def explain(self, name: str) -> Mapping[str, Any]:
        return {"explained": name}

    def keep(self, name: str, **given: Any) -> Mapping[str, Any]:
        if given.get("why") == "impossible":
            raise Refused("it is gone.")
        if given.get("why") == "crash":
            raise ZeroDivisionError
        return self._note("keep", {"name": name, **given})

    def approve(self, name: str | None, **given: Any) -> Mapping[str, Any]:
        return self._note("approve", {"name": name, **given})

    def restore(self, name: str | None, **given: Any) -> Mapping[str, Any]:
        return self._note("restore", {"name": name, **given})

    def pause(self, **given: Any) -> Mapping[str, Any]:
        return self._note("pause", given)

    def __getattr__(self, name: str) -> Any:
        """What the pages ask beside; they are tested elsewhere."""
        if name.startswith("_"):
            raise AttributeError(name)

        def refuse(*_: Any, **__: Any) -> Any:
            raise Refused(f"the small desk knows no {name}.")

        return refuse

    def _note(self, word: str, given: dict[str, Any]) -> Mapping[str, Any]:
        self.said.append((word, given))
        return {"word": word}


@dataclass
class Rig:
    """The page and what it stands on."""

    settings: DoorSettings
    ledger: SqlLedger = field(default_factory=lambda: open_ledger("sqlite://", world="sandbox:door"))
    desk: SmallDesk = field(default_factory=SmallDesk)
    at: datetime = NOW
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        house = House(
            desk=lambda: self.desk,  # type: ignore[arg-type, return-value]
            book=self.ledger,
            now=lambda: self.at,
            settings=self.settings,
            monotonic=lambda: self.at.timestamp(),
        )
        self.app = create_app(house)
        self.app.include_router(_probes())

    @property
    def url(self) -> str:
        return str(self.app.state.addresses.url)

    def wait(self, **length: float) -> None:
        self.at += timedelta(**length)

    def browser(self, **headers: str) -> TestClient:
        """A browser that nobody has signed in with; it sends what a browser sends from a page of ours."""
        usual = {"accept": "text/html", "origin": self.url, "sec-fetch-site": "same-origin"}
        return TestClient(
            self.app, base_url=self.url, headers=usual | headers, follow_redirects=False, raise_server_exceptions=False
        )

    def link(self, who: str = "ada") -> str:
        return new_link(self.ledger, self.url, who=who, now=self.at)

    def token(self, role: Role = Role.VIEWER, *owns: str, name: str = "ci", lasts: timedelta | None = None) -> str:
        """A machine's token."""
        value = secret.fresh()
        token = ApiToken(
            name=name,
            digest=secret.digest(value),
            role=role,
            owns=frozenset(owns),
            made_by="ada",
            made_at=self.at,
            expires_at=self.at + lasts if lasts else None,
        )
        assert self.ledger.add_token(token)
        return value

    def machine(self, token: str) -> TestClient:
        """A program with a token."""
        headers = {"authorization": f"Bearer {token}"}
        return TestClient(self.app, base_url=self.url, headers=headers, follow_redirects=False)

    def signed_in(self, who: str = "ada") -> TestClient:
        """A browser in which somebody has used a one-time link."""
        browser = self.browser()
        assert use(browser, self.link(who)).status_code == 303
        return browser


def use(browser: TestClient, link: str) -> Any:
    """Click the button of a one-time link's page."""
    return browser.post("/login/link", data={"key": link.partition("key=")[2]})


def form_token(browser: TestClient) -> str:
    """The token of the forms on this browser's pages."""
    return str(browser.get("/probe").json()["csrf"])


def a_rig(**settings: Any) -> Rig:
    return Rig(DoorSettings(**settings))


def a_team(**settings: Any) -> Rig:
    """A page where a team comes in by OIDC; the tests that sign in give a real issuer."""
    rules = AccessRules(
        roles={Role.VIEWER: ("*@example.com",), Role.OWNER: ("makers",), Role.OPERATOR: ("platform",)},
        owners={"makers": ("ada",)},
    )
    defaults: dict[str, Any] = {
        "login": Login.OIDC,
        "public_url": PUBLIC,
        "issuer": "http://127.0.0.1:1",
        "client_id": "tuneguard",
        "client_secret": "s3cret",
        "access": rules,
    }
    return Rig(DoorSettings(**(defaults | settings)))


def _probes() -> APIRouter:
    """Routes as a page and the API have them."""
    router = APIRouter()

    @router.get("/probe")
    def probe(request: Request, person: PersonOf) -> dict[str, Any]:
        return {"name": person.name, "role": person.role, "owns": sorted(person.owns), "csrf": request.state.csrf}

    @router.post("/probe")
    def speak(desk: DeskOf, name: Annotated[str, Form()], why: Annotated[str, Form()] = "") -> Any:
        return desk.keep(name, until=None, why=why, who="somebody else")

    @router.get("/probe/bug")
    def bug() -> None:
        raise ZeroDivisionError

    @router.post("/api/probe")
    def api(desk: DeskOf, name: str) -> Any:
        return desk.keep(name, until=None, why="by a machine", who="x")

    @router.get("/api/probe")
    def api_read(person: PersonOf) -> dict[str, Any]:
        return {"name": person.name}

    return router
