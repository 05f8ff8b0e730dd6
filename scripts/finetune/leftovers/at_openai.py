"""What a run left at OpenAI: a running job, tuned models and checkpoints, uploaded and result files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from finetune.guard_side import OpenAIChanges
from finetune.leftovers.item import Leftover
from finetune.openai_tuning import ENDED, KEY_MARK
from finetune.runs import Run

if TYPE_CHECKING:
    import openai

NO_WAY_BACK = "cannot be made again if the organisation may no longer tune"


def find(client: openai.OpenAI, run: Run) -> list[Leftover]:
    """Everything, in the order in which it can be removed."""
    changes = OpenAIChanges(client)
    out: list[Leftover] = []
    models: list[str] = []
    files: list[str] = []
    for job in client.fine_tuning.jobs.list(metadata={KEY_MARK: run.key}):
        if job.status not in ENDED:
            out.append(
                Leftover(
                    kind="job",
                    name=job.id,
                    bills="training tokens while it runs",
                    remove=partial(changes.cancel_job, job.id),
                )
            )
        if job.fine_tuned_model:
            models.append(job.fine_tuned_model)
            models += [item.fine_tuned_model_checkpoint for item in client.fine_tuning.jobs.checkpoints.list(job.id)]
        files += job.result_files or []
    out += [
        Leftover(
            kind="model",
            name=name,
            bills="nothing while nobody calls it",
            remove=partial(changes.delete_model, name),
            warning=NO_WAY_BACK,
        )
        for name in dict.fromkeys(models)
        if _there(client.models.retrieve, name)
    ]
    ours = (f"{run.name}-train-", f"{run.name}-validation-")
    out += [
        Leftover(
            kind="file",
            name=f"{file.id} {file.filename}",
            bills="nothing",
            remove=partial(changes.delete_file, file.id),
        )
        for file in client.files.list()
        if file.id in files or file.filename.startswith(ours)
    ]
    return out


def _there(look: Callable[[str], Any], name: str) -> bool:
    import openai

    try:
        look(name)
    except openai.NotFoundError:
        return False
    return True
