"""Options that the tuning scripts share, worded once."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

RunName = Annotated[str, Parameter(help="Name of the run; its record is runs/NAME/run.json, and it becomes a label.")]
Poll = Annotated[float, Parameter(help="Seconds between looks at the job.")]
Yes = Annotated[bool, Parameter(help="Agree to the price without being asked.", negative="")]
Detach = Annotated[bool, Parameter(help="Do not wait for the job's end.", negative="")]
Owner = Annotated[str, Parameter(help="Whose it is; becomes a label of job, model and endpoint.")]
