"""Read a text file that a person named."""

from __future__ import annotations

from pathlib import Path

from finetune.errors import UserError


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        UserError: The file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}). Expected a text file in UTF-8.") from error
