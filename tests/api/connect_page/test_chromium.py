"""The page of connections in a real Chromium: link, repair and end, with no error, no foreign request, and axe content.

Chromium is the one on PATH, or Debian's that `make test` has installed where it may; elsewhere these are skipped aloud.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from fin_infra.providers.registry import reset
from fin_infra.testing import Sandbox, sandbox
from tests.api.connect_page.served import app_of, book_in, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH; install it, such as Debian's package `chromium`"),
]


class Visit:
    """A browser on the page, with all that it asked for and complained of."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def open(self) -> None:
        self.page.goto(httpx2.post(f"{self.url}/connections/page").json()["data"]["url"])

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for(timeout=20_000)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def keep(self, name: str) -> None:
        """Keep a picture where somebody wants to look at it."""
        folder = os.environ.get("FIN_INFRA_TEST_PICTURES")
        if folder:
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)

    def has_no_barrier(self) -> None:
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture
def visit(vendor: Sandbox, tmp_path: Path) -> Iterator[Visit]:
    from playwright.sync_api import sync_playwright

    vendor.reset()
    reset()
    book = book_in(tmp_path)
    with serving(app_of(book)) as url, sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Visit(browser.new_page(), url)
        browser.close()
    book.engine.dispose()


def test_page_when_a_person_links_repairs_and_ends_a_bank_then_each_step_works(visit: Visit, vendor: Sandbox) -> None:
    visit.open()
    visit.sees("Nothing is connected yet.")
    visit.has_no_barrier()
    visit.keep("empty")
    visit.page.get_by_label("Link a bank by").select_option("banking:plaid")
    visit.press("Link")
    visit.sees("You sign in on a page of the vendor")
    visit.has_no_barrier()
    visit.keep("leave")
    visit.page.get_by_role("link", name="Go there").click()
    visit.press("Finish")
    visit.sees("Your bank is linked.")
    visit.has_no_barrier()
    visit.keep("linked")

    vendor.fault(vendor="plaid", kind="item_login_required", path="/transactions/*")
    visit.press("Read now")
    visit.sees("needs you")
    visit.has_no_barrier()
    visit.keep("repair")
    vendor.control("faults", method="DELETE")
    visit.press("Sign in again")
    visit.page.get_by_role("link", name="Go there").click()
    visit.press("Repair")
    visit.sees("works")

    visit.page.get_by_role("link", name="What is the matter?").click()
    visit.sees("The vendor says")
    visit.has_no_barrier()
    visit.keep("doctor")
    visit.page.get_by_role("link", name="Back").click()
    visit.page.get_by_role("link", name="End it").click()
    visit.sees("the token is destroyed")
    visit.has_no_barrier()
    visit.keep("end")
    visit.press("End it")
    visit.sees("The connection was ended.")

    assert visit.complaints == []
    places = {urlsplit(url).netloc for url in visit.asked if not url.startswith("data:")}
    assert places == {urlsplit(visit.url).netloc, urlsplit(vendor.url).netloc}


def test_page_when_narrow_and_dark_then_nothing_is_cut_off_and_axe_is_content(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 740})
    visit.page.emulate_media(color_scheme="dark")
    visit.open()
    visit.sees("Nothing is connected yet.")
    visit.has_no_barrier()
    visit.keep("dark")
    assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert visit.complaints == []


def test_page_when_its_link_was_used_then_it_says_what_to_do(visit: Visit) -> None:
    made = httpx2.post(f"{visit.url}/connections/page").json()["data"]["url"]
    assert httpx2.get(made).status_code == 303
    visit.page.goto(made)
    visit.sees("Open it from your app again")
    visit.has_no_barrier()
