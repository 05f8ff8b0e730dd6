"""A valid guard.yaml to break in one place."""

from __future__ import annotations

from guard.config import Config, parse

VALID = """\
mode: observe
projects: [acme-ml]
owners: {fallback: ops}
notify: {ops: "${OPS_URL}"}
if_wrong:
  team: {per_minute_down: 1}
policies:
  - name: prod
    match: {labels: {env: prod}}
    wait: never
  - name: default
    if_wrong: team
    wait: break_even
    do: [undeploy]
limits: {removals_per_day: 3}
"""
ENVIRONMENT = {"OPS_URL": "json://127.0.0.1:9"}


def read(text: str = VALID, **environment: str) -> Config:
    return parse(text, source="guard.yaml", environment=ENVIRONMENT | environment)


def changed(old: str, new: str) -> str:
    assert old in VALID
    return VALID.replace(old, new)
