"""The rules of an endpoint's traffic split."""

from collections.abc import Collection
from typing import Any

from guard.sandbox.errors import invalid


def check_split(split: Any, ids: Collection[str]) -> None:
    """Empty, or shares of 0 to 100 for models in `ids` that sum to 100. Raises ApiError."""
    if not split:
        return
    for key, share in split.items():
        if key not in ids:
            raise invalid(f"Invalid traffic_split: there is no DeployedModel with id {key!r}.")
        if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share <= 100:
            raise invalid(f"Invalid traffic_split: {share!r} for {key!r}; an integer from 0 to 100 is expected.")
    if (total := sum(split.values())) != 100:
        raise invalid(f"The sum of all traffic percentages in traffic_split must be 100; got {total}.")
