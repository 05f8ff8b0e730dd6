"""Telling people: what arrives, what is said when it does not, and what never leaves."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from guard.adapters.notify.notifier import ChannelNotifier
from guard.core.digest import digest
from guard.core.plan import Notice, NoticeKind
from guard.ports.errors import ConfigInvalid, WorldMismatch
from tests.adapters.receiver import Receiver, receiving

AT = datetime(2026, 11, 2, 10, tzinfo=UTC)


def a_notice(id_: str = "n1", title: str = "Endpoint chat goes in 2 h") -> Notice:
    return Notice(
        id=id_,
        kind=NoticeKind.REMOVAL_AHEAD,
        to="ops",
        subject="projects/1/locations/x/endpoints/2",
        title=title,
        body="It has been silent for 4 d.",
        made_at=AT,
        due_at=AT,
        data={"rate": 0.25, "hours": 96},
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


class TestWebhook:
    def test_a_message_carries_the_ids_by_which_doubles_fold(self, receiver: Receiver) -> None:
        notifier = ChannelNotifier({"ops": f"{receiver.url}/hook?token=s3cret"})
        first = notifier.send("ops", [a_notice("n1"), a_notice("n2")])
        second = notifier.send("ops", [a_notice("n2"), a_notice("n1")])

        assert first.delivered
        assert second.delivered
        (path, headers, body), (_, again, _) = receiver.got
        assert path == "/hook?token=s3cret"
        assert body["version"] == 1
        assert body["to"] == "ops"
        assert [one["id"] for one in body["notices"]] == ["n1", "n2"]
        assert body["notices"][0]["due_at"] == "2026-11-02T10:00:00+00:00"
        assert headers["Idempotency-Key"] == again["Idempotency-Key"]

    @pytest.mark.parametrize("status", [302, 400, 404, 429, 500])
    def test_an_answer_other_than_2xx_is_no_delivery(self, receiver: Receiver, status: int) -> None:
        receiver.answers = [(status, {"location": "http://127.0.0.1:9/"}, b"")]
        told = ChannelNotifier({"ops": f"{receiver.url}/s3cret"}).send("ops", [a_notice()])

        assert not told.delivered
        assert str(status) in told.detail
        assert "s3cret" not in told.detail

    def test_a_receiver_that_is_not_there_is_no_delivery(self) -> None:
        told = ChannelNotifier({"ops": "http://127.0.0.1:9/s3cret"}).send("ops", [a_notice()])

        assert not told.delivered
        assert "ConnectionError" in told.detail
        assert "s3cret" not in told.detail

    def test_a_receiver_that_hangs_does_not_hold_up_the_cycle(self, receiver: Receiver) -> None:
        receiver.hold.clear()
        told = ChannelNotifier({"ops": receiver.url}, longest=0.1).send("ops", [a_notice()])

        assert not told.delivered
        assert "no answer within" in told.detail


class TestApprise:
    def test_a_channel_of_apprise_delivers(self, receiver: Receiver) -> None:
        url = receiver.url.replace("http://", "json://")
        told = ChannelNotifier({"ops": url}).send("ops", [a_notice()])

        assert told.delivered, told.detail
        ((_, _, body),) = receiver.got
        assert body["title"] == "Endpoint chat goes in 2 h"
        assert body["message"] == "It has been silent for 4 d."

    def test_a_failure_is_no_delivery(self, receiver: Receiver) -> None:
        receiver.answers = [(500, {}, b"")]
        told = ChannelNotifier({"ops": receiver.url.replace("http://", "json://me:s3cret@")}).send("ops", [a_notice()])

        assert not told.delivered
        assert "s3cret" not in told.detail


class TestAddresses:
    @pytest.mark.parametrize(
        "url", ["", "   ", "ops@example.com", "slak://a/b/c", "slack://", "http://", "https:///path", "mailto://"]
    )
    def test_a_wrong_address_is_found_at_once_with_its_field(self, url: str) -> None:
        with pytest.raises(ConfigInvalid, match=r"^notify\.ops: "):
            ChannelNotifier({"good": "http://127.0.0.1:9", "ops": url})

    def test_a_wrong_address_does_not_tell_its_secret(self) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            ChannelNotifier({"ops": "slak://s3cret/s3cret"})

        assert "s3cret" not in str(caught.value)
        assert "slak://***" in str(caught.value)

    def test_addresses_are_shown_without_secrets(self) -> None:
        shown = ChannelNotifier(
            {
                "hook": "https://hooks.example.com/services/s3cret",
                "chat": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
                "mail": "mailtos://me:s3cret@mail.example.com?to=ops@example.com",
            }
        ).addresses()

        assert shown["hook"] == "https://hooks.example.com/***"
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown["chat"]
        assert "s3cret" not in shown["mail"]

    def test_only_names_with_a_channel_are_reached(self, receiver: Receiver) -> None:
        notifier = ChannelNotifier({"ops": receiver.url})

        assert notifier.reaches("ops")
        assert not notifier.reaches("ana@example.com")
        told = notifier.send("ana@example.com", [a_notice()])
        assert not told.delivered
        assert "no channel named ana@example.com" in told.detail
        assert receiver.got == []


class TestInASandbox:
    @pytest.mark.parametrize(
        "url",
        [
            "https://hooks.example.com/x",
            "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
            "discord://127.0.0.1/token",
            "json://10.0.0.1/",
            "mailto://localhost?to=a@example.com",
        ],
    )
    def test_no_notice_leaves_this_machine(self, url: str) -> None:
        with pytest.raises(WorldMismatch, match=r"^notify\.ops: a sandbox is set"):
            ChannelNotifier({"ops": url}, loopback_only=True)

    def test_a_receiver_on_this_machine_is_told(self, receiver: Receiver) -> None:
        notifier = ChannelNotifier(
            {"hook": receiver.url, "apprise": receiver.url.replace("http://", "json://")}, loopback_only=True
        )

        assert notifier.send("hook", [a_notice()]).delivered
        assert notifier.send("apprise", [a_notice()]).delivered


def test_several_notices_make_one_message() -> None:
    assert digest([a_notice()]) == ("Endpoint chat goes in 2 h", "It has been silent for 4 d.")
    title, body = digest([a_notice("a", "First"), a_notice("b", "Second")])

    assert title.startswith("Tuneguard: 2 ")
    assert body == "1. First\nIt has been silent for 4 d.\n\n2. Second\nIt has been silent for 4 d."
