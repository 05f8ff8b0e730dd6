"""One look at a service that speaks OpenAI's protocol: what an ordinary key shows, and what an admin key adds.

Source: developers.openai.com/api/reference and the types of the openai package 3.x (read 2026-11-24). Last use comes from daily
buckets and is refined to the hour; how a tune is named in real usage data was not seen, so whole ids are compared without case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from guard.adapters.openai.client import OpenAIClient
from guard.core.model import JobState
from guard.core.provider import USAGE_DAYS, file_artefact, tune_artefact, tuning_job
from guard.core.tunes import STATES, Loss, RemoteFile, RemoteJob, Tune, TuneLook, TunePrice
from guard.core.units import Known, Maybe, Money, Unknown
from guard.ports.errors import Gone, GuardError, Malformed
from guard.ports.inventory import Document

_MISSHAPEN = (KeyError, TypeError, ValueError, ArithmeticError)
"""What reading an answer of another form raises."""
EVENTS = 100
"""Latest events read of a job, the most that one page holds; the curve of a long job grows from look to look."""
CURVE_FOR = timedelta(days=2)
"""How long after its end a job's curve is still read: what happened between the last look and the end."""
_DAY_S = 86_400
_HOUR_S = 3_600


class OpenAITunes:
    """guard.ports.tunes.TuneSource. Keys are kept here only, and never in an error."""

    def __init__(self, client: OpenAIClient, *, key: str, admin_key: str | None) -> None:
        self._client = client
        self._key = key
        self._admin_key = admin_key

    def look(self, now: datetime) -> TuneLook:
        """See the port."""
        try:
            return self._look(now)
        except _MISSHAPEN as error:
            raise Malformed(
                f"An answer of the fine-tuning service has another form ({type(error).__name__}: {error})."
            ) from error

    def fresh(self, name: str, now: datetime) -> Document:
        """See the port."""
        try:
            return self._fresh(name, now)
        except Gone:
            return Document(name=name, body=None)
        except _MISSHAPEN as error:
            raise Malformed(f"{name}: the answer has another form ({type(error).__name__}: {error}).") from error

    def _fresh(self, name: str, now: datetime) -> Document:
        _, provider, _, _, kind, identity = name.split("/", 5)
        if kind == "tuningJobs":
            raw = self._client.get(f"/fine_tuning/jobs/{quote(identity)}", self._key)
            job = self._job(raw, now)
            body = {**raw, "state": f"JOB_STATE_{job.state.name}"}
            return Document(name=name, body=body, parsed=tuning_job(job, provider))
        if kind == "models":
            raw = self._client.get(f"/models/{quote(identity, safe=':')}", self._key)
            return Document(name=name, body=raw, parsed=tune_artefact(_tune(raw, self._last_used(now)), provider, now))
        if kind != "files":
            raise Malformed(f"{name}: no thing of such a provider; expected tuningJobs, models or files.")
        raw = self._client.get(f"/files/{quote(identity)}", self._key)
        jobs = [self._job(one, now) for one in self._client.listed("/fine_tuning/jobs", self._key)]
        return Document(name=name, body=raw, parsed=file_artefact(_file(raw), jobs, provider))

    def _look(self, now: datetime) -> TuneLook:
        jobs = tuple(self._job(raw, now) for raw in self._client.listed("/fine_tuning/jobs", self._key))
        models = self._client.get("/models", self._key)["data"]
        used = self._last_used(now)
        tunes = tuple(_tune(raw, used) for raw in models if str(raw["id"]).startswith("ft:"))
        stored = self._client.listed("/files", self._key)
        return TuneLook(
            taken_at=now,
            jobs=jobs,
            tunes=tunes,
            files=tuple(_file(raw) for raw in stored if str(raw["purpose"]).startswith("fine-tune")),
            spent=self._spent(now),
            bases={
                str(raw["id"]): date.fromisoformat(raw["shutdown_date"]) for raw in models if raw.get("shutdown_date")
            },
        )

    def _job(self, raw: Mapping[str, Any], now: datetime) -> RemoteJob:
        state = STATES.get(str(raw["status"]), JobState.UNFAMILIAR)
        ended = _maybe_instant(raw.get("finished_at"))
        progress, events = None, []
        if state is JobState.RUNNING or (state is JobState.SUCCEEDED and ended is not None and now - ended < CURVE_FOR):
            events = self._client.get(f"/fine_tuning/jobs/{raw['id']}/events", self._key, {"limit": EVENTS})["data"]
        if state is JobState.RUNNING:
            progress = max((_instant(event["created_at"]) for event in events), default=None)
        metrics = [event["data"] for event in events if event.get("type") == "metrics" and event.get("data")]
        error = raw.get("error") or {}
        return RemoteJob(
            id=str(raw["id"]),
            base=str(raw["model"]),
            state=state,
            state_text=str(raw["status"]),
            created_at=_instant(raw["created_at"]),
            finished_at=ended,
            estimated_finish=_maybe_instant(raw.get("estimated_finish")),
            progress_at=progress,
            trained_tokens=raw.get("trained_tokens"),
            tune=raw.get("fine_tuned_model"),
            suffix=str(raw.get("user_provided_suffix") or ""),
            error=str(error.get("message") or ""),
            metadata={str(key): str(value) for key, value in (raw.get("metadata") or {}).items()},
            files=tuple(str(raw[key]) for key in ("training_file", "validation_file") if raw.get(key)),
            losses=tuple(sorted(loss for data in metrics if (loss := _loss(data)) is not None)),
            last_step=max((int(data["total_steps"]) for data in metrics if data.get("total_steps")), default=None),
        )

    def _last_used(self, now: datetime) -> Maybe[Mapping[str, datetime]]:
        """Tune -> the hour in which it was last called, for those that were."""
        if not self._admin_key:
            return Unknown("usage needs an admin key: OPENAI_ADMIN_KEY")
        until = int(now.timestamp())
        try:
            days = self._calls(until - int(USAGE_DAYS.total_seconds()), until, "1d", 31)
            hours: dict[str, datetime] = {}
            for day in sorted(set(days.values())):
                start = int(day.timestamp())
                hours |= self._calls(start, min(start + _DAY_S, until), "1h", 24)
        except (GuardError, *_MISSHAPEN) as error:
            return Unknown(f"usage could not be read: {error}")
        return Known({name: max(at, hours.get(name, at)) for name, at in days.items()})

    def _calls(self, start: int, end: int, width: str, limit: int) -> dict[str, datetime]:
        """Model (lower case) -> start of its latest bucket with a request."""
        found: dict[str, datetime] = {}
        question = {"start_time": start, "end_time": end, "bucket_width": width, "limit": limit, "group_by[]": "model"}
        for bucket in self._client.buckets("/organization/usage/completions", self._admin_key or "", question):
            for result in bucket["results"]:
                requests = int(result.get("num_model_requests") or 0)
                if requests < 0:
                    raise Malformed(f"usage: {requests} requests in a bucket, which cannot be.")
                if requests and result.get("model"):
                    name = str(result["model"]).lower()
                    found[name] = max(found.get(name, _instant(0)), _instant(bucket["start_time"]))
        return found

    def _spent(self, now: datetime) -> Maybe[Mapping[str, Money]]:
        """What the costs API says of the UTC month so far, by line item."""
        if not self._admin_key:
            return Unknown("costs need an admin key: OPENAI_ADMIN_KEY")
        start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        question = {"start_time": int(start.timestamp()), "limit": 31, "group_by[]": "line_item"}
        sums: dict[str, Money] = {}
        try:
            for bucket in self._client.buckets("/organization/costs", self._admin_key, question):
                for result in bucket["results"]:
                    item, amount = str(result.get("line_item") or "all"), result["amount"]
                    money = Money(Decimal(str(amount["value"])), str(amount["currency"]).upper())
                    sums[item] = sums[item] + money if item in sums else money
        except (GuardError, *_MISSHAPEN) as error:
            return Unknown(f"costs could not be read: {error}")
        return Known(sums)


