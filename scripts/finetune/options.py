"""Options that the scripts share, worded once, with the numbers that each takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

MOST_EPOCHS = 50
"""The most that a provider takes. Source: OpenAI API reference, fine_tuning/jobs, n_epochs, read 2026-11-24."""

RunName = Annotated[str, Parameter(help="Name of the run; its record is runs/NAME/run.json, and it becomes a label.")]
Run = Annotated[str, Parameter(help="Name of the run, as it was started.")]
Poll = Annotated[float, Parameter(help="Seconds between looks at the job.", validator=Number(gte=0.01))]
Yes = Annotated[bool, Parameter(help="Agree to the price without being asked.", negative="")]
Detach = Annotated[bool, Parameter(help="Do not wait for the job's end.", negative="")]
Owner = Annotated[str, Parameter(help="Whose it is; becomes a label of job, model and endpoint.")]

Train = Annotated[Path, Parameter(help="Training examples, as prepare_data.py wrote them.")]
Validation = Annotated[Path | None, Parameter(help="Examples that the job measures itself on.")]
Base = Annotated[str, Parameter(help="Base model to tune; estimate.py lists those that are known.")]
Epochs = Annotated[
    int | None,
    Parameter(help="Passes over the data; default: the provider chooses.", validator=Number(gte=1, lte=MOST_EPOCHS)),
]
BatchSize = Annotated[
    int | None, Parameter(help="Examples a step; default: the provider chooses.", validator=Number(gte=1))
]
Rate = Annotated[
    float | None,
    Parameter(help="Learning-rate multiplier; default: the provider chooses.", validator=Number(gt=0)),
]
Replicas = Annotated[int, Parameter(help="Machines that stand, each billed by the hour.", validator=Number(gte=1))]

Shots = Annotated[int, Parameter(help="Number of few-shot examples.", validator=Number(gte=0))]
Seed = Annotated[int, Parameter(help="Same seed, same choice.")]
MaxTokens = Annotated[int, Parameter(help="The longest answer, in tokens.", validator=Number(gte=1))]
Project = Annotated[str | None, Parameter(help="Google Cloud project; default: GOOGLE_CLOUD_PROJECT.")]
Location = Annotated[
    str | None, Parameter(help="Google Cloud location; default: GOOGLE_CLOUD_LOCATION, else us-central1.")
]
Prices = Annotated[Path | None, Parameter(help="A file whose rows replace the packaged prices.")]
