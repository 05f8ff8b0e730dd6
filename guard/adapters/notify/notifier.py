"""The Notifier port: names of `notify:` to channels, each with its time-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime

from guard.adapters.notify.channels import Channel, channel
from guard.core.plan import Notice
from guard.ports.notifier import Delivery

LONGEST_S = 20.0
"""Longest wait for one message; some services take several calls for one."""


class ChannelNotifier:
    """Sends to the channel that bears the owner's name. An owner without one is not reached; the fallback is the caller's.

    Raises ConfigInvalid or WorldMismatch when it is built, with the field named; never when it sends.
    """

    def __init__(
        self, urls: Mapping[str, str], *, loopback_only: bool = False, longest: float = LONGEST_S, workers: int = 4
    ) -> None:
        self._channels: dict[str, Channel] = {
            name: channel(f"notify.{name}", url, loopback_only=loopback_only) for name, url in urls.items()
        }
        self._longest = longest
        self._workers = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="notify")

    def send(self, to: str, notices: Sequence[Notice]) -> Delivery:
        """Deliver one message about some notices."""
        found = self._channels.get(to)
        if found is None:
            return Delivery(delivered=False, detail=f"notify: has no channel named {to}")
        if not notices:
            return Delivery(delivered=True, detail="nothing to tell")
        sending = self._workers.submit(found.send, to, notices)
        try:
            return sending.result(timeout=self._longest)
        except NotInTime:
            # It may still arrive. It is sent again all the same: a notice is told at least once, its id folds doubles.
            return Delivery(delivered=False, detail=f"{found.address}: no answer within {self._longest:.0f} s")

    def reaches(self, to: str) -> bool:
        """True where a channel bears this name."""
        return to in self._channels

    def addresses(self) -> Mapping[str, str]:
        """Each channel's address without its secrets, for people."""
        return {name: one.address for name, one in self._channels.items()}

    def close(self) -> None:
        """Let go of the threads; a message that hangs is left to its own time-out."""
        self._workers.shutdown(wait=False, cancel_futures=True)
