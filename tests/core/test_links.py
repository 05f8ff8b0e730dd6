"""A notice's link opens the page on what the notice is about; without a public address there is none."""

from __future__ import annotations

import pytest

from guard.core.links import linked
from guard.core.plan import Notice, NoticeKind
from tests.builders import NOW, endpoint_name

DEPLOYED = f"{endpoint_name()}/deployedModels/7"


def a_notice(kind: NoticeKind, subject: str = DEPLOYED) -> Notice:
    return Notice(id="n-1", kind=kind, to="ml", subject=subject, title="t", body="Words.", made_at=NOW)


@pytest.mark.parametrize(
    ("kind", "subject", "path"),
    [
        (NoticeKind.REMOVAL_AHEAD, DEPLOYED, f"/things/{DEPLOYED}"),
        (NoticeKind.WRONG_REMOVAL, DEPLOYED, f"/things/{DEPLOYED}"),
        (NoticeKind.JOB_WARNING, "projects/1/locations/x/tuningJobs/9", "/things/projects/1/locations/x/tuningJobs/9"),
        (NoticeKind.BUDGET_CROSSED, "budgets/all of it", "/money"),
        (NoticeKind.BREAKER, "breaker", "/plan"),
        (NoticeKind.TUNES, "openai/models/ft:gpt", "/jobs"),
    ],
)
def test_the_link_leads_to_what_the_notice_is_about(kind: NoticeKind, subject: str, path: str) -> None:
    [told] = linked([a_notice(kind, subject)], "https://guard.example.com/")

    assert told.body == f"Words.\nOn the page: https://guard.example.com{path}"
    assert told.data["link"] == f"https://guard.example.com{path}"
    assert told.id == "n-1", "the link is no new fact, so nobody is told twice"


def test_a_name_with_odd_signs_stays_one_address() -> None:
    [told] = linked([a_notice(NoticeKind.REMOVED, "projects/1/a b?c")], "https://guard.example.com")

    assert told.data["link"] == "https://guard.example.com/things/projects/1/a%20b%3Fc"


def test_without_a_public_address_a_notice_says_only_what_to_type() -> None:
    notice = a_notice(NoticeKind.REMOVAL_AHEAD)

    assert list(linked([notice], None)) == [notice]
