"""What the scripts ask of the guard: to keep what is being deployed until a time, and the calls that remove things."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune import vertex_tuning
from finetune.clients import VertexError, VertexRest
from finetune.deploying import is_gone, wait
from finetune.errors import ProviderError
from finetune.openai_tuning import ENDED

if TYPE_CHECKING:
    import openai

    from guard.ports.mutations import Mutations

KEEP_LABEL = "tuneguard-keep-until"
CONFIG = Path("guard.yaml")
AGAIN = "Run the same command again: it looks anew and removes what is left."
PATIENCE_S = 60.0  # right after an undeploy a delete can be refused for a while: python-aiplatform issue 2807


def has_ledger(config: Path) -> bool:
    """Whether a guard works here: a guard.yaml, or a ledger in the environment."""
    return config.exists() or bool(os.environ.get("TUNEGUARD_LEDGER"))


def keep_labels(until: datetime) -> dict[str, str]:
    """Without a guard's ledger at hand: the label by which any guard keeps the endpoint, that day included, in UTC.

    It is written with the endpoint itself, so there is no moment in which the endpoint stands without it.
    """
    return {KEEP_LABEL: f"{until.astimezone(UTC):%Y-%m-%d}"}


def register_keep(config: Path, subject: str, *, who: str, why: str, until: datetime) -> None:
    """Keep an endpoint in the guard's ledger, to the minute; called before anything is deployed to it.

    Raises:
        ProviderError: The ledger cannot be used; then nothing was deployed.
    """
    from guard.wiring import by_hand

    try:
        by_hand.keep(config, subject=subject, who=who, why=why, until=until)
    except by_hand.GuardError as error:
        raise ProviderError(f"The guard's ledger cannot be used, so nothing was deployed: {error}") from error


class OpenAIChanges:
    """Removals at OpenAI through the guard's gateway of changing calls; what is gone or has ended already is done."""

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client

    def cancel_job(self, job: str) -> None:
        """Stop a job; one that ended since it was looked at is left as it is."""
        self._do("tuningJobs", job, lambda calls, name: calls.cancel_job(name), over=lambda: self._has_ended(job))

    def delete_model(self, model: str) -> None:
        """Delete a tuned model or a checkpoint."""
        self._do("models", model, lambda calls, name: calls.delete_model(name))

    def delete_file(self, file: str) -> None:
        """Delete an uploaded or a result file."""
        self._do("files", file, lambda calls, name: calls.delete_file(name))

    def _do(
        self, kind: str, identity: str, call: Callable[[Mutations, str], Any], over: Callable[[], bool] = lambda: False
    ) -> None:
        from guard.core.names import provider_name
        from guard.wiring import by_hand

        try:
            calls = by_hand.openai_mutations(base_url=str(self._client.base_url), key=self._client.api_key)
            call(calls, provider_name("openai", kind, identity))
        except by_hand.Gone:
            return
        except by_hand.GuardError as error:
            if not over():
                raise ProviderError(f"{identity} was not removed: {error} {AGAIN}") from error

    def _has_ended(self, job: str) -> bool:
        return str(self._client.fine_tuning.jobs.retrieve(job).status) in ENDED


class Changes:
    """Removals on Google Cloud through the guard's gateway of changing calls, each waited for; what is gone already is done.

    The gateway's clients take seconds to import, so they are made at the first removal.
    """

    def __init__(self, rest: VertexRest, poll: float) -> None:
        self._rest = rest
        self._poll = poll
        self._made: Mutations | None = None
        self._delete_object: Callable[[str, str, int], None] | None = None

    def cancel_job(self, name: str) -> None:
        """Ask for a tuning job's end; the job itself shows when it has come. One that ended already is left as it is."""
        self._do(
            name, lambda calls: calls.cancel_job(name), over=lambda found: found.get("state") in vertex_tuning.ENDED
        )

    def delete_object(self, bucket: str, name: str, generation: int) -> None:
        """Delete an object of a bucket as it was shown; another one written since is left."""
        from guard.wiring import by_hand

        try:
            self._delete_object = self._delete_object or by_hand.object_deletion()
            self._delete_object(bucket, name, generation)
        except by_hand.Gone:
            return
        except by_hand.GuardError as error:
            raise ProviderError(f"gs://{bucket}/{name} was not removed: {error} {AGAIN}") from error

    def undeploy(self, endpoint: str, deployed_id: str, split: dict[str, int]) -> None:
        """Take one deployed model off; `split` is the traffic of those that stay."""
        self._do(endpoint, lambda calls: calls.undeploy(endpoint, deployed_id, traffic_split=split or None))

    def delete_endpoint(self, name: str) -> None:
        """Delete an empty endpoint."""
        self._do(name, lambda calls: calls.delete_endpoint(name))

    def delete_model(self, name: str) -> None:
        """Delete a model with all its versions."""
        self._do(name, lambda calls: calls.delete_model(name))

    def _do(
        self,
        name: str,
        call: Callable[[Mutations], Any],
        over: Callable[[dict[str, Any]], bool] = lambda _found: False,
    ) -> None:
        """Call, wait for the operation; a refusal is tried again for a while if the thing is still there and not `over`."""
        from guard.wiring import by_hand

        self._made = self._made or by_hand.mutations()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                begun = call(self._made)
            except by_hand.GuardError as error:
                found = self._look(name)
                if found is None or over(found):
                    return
                if time.monotonic() > deadline:
                    raise ProviderError(f"{name} was not removed: {error}") from error
                time.sleep(self._poll)
            else:
                if begun.operation:
                    wait(self._rest, {"name": begun.operation}, self._poll, lambda _text: None)
                return

    def _look(self, name: str) -> dict[str, Any] | None:
        try:
            return self._rest.call("GET", name)
        except VertexError as error:
            if is_gone(error):
                return None
            raise