@lru_cache(maxsize=1)
def training_prices() -> Mapping[str, TunePrice]:
    """The training prices that ship, by base model."""
    data = json.loads(files(__package__).joinpath("training_prices.json").read_text(encoding="utf-8"))
    return {
        row["base"]: TunePrice(
            base=row["base"],
            amount=Money(Decimal(row["usd"])),
            source=row["source"],
            as_of=date.fromisoformat(row["as_of"]),
        )
        for row in data["rows"]
    }


def _loss(data: Mapping[str, Any]) -> Loss | None:
    """One step's losses; what an event does not say in numbers says nothing of the job."""
    valid = data.get("full_valid_loss", data.get("valid_loss"))
    if data.get("step") is None or data.get("train_loss") is None:
        return None
    return Loss(int(data["step"]), float(data["train_loss"]), None if valid is None else float(valid))


def _tune(raw: Mapping[str, Any], used: Maybe[Mapping[str, datetime]]) -> Tune:
    name = str(raw["id"])
    created = _instant(raw["created"])
    last: Maybe[datetime | None] = used if isinstance(used, Unknown) else Known(used.value.get(name.lower()))
    shut_down = raw.get("shutdown_date")
    return Tune(
        id=name,
        base=name.split(":")[1],
        created_at=created,
        shut_down=date.fromisoformat(shut_down) if shut_down else None,
        last_used=last,
    )


def _file(raw: Mapping[str, Any]) -> RemoteFile:
    return RemoteFile(
        id=str(raw["id"]),
        name=str(raw["filename"]),
        purpose=str(raw["purpose"]),
        size=int(raw["bytes"]),
        created_at=_instant(raw["created_at"]),
    )


def _instant(seconds: Any) -> datetime:
    return datetime.fromtimestamp(0, tz=UTC) + timedelta(seconds=float(seconds))


def _maybe_instant(seconds: Any) -> datetime | None:
    return None if seconds is None else _instant(seconds)
