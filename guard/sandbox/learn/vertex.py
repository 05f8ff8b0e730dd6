"""The stand-in behind Vertex AI: answers of Gemini bases, of tuned models, and of open models on dedicated endpoints.

A tuned model is learned at its first call, from the files that its job named, as they stood in Cloud Storage when the job was made.
"""

from typing import Any

from guard.sandbox.learn import base
from guard.sandbox.learn.conversation import Conversation, call_of, from_gemini, from_openai, training_examples
from guard.sandbox.learn.learner import Learner
from guard.sandbox.learn.text import tokens
from guard.sandbox.storage.errors import StorageError
from guard.sandbox.storage.shelves import shelves_of
from guard.sandbox.store import Document
from guard.sandbox.world import Responder, World

_DEFAULT_EPOCHS = 3


class Responders(dict[str, Responder]):
    """The responders of a world: those put there by hand, and for every other model one that is made when it is asked for."""

    def __init__(self, world: World) -> None:
        super().__init__(world.responders)
        self._world = world

    def get(self, key: str, default: Any = None) -> Any:
        """The responder of a model, made and kept at the first call; `default` for a tuned model whose data never was there."""
        if key not in self:
            learner = learner_of(self._world, key)
            if learner is None and not key.startswith("publishers/"):
                return default
            self[key] = _responder(learner)
        return self[key]


def _responder(learner: Learner | None) -> Responder:
    def respond(body: Document) -> Document:
        talk = from_openai(body) if "messages" in body else from_gemini(body)
        return gemini_reply(body, say(talk, learner), talk)

    return respond


def say(talk: Conversation, learner: Learner | None) -> str:
    """What the model says: what it learned, or what its base would say."""
    return base.reply(talk) if learner is None else learner.answer(talk.question)


def gemini_reply(body: Document, text: str, talk: Conversation) -> Document:
    """A generateContent response around a text."""
    called = call_of(text) if body.get("tools") else None
    part: Document = {"text": text} if called is None else {"functionCall": {"name": called[0], "args": called[1]}}
    asked = tokens(talk.system) + sum(4 + tokens(turn.text) for turn in talk.turns)
    given = tokens(text)
    return {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": asked, "candidatesTokenCount": given, "totalTokenCount": asked + given},
    }


def note_job(world: World, job: Document) -> dict[str, int]:
    """Keep what a new job is to learn from, as the files stand now; its figures for the statistics, if the data is there."""
    spec = job.get("supervisedTuningSpec") or job.get("preferenceOptimizationSpec") or {}
    train = read_lines(world, str(spec.get("trainingDatasetUri", "")))
    if not train:
        return {}
    held = read_lines(world, str(spec.get("validationDatasetUri", "")))
    _lessons(world)[job["name"]] = (train, held)
    return {"examples": len(train), "tokens": sum(tokens(line.decode("utf-8", "replace")) for line in train)}


def _lessons(world: World) -> dict[str, tuple[list[bytes], list[bytes]]]:
    """Training and validation lines by job name."""
    lessons: dict[str, tuple[list[bytes], list[bytes]]] = world.settings.setdefault("learn.lessons", {})
    return lessons


def learner_of(world: World, model: str) -> Learner | None:
    """The stand-in that learned what the model's tuning job was given; None for a base, or a job whose data never was there."""
    bare = model.split("@", maxsplit=1)[0]
    with world.lock:
        job = next((job for _, job in world.store.all("tuningJobs") if _made(job, bare)), None)
        lesson = _lessons(world).get(job["name"]) if job is not None else None
    if job is None or lesson is None:
        return None
    try:
        train, held = training_examples(lesson[0]), training_examples(lesson[1])
    except (ValueError, AttributeError, TypeError):
        return None
    spec = job.get("supervisedTuningSpec") or job.get("preferenceOptimizationSpec") or {}
    numbers = spec.get("hyperParameters", {})
    learner = Learner(train, seed=0)
    learner.train(
        epochs=int(numbers.get("epochCount") or _DEFAULT_EPOCHS),
        batch_size=max(1, len(train) // 250),
        rate_multiplier=float(numbers.get("learningRateMultiplier") or 1.0),
        validation=held,
    )
    return learner


def _made(job: Document, model: str) -> bool:
    return str(job.get("tunedModel", {}).get("model", "")).split("@")[0] == model


def read_lines(world: World, uri: str) -> list[bytes]:
    """The lines of an object in the sandbox's Cloud Storage; none where it is not there."""
    bucket_name, _, name = uri.removeprefix("gs://").partition("/")
    shelves = shelves_of(world)
    try:
        blob = shelves.find(shelves.bucket(bucket_name), name)
    except StorageError:
        return []
    return [] if blob is None else [line for line in blob.data.splitlines() if line.strip()]


def predict(world: World, model: str, instances: list[Any]) -> list[Any]:
    """Predictions on a dedicated endpoint: text for an instance with `prompt` or `messages`, else the instance echoed."""
    return [_prediction(world, model, instance) for instance in instances]


def _prediction(world: World, model: str, instance: Any) -> Any:
    if not isinstance(instance, dict) or not {"prompt", "messages"} & set(instance):
        return {"echo": instance}
    turns = instance.get("messages") or [{"role": "user", "content": instance["prompt"]}]
    answer = world.responders.get(model)
    if answer is None:
        return {"echo": instance}
    body = answer({"messages": turns, "contents": []})
    return body["candidates"][0]["content"]["parts"][0].get("text", "")
