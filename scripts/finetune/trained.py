"""Remember which examples a run trained on, so that evaluating on them can be refused even after the files are gone."""

from __future__ import annotations

from array import array
from pathlib import Path

from finetune import similar
from finetune.forms.parse import parse
from finetune.model import Example
from finetune.read import read_rows
from finetune.runs import Run

_FILE = "trained.u64"  # 8 bytes an example: fingerprints, no text


def remember(run: Run, files: list[Path]) -> None:
    """Write the fingerprints of what the model is about to see in training and validation."""
    marks = array(
        "Q", sorted({similar.fingerprint(example.context) for path in files for example in examples_of(path)})
    )
    path = run.folder / _FILE
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(marks.tobytes())
    unfinished.replace(path)


def seen(run: Run, examples: list[Example]) -> list[Example]:
    """Those examples that the run's model was trained or validated on."""
    path = run.folder / _FILE
    if not path.exists():
        return []
    marks = array("Q")
    marks.frombytes(path.read_bytes())
    known = set(marks)
    return [example for example in examples if similar.fingerprint(example.context) in known]


def examples_of(path: Path) -> list[Example]:
    """The usable examples of a file; the validator speaks about the others."""
    found = (parse(row) for row in read_rows(path) if not hasattr(row, "code"))
    return [example for example in found if isinstance(example, Example) and example.answer is not None]
