"""The first view of the fleet: at 10,000 things (budget 1 s, cold) and after that; and one thing's page. Through the application.

Cold means that the page's process has just started: nothing is remembered of the look. The month's sums are made in the background
then; how long they take is printed, and no view waits for them. On a busy machine go by the CPU time; the cold view's holds what
the background has begun by then.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.testclient import TestClient

from benchmarks.big_ledger import NOW, fill, name_of
from guard.core.access import AccessRules, DoorSettings, Identity, Login, Role
from guard.desk import LedgerDesk
from guard.web import sessions
from guard.web.app import create_app
from guard.web.house import House
from guard.wiring.money import accounting

BUDGET_S = 1.0
WARM_S = 0.5
CONFIG = """\
mode: observe
projects: [acme-0]
owners: {fallback: ops}
notify: {ops: "json://127.0.0.1:1"}
policies: [{name: default, wait: 180h, do: [undeploy]}]
budgets: [{name: all, monthly: 100000 USD, alert_at: [50%]}]
"""


class StandingClock:
    """Domain time stands at the look."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return time.monotonic()


def main(argv: list[str]) -> int:
    """Print the times; 1 where a budget is exceeded."""
    things = int(argv[0]) if argv else 10_000
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "guard.yaml"
        config.write_text(CONFIG, encoding="utf-8")
        ledger = fill(Path(folder) / "ledger.db", things)
        desk = LedgerDesk(ledger, StandingClock(), accounting(config, {}), None, user=lambda: "bench")
        settings = DoorSettings(
            login=Login.OIDC,
            issuer="http://127.0.0.1:1",
            client_id="bench",
            client_secret="bench",
            access=AccessRules(roles={Role.OPERATOR: ("ada@example.com",)}),
        )
        house = House(
            desk=lambda: desk,
            book=ledger,
            now=lambda: datetime.now(UTC),
            settings=settings,
            monotonic=time.monotonic,
        )
        app = create_app(house)
        cookie = sessions.begin(house, Identity(login=Login.OIDC, name="ada", email="ada@example.com")).secret
        client = TestClient(
            app,
            base_url=app.state.addresses.url,
            headers={"accept": "text/html"},
            cookies={app.state.addresses.session_cookie: cookie},
        )
        client.get("/livez")

        def view(path: str) -> tuple[float, float]:
            start, spent = time.perf_counter(), time.process_time()
            answer = client.get(path)
            assert answer.status_code == 200, answer.text
            return time.perf_counter() - start, time.process_time() - spent

        print(f"{things} things, 31 days of hours")
        cold = view("/")
        over = _report("first view of the fleet, cold", cold, BUDGET_S)
        sums = _until(lambda: desk.fleet({})["figures"]["month"] is not None)
        print(f"  the month's sums, in the background: {sums:.2f} s")
        over |= _report("fleet again", min(view("/") for _ in range(3)), WARM_S)
        over |= _report("filtered, sorted, page 2", view("/?owner=nlp&sort=silent&page=2"), WARM_S)
        over |= _report("search", view("/?text=endpoint-77"), WARM_S)
        over |= _report("one thing", view(f"/things/{name_of(things // 2)}"), BUDGET_S)
        over |= _report("is there news", min(view("/live") for _ in range(3)), 0.05)
        client.close()
        ledger.close()
    return 1 if over else 0


def _report(what: str, times: tuple[float, float], budget: float) -> bool:
    took, cpu = (one * 1000 for one in times)
    over = "" if times[0] <= budget else ": over budget"
    print(f"  {what}: {took:.0f} ms, {cpu:.0f} ms of CPU in the process (budget {budget * 1000:.0f} ms){over}")
    return times[0] > budget


def _until(done: Callable[[], bool]) -> float:
    start = time.perf_counter()
    while not done():
        time.sleep(0.05)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
