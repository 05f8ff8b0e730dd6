"""Every page, light, dark and on a phone: axe finds nothing, the console stays empty, nothing is wider than the screen."""

from __future__ import annotations

from typing import Any

from guard.web.pages.frame import PAGES
from tests.web.browser.walking import LAPTOP, PHONE, Walk, violations

OTHERS = (
    "/?everything=1&sort=name",
    "/?text=nothing+fits",
    "/things/forgotten-gpu",
    "/things/busy",
    "/things/strange",
    "/audit",
    "/words/keep?name=busy",
    "/words/approve?name=forgotten-gpu",
    "/words/restore?name=busy",
)

LAID_OUT = (
    "color-contrast",
    "scrollable-region-focusable",
    "target-size",
    "region",
    "td-headers-attr",
    "th-has-data-cells",
)
"""The rules of axe whose answer the width of the screen changes; the others have judged the same elements on the laptop."""


def test_no_page_has_a_violation_a_console_message_or_a_sideways_scroll(walk: Walk) -> None:
    page: Any = walk.person("ada", viewport=LAPTOP, color_scheme="light", reduced_motion="reduce")
    found: list[str] = []
    for address in (*(address for address, _, _ in PAGES), *OTHERS):
        page.set_viewport_size(LAPTOP)
        answer = page.goto(address)
        assert answer.status == 200, f"{address}: {answer.status}"
        found += violations(page)
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {one}" for one in violations(page, "color-contrast")]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(PHONE)
        found += [f"phone: {one}" for one in violations(page, *LAID_OUT)]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"phone: {address}: {wide} px too wide"] if wide > 0 else []
    assert found == []


def test_a_page_that_is_not_there_is_readable_too(walk: Walk) -> None:
    page: Any = walk.person("ada")
    assert page.goto("/things/twins").status == 404
    assert violations(page) == []
    walk.forgive("status of 404")
