"""Walks in a real Chromium: what people see, and how they answer. One story: each walk goes on where the last one ended."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from guard.web.links import new_link
from tests.web.browser.walking import PHONE, Walk, ask_for_news


def test_a_newcomers_first_minute(walk: Walk) -> None:
    """Not signed in: told how; by the link: in, one click; the dearest idle thing and its reason are one click away."""
    page: Page = walk.person(None)
    page.goto("/?owner=ml")
    expect(page.locator("main")).to_contain_text("tuneguard web --link")

    page.goto(new_link(walk.place.ledger, walk.place.url, who="nina", now=walk.place.clock.now()))
    page.get_by_role("button", name="Open the page").click()
    expect(page.get_by_role("heading", name="Fleet")).to_be_visible()
    expect(page.locator("#figures")).to_contain_text("an hour")
    expect(page.locator("#figures")).to_contain_text("of budget all")
    assert page.locator("tbody tr").count() == len(walk.place.desk.fleet({})["things"])
    assert page.locator("svg.spark").count() > 0
    page.get_by_role("link", name="forgotten-gpu").click()
    expect(page.locator("main")).to_contain_text("a wrong removal costs")
    expect(page.locator(".chart canvas")).to_be_visible()
    expect(page.locator("time").first).to_have_attribute("title", re.compile("UTC"))
    page.get_by_role("link", name="Fleet").first.click()
    page.locator("#text").fill("forgot")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "text=forgot" in page.url
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_approving_an_undeploy_and_watching_it(walk: Walk) -> None:
    """The yes is said once, on a page that tells what it does; an open page follows the act without being reloaded."""
    watching: Page = walk.person("bob")
    watching.goto("/things/forgotten-gpu")
    expect(watching.locator("#content")).to_contain_text("waiting for approval")
    watching.get_by_text("The same as a table").click()
    loaded = watching.evaluate("performance.timeOrigin")

    page: Page = walk.person("ada")
    page.goto("/things/forgotten-gpu")
    page.get_by_role("link", name="Approve the removal").click()
    expect(page.locator("main")).to_contain_text("after a second look")
    page.get_by_role("button", name="Approve the removal").click()
    expect(page.get_by_text("Your word was taken: it is approved.")).to_be_visible()
    expect(page.locator("#content")).to_contain_text("Approved by ada")

    walk.place.look()
    ask_for_news(watching)
    expect(watching.locator("#content")).to_contain_text("Undeploy under way")
    expect(watching.locator(".chart details table")).to_be_visible()  # what the reader opened stays open
    walk.place.look(1)
    ask_for_news(watching)
    expect(watching.locator("h1")).to_contain_text("gone")
    expect(watching.locator(".events li.verified")).to_contain_text("it is gone from its endpoint")
    assert watching.evaluate("performance.timeOrigin") == loaded, "it was reloaded"
    assert walk.place.harness.deployed("1001") == []


def test_bringing_it_back(walk: Walk) -> None:
    """What will not come back is said before the click; afterwards it runs again."""
    page: Page = walk.person("ada", viewport=PHONE)
    page.goto("/things/forgotten-gpu")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.get_by_role("link", name="Bring it back").click()
    expect(page.locator("main")).to_contain_text("the deployed model's id (a redeploy takes a new one)")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_text("it is brought back in the daemon's next cycle")).to_be_visible()

    for _ in range(3):
        walk.place.look(1)
    assert len(walk.place.harness.deployed("1001")) == 1
    ask_for_news(page)
    expect(page.locator(".events li.verified").first).to_contain_text("restored as")
    page.goto("/")
    expect(page.locator("tr", has_text="forgotten-gpu")).to_contain_text("kept: ")


def test_a_crossed_budget_is_seen_from_the_first_page_on(walk: Walk) -> None:
    page: Page = walk.person("ada")
    page.goto("/")
    expect(page.locator("#figures .bad")).to_contain_text("of budget all, $10.00: it will not last")
    page.get_by_role("link", name="Money").click()
    expect(page.locator("main")).to_contain_text("crossed")


def test_of_two_that_speak_at_once_one_wins_and_the_other_is_told(walk: Walk) -> None:
    """And a keep by a second person is seen by the first, with its reason."""
    ada: Page = walk.person("ada")
    bob: Page = walk.person("bob")
    fleet: Page = walk.person("ada")
    fleet.goto("/?text=waiting")
    ada.goto("/words/approve?name=waiting")
    bob.goto("/words/keep?name=waiting")
    expect(bob.locator("[data-zone-name]")).to_have_text("Europe/Madrid")

    bob.get_by_label("Until when").fill("someday")
    bob.get_by_role("button", name="Keep it").click()
    expect(bob.get_by_role("alert")).to_contain_text("found 'someday'")
    bob.get_by_label("Until when").fill("2026-12-04 18:00")
    bob.get_by_label("Why").fill("the board looks at it on Friday")
    bob.get_by_role("button", name="Keep it").click()
    expect(bob.locator("#content")).to_contain_text("the board looks at it on Friday")

    ada.get_by_role("button", name="Approve the removal").click()
    expect(ada.get_by_role("alert")).to_contain_text("Nothing was done: it is not any more as you saw it")
    expect(ada.get_by_role("alert")).to_contain_text("bob said keep until 2026-12-04 17:00 UTC")
    assert not [one for one in walk.place.ledger.approvals() if one.who == "ada" and "waiting" in one.act_id]

    walk.place.look(1)
    ask_for_news(fleet)
    expect(fleet.locator("tbody tr")).to_contain_text("kept: kept by person")
    bob.goto("/things/waiting")
    bob.get_by_role("link", name="End the keep").click()
    bob.get_by_role("button", name="End the keep").click()
    expect(bob.get_by_text("Your word was taken: the keep is over.")).to_be_visible()
    walk.forgive("status of 422", "status of 409")


def test_a_session_that_ends_in_the_middle(walk: Walk) -> None:
    """The open page says so and how to come back; the word that was about to be said is not taken."""
    page: Page = walk.person("ada")
    page.goto("/words/keep?name=busy")
    keeps = len(walk.place.ledger.keeps())
    walk.place.clock.ahead = timedelta(days=60)
    try:
        ask_for_news(page)
        expect(page.locator("#live")).to_contain_text("your session has ended")
        expect(page.get_by_role("link", name="Sign in again.")).to_have_attribute(
            "href", "/login?next=%2Fwords%2Fkeep%3Fname%3Dbusy"
        )
        page.get_by_role("button", name="Keep it").click()
        expect(page.locator("main")).to_contain_text("There is no session, or it has ended. Nothing was done.")
    finally:
        walk.place.clock.ahead = timedelta(0)
    assert len(walk.place.ledger.keeps()) == keeps
    walk.forgive("status of 401")


def test_the_daemon_stops_and_comes_back_while_a_page_is_open(walk: Walk) -> None:
    page: Page = walk.person("ada")
    page.goto("/")
    expect(page.locator("#live")).to_be_empty()
    walk.place.harness.advance(5)
    ask_for_news(page)
    expect(page.locator("#live")).to_contain_text("nobody has looked for 5 h, although a look is due every 1 h")
    walk.place.look()
    ask_for_news(page)
    expect(page.locator("#live")).to_be_empty()


def test_the_pages_server_goes_and_comes_back_while_a_page_is_open(walk: Walk) -> None:
    page: Page = walk.person("ada")
    page.goto("/")
    walk.server.stop()
    ask_for_news(page)
    expect(page.locator("#live")).to_contain_text("Not live since")
    expect(page.locator("#live")).to_contain_text("does not answer")
    walk.server.start()
    ask_for_news(page)
    expect(page.locator("#live")).to_be_empty()
    walk.forgive("ERR_CONNECTION_REFUSED")


def test_with_the_keyboard_alone(walk: Walk) -> None:
    """Search, open, keep: no pointer."""
    page: Page = walk.person("ada")
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("busy")
    expect(page.locator("tbody tr")).to_have_count(1)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "busy":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("busy"))).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Keep it":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_label("Until when")).to_be_visible()
    page.get_by_label("Until when").focus()
    page.keyboard.type("in 3 days")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your word was taken: it is kept.")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("f")
    expect(page.get_by_role("heading", name="Fleet")).to_be_visible()


def test_without_javascript_everything_can_be_read_and_filtered(walk: Walk) -> None:
    page: Page = walk.person("ada", java_script_enabled=False)
    page.goto("/")
    page.locator("#text").fill("busy")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("link", name="busy").click()
    page.get_by_text("The same as a table").click()
    assert page.locator(".chart tbody tr").count() > 0
    assert "UTC" in page.locator("time:not([data-ago], [data-countdown])").first.inner_text()
