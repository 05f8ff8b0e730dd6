#!/usr/bin/env python3
"""Tune an open model on Vertex AI, deploy it to a dedicated endpoint at a price shown first, with a keep that ends."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from finetune import at_vertex, bucket, clock, console, deploying, guard_side, starting, vertex_tuning
from finetune.clients import Place, VertexRest, genai_client, talking_to
from finetune.console import Output
from finetune.costs import hosting_cost
from finetune.deploying import Machines
from finetune.errors import FINE, FOUND_SOMETHING, UserError
from finetune.guard_side import CONFIG
from finetune.limits import DEFAULT_MODEL
from finetune.options import (
    Base,
    BatchSize,
    Detach,
    Epochs,
    Location,
    Owner,
    Poll,
    Prices,
    Project,
    Replicas,
    RunName,
    Train,
    Validation,
    Yes,
)
from finetune.prices import PriceBook
from finetune.runs import Run
from finetune.tuned import place_of

SCRIPT = "tune_open_model.py"

app = console.app(
    SCRIPT,
    "Tune an open model on Vertex AI and serve it. Its endpoint bills by the hour, called or not: deploying asks "
    "first and registers a keep.",
)


@app.command
def start(
    *,
    run: RunName,
    train: Train,
    bucket_uri: Annotated[
        str, Parameter(name="--bucket", help="gs://BUCKET or gs://BUCKET/FOLDER for data and weights.")
    ],
    owner: Owner,
    validation: Validation = None,
    model: Base = DEFAULT_MODEL["open"],
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    project: Project = None,
    location: Location = None,
    prices: Prices = None,
    yes: Yes = False,
    detach: Detach = False,
    poll: Poll = 10.0,
    output: Output = "text",
) -> int:
    """Check, price, upload, create and follow a job; run it again to go on where it was left."""
    now = clock.now()
    bucket.split_uri(bucket_uri)
    place = Place.of(project, location)
    record = Run.start(run, provider="open", now=now)
    vertex_tuning.labels(record, owner)
    weights = f"{bucket_uri.rstrip('/')}/{run}/weights"
    request = vertex_tuning.Request(model=model, epochs=epochs, batch_size=batch_size, output_uri=weights)
    record.fix("parameters", {**asdict(request), "owner": owner, "bucket": bucket_uri, **asdict(place)})
    if not starting.agreed(
        record,
        target="open",
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        prices=prices,
        now=now,
        yes=yes,
        also="To be called it must be deployed, which bills by the hour; that is asked for separately.",
    ):
        return FOUND_SOMETHING
    name = at_vertex.upload_and_create(
        record, place, request, train=train, validation=validation, bucket_uri=bucket_uri, owner=owner, now=now
    )
    if detach:
        return starting.detached(record, name, SCRIPT, output)
    return _follow(record, name, poll, output)


@app.command
def follow(*, run: RunName, poll: Poll = 10.0, output: Output = "text") -> int:
    """Watch a job to its end."""
    record = Run.open(run)
    return _follow(record, starting.job_of(record, SCRIPT, "name"), poll, output)


def _follow(record: Run, name: str, poll: float, output: Output) -> int:
    with talking_to("Vertex AI", "following the job"):
        job = vertex_tuning.follow(
            genai_client(place_of(record)), name, poll=poll, told=lambda text: console.err.print(text, markup=False)
        )
    results = vertex_tuning.results_of(job)
    results.pop("endpoint")  # an open model has none until it is deployed
    results["cost_usd"] = starting.cost_of(record.data["parameters"]["model"], results["trained_tokens"])
    record.note(**results)

    def text() -> None:
        if results["model"] is None:
            console.out.print(f"The job ended as {results['status']}. {results['error'] or ''}", markup=False)
        else:
            console.out.print(
                f"model {results['model']}\nNext: tune_open_model.py deploy --run {record.name} --keep-until 'Friday 18:00'",
                markup=False,
            )

    console.emit(output, record.data, text)
    return FINE if results["status"] in vertex_tuning.GOOD else FOUND_SOMETHING


@app.command
def deploy(
    *,
    run: RunName,
    keep_until: Annotated[
        str,
        Parameter(help='Until when the guard keeps it: "Friday 18:00" or "2026-11-27T18:00"; then its policy decides.'),
    ],
    why: Annotated[str, Parameter(help="For whoever reads the keep.")] = "tuning run",
    zone: Annotated[str, Parameter(help="Time zone of --keep-until.")] = "UTC",
    machine: Annotated[str | None, Parameter(help="Machine type; default: the one known to fit the model.")] = None,
    replicas: Replicas = 1,
    guard: Annotated[
        Path, Parameter(help="The guard's configuration; with one the keep stands in its ledger, else in a label.")
    ] = CONFIG,
    prices: Prices = None,
    yes: Yes = False,
    poll: Poll = 10.0,
    output: Output = "text",
) -> int:
    """Deploy the tuned model to a dedicated endpoint of its own."""
    now = clock.now()
    record = Run.open(run)
    model = record.data["results"].get("model")
    if not model:
        raise UserError(f"{record.folder}: the run has no finished model; follow it to its end first.")
    place = place_of(record)
    book = PriceBook.load(prices)
    price = book.find(record.data["parameters"]["model"])
    machine = machine or (price.machine if price is not None else None)
    if machine is None:
        raise UserError(f"No machine type is known for {record.data['parameters']['model']}; give --machine.")
    until = deploying.keep_until(keep_until, zone, now)
    machines = Machines.of(machine, replicas)
    host = hosting_cost(machine, book.machine(machine, place.location), replicas)
    hours = Decimal((until - now).total_seconds()) / 3600
    total = console.usd(None if host.hour is None else host.hour * hours)
    console.err.print(
        f"{replicas} x {machine} in {place.location}, called or not: {console.usd(host.hour)} an hour, "
        f"{console.usd(host.day)} a day, "
        f"{console.usd(host.month)} a month; {total} until {until:%A %Y-%m-%d %H:%M %Z}.",
        markup=False,
    )
    if record.result("deploy") is None and not console.confirm("Deploy?", yes=yes):
        return FOUND_SOMETHING
    owner = record.data["parameters"]["owner"]
    by_ledger = guard_side.has_ledger(guard)
    labels = {**vertex_tuning.labels(record, owner), **({} if by_ledger else guard_side.keep_labels(until))}
    rest = VertexRest(place)
    with talking_to("Vertex AI", "deploying"), console.progress("Deploying") as show:
        endpoint = deploying.endpoint(rest, record, labels, now, poll)
        if by_ledger:
            guard_side.register_keep(guard, endpoint, who=owner, why=f"{why} ({run})", until=until)
        deploying.deploy(rest, record, endpoint, model, machines, now, poll, lambda text: show(text, None))
    keep = {"until": until, "why": why, "who": owner, "by": "ledger" if by_ledger else "label"}
    ends = f"{until:%A %Y-%m-%d %H:%M %Z}" if by_ledger else f"the end of {until:%A %Y-%m-%d} (UTC)"
    record.note(endpoint=endpoint, deployment={**asdict(machines), "usd_per_hour": host.hour, "keep": keep})
    console.emit(
        output,
        record.data,
        lambda: console.out.print(
            f"{endpoint}\nThe guard keeps it until {ends} ({why}); then its policy decides.", markup=False
        ),
    )
    return FINE


@app.command
def cancel(*, run: RunName, output: Output = "text") -> int:
    """Stop a job."""
    name = at_vertex.cancel(Run.open(run), SCRIPT)
    console.emit(output, {"name": name}, lambda: console.out.print(f"{name}: cancelling", markup=False))
    return FINE


if __name__ == "__main__":
    console.run(app)
