"""What the walks share: people with browsers of their own, and the page's own question whether there is news, asked at once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.web.place import Place, Served

AXE = Path(__file__).parent / "vendored" / "axe.min.js"
LAPTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass
class Walk:
    """Opens browsers for people and collects what their pages write to the console."""

    place: Place
    server: Served
    chromium: Any
    console: list[str] = field(default_factory=list)
    _contexts: list[Any] = field(default_factory=list)

    def person(self, who: str | None, **options: Any) -> Any:
        """A page in a browser of its own; signed in as somebody, or not at all."""
        context = self.chromium.new_context(base_url=self.place.url, timezone_id="Europe/Madrid", **options)
        self._contexts.append(context)
        context.set_default_timeout(10_000)
        if who is not None:
            name, value = self.place.cookie(who)
            context.add_cookies([{"name": name, "value": value, "url": self.place.url}])
        page = context.new_page()
        page.on("console", lambda message: self.console.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"{page.url}: {error}"))
        return page

    def forgive(self, *notes: str) -> None:
        """Take out what the browser itself notes of an answer that the walk asked for (a 409, nobody there)."""
        self.console = [message for message in self.console if not any(note in message for note in notes)]

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def ask_for_news(page: Any) -> None:
    """Let the page ask now what it asks every few seconds."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def violations(page: Any, *rules: str) -> list[str]:
    """What axe finds wrong with a page, by all its rules or by some."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": list(rules)} if rules else {}
    found = page.evaluate("(options) => axe.run(options).then((result) => JSON.stringify(result.violations))", options)
    return [f"{page.url}: {one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in json.loads(found)]
