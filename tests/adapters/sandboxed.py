"""What the adapters' tests share: a sandbox with one of each kind of thing, and a connection that does not wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from guard.adapters.connection import Connection, Patience
from guard.adapters.worlds import sandbox_world
from guard.core.units import Window
from guard.ports.inventory import Project
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import Running, start_in_thread

ML = Project(id="acme-ml", number="123456")
WEB = Project(id="acme-web", number="654321")
US = "projects/123456/locations/us-central1"
EU = "projects/123456/locations/europe-west4"

HURRIED = Patience(timeout=1.0, attempts=3, total=5.0, first_pause=0.01, longest_pause=0.05)
"""For faults that cost three tries: a second in all, not half a minute."""

FLEET = """
start: 2026-11-02T00:00:00Z
seed: 7
projects:
  - {id: acme-ml, number: "123456", locations: [us-central1, europe-west4, us], parent: folders/77, labels: {team: ml}}
  - {id: acme-web, number: "654321", locations: [us-central1], parent: folders/77}
  - {id: acme-closed, number: "777777", forbidden: true}
operations: {undeploy: 10m, delete_endpoint: 0s}
models:
  - {id: "2001", project: acme-ml, location: us-central1, display_name: custom, versions: 2, labels: {team: a}}
  - {id: "2002", project: acme-ml, location: us, source: tuned_gemini, base_model: gemini-3.5-flash}
  - {id: "2003", project: acme-ml, location: europe-west4, display_name: other}
  - {id: "2004", project: acme-web, location: us-central1, display_name: web}
pools:
  - {id: shared, project: acme-ml, location: us-central1, machine: n1-standard-8, max_replicas: 2}
  - {id: empty, project: acme-ml, location: us-central1}
endpoints:
  - id: "1001"
    display_name: busy
    project: acme-ml
    location: us-central1
    labels: {owner: ana, env: prod}
    creator: ana@example.com
    dedicated: true
    deploy:
      - {id: "11", model: "2001", machine: g2-standard-12, accelerator: NVIDIA_L4, share: 80}
      - {id: "12", model: "2001", model_version: "1", machine: n1-standard-4, share: 20}
    traffic: {pattern: busy, per_hour: 60}
  - {id: "1002", display_name: idle, project: acme-ml, location: us-central1, deploy: [{id: "21", model: "2001"}]}
  - id: "1003"
    project: acme-ml
    location: us-central1
    deploy: [{id: "31", model: "2001", spot: true, replicas: 2, max_replicas: 4}]
  - {id: "1004", project: acme-ml, location: us-central1, deploy: [{id: "41", model: "2001", pool: shared}]}
  - {id: "1005", project: acme-ml, location: us-central1, deploy: [{id: "51", model: "2001", pool: shared}]}
  - {id: "1006", project: acme-ml, location: us-central1, deploy: [{id: "61", model: "2001", scale_to_zero: {idle: 1h}}]}
  - {id: "1007", project: acme-ml, location: us-central1, deploy: [{id: "71", model: "2001", automatic: true}]}
  - {id: "1008", display_name: empty, project: acme-ml, location: us-central1}
  - {id: "1009", project: acme-ml, location: us, deploy: [{id: "91", model: "2002", gemini: true}]}
  - {id: "1101", project: acme-ml, location: europe-west4, deploy: [{id: "1", model: "2003"}]}
  - id: "1201"
    project: acme-web
    location: us-central1
    deploy: [{id: "1", model: "2004"}]
    traffic: {pattern: busy, per_hour: 6}
tuning_jobs:
  - {id: "5001", project: acme-ml, location: us-central1, display_name: support, base_model: gemini-2.5-flash, at: -2d,
     takes: 3h, epochs: 3, tokens: 90000, labels: {submitter: bo}, creator: bo@example.com, model_id: "2050", endpoint_id: "1050"}
"""


@contextmanager
def serving(text: str = FLEET) -> Iterator[Running]:
    """Serve a scenario for a while."""
    with start_in_thread(build(parse(text))) as running:
        yield running


@contextmanager
def connected(running: Running, *, identity: str | None = None) -> Iterator[Connection]:
    """Connect to it."""
    connection = Connection(sandbox_world(running.http, identity=identity), patience=HURRIED, workers=16)
    try:
        yield connection
    finally:
        connection.close()


def last_hours(now: datetime, hours: int) -> Window:
    """The whole hours up to the end of the present one."""
    end = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return Window(end - timedelta(hours=hours), end)
