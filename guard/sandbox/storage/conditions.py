"""Preconditions on generation and metageneration, which make a write happen once."""

from collections.abc import Mapping
from dataclasses import dataclass

from guard.sandbox.storage.errors import StorageError, invalid, not_met


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold of the live resource; None where nothing was asked. Generation 0 means: there is none."""

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], *, prefix: str = "if") -> "Conditions":
        """The conditions among query parameters; `ifSource` is the prefix of those on a copy's source."""
        return cls(
            whole(query, f"{prefix}GenerationMatch"),
            whole(query, f"{prefix}GenerationNotMatch"),
            whole(query, f"{prefix}MetagenerationMatch"),
            whole(query, f"{prefix}MetagenerationNotMatch"),
        )

    def check(self, generation: int, metageneration: int, *, reading: bool = False) -> None:
        """Raise 412 where a condition fails (304 for a `NotMatch` of a read); 0 and 0 stand for what does not exist."""
        if self.generation is not None and self.generation != generation:
            raise not_met()
        if self.metageneration is not None and self.metageneration != metageneration:
            raise not_met()
        unchanged = (self.not_generation is not None and self.not_generation == generation) or (
            self.not_metageneration is not None and self.not_metageneration == metageneration
        )
        if unchanged:
            raise StorageError(304, "notModified", "Not Modified") if reading else not_met()


def whole(query: Mapping[str, str], key: str) -> int | None:
    """A whole number among the query parameters. Raises StorageError where it is something else."""
    value = query.get(key)
    if value is None:
        return None
    if not value.isdigit():
        raise invalid(f"Invalid value for {key}: {value!r}")
    return int(value)
