"""The model that a run made, ready to be asked, whichever provider it lives at."""

from __future__ import annotations

from finetune.chat import Chat, EndpointChat, GeminiChat, OpenAIChat
from finetune.clients import Place
from finetune.errors import UserError
from finetune.runs import Run


def place_of(run: Run) -> Place:
    """The Google Cloud project and location of a run.

    Raises:
        UserError: The run has none.
    """
    parameters = run.data["parameters"]
    if "project" not in parameters:
        raise UserError(f"{run.folder}: the run has no Google Cloud project.")
    return Place(parameters["project"], parameters["location"])


def chat_of(run: Run, checkpoint: int | None = None) -> Chat:
    """A chat with the run's model, or with one of its checkpoints by step.

    Raises:
        UserError: The run has no finished model, or no such checkpoint.
    """
    results = run.data["results"]
    model = results.get("model")
    if checkpoint is not None:
        kept = {item["step"]: item["model"] for item in results.get("checkpoints", [])}
        if checkpoint not in kept:
            raise UserError(
                f"--checkpoint: found {checkpoint}, the run kept {', '.join(map(str, sorted(kept))) or 'none'}."
            )
        model = kept[checkpoint]
    if not model:
        raise UserError(f"{run.folder}: the run has no finished model; follow it to its end first.")
    provider = run.data["provider"]
    if provider == "openai":
        return OpenAIChat(model)
    if provider == "gemini":
        return GeminiChat(results.get("endpoint") if checkpoint is None else model, place_of(run))
    if provider == "open":
        if not results.get("endpoint"):
            raise UserError(
                f"{run.folder}: the model is not deployed. Deploy it with: tune_open_model.py deploy --run {run.name}"
            )
        return EndpointChat(results["endpoint"], model, place_of(run))
    raise UserError(f"{run.folder}: a run for {provider} has no tuned model.")
