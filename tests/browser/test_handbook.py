"""The handbook in a browser: it shows what it says, asks for nothing, and fits a phone."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE, DESK = 375, 1280

pytestmark = pytest.mark.browser


@dataclass
class Opened:
    page: Page
    address: str
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def opened(client: FlaskClient) -> Iterator[Opened]:
    """The page, opened once for all that is asked of it."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, f"a browser is needed, one of {', '.join(NAMES)}"
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield open_in(browser, f"http://127.0.0.1:{server.port}/handbook")
        browser.close()
    server.shutdown()


def open_in(browser: Browser, address: str) -> Opened:
    opened = Opened(browser.new_page(), address)
    opened.page.on("request", lambda request: opened.requested.append(request.url))
    opened.page.on("console", lambda said: opened.complaints.append(f"{said.type}: {said.text}"))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.goto(address)
    return opened


def test_it_asks_for_nothing_but_itself_and_nobody_complains(opened: Opened) -> None:
    assert [url for url in opened.requested if not url.startswith("data:")] == [opened.address]
    assert opened.complaints == []


def test_its_style_is_let_through_by_its_policy(opened: Opened) -> None:
    border = opened.page.eval_on_selector("article", "e => getComputedStyle(e).borderTopStyle")
    assert border == "solid"


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_runs_over_the_edge(opened: Opened, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 800})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_link_leads_to_its_entry(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": DESK, "height": 800})
    opened.page.locator("#rule-H01 a[href='#finding-hip_er_mmt']").first.click()
    assert opened.page.url.endswith("#finding-hip_er_mmt")
    place = opened.page.eval_on_selector("#finding-hip_er_mmt", "e => e.getBoundingClientRect().top")
    assert 0 <= place < 800


def test_the_keyboard_comes_first_to_the_way_past_the_contents(opened: Opened) -> None:
    opened.page.goto(opened.address)
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.textContent") == "To the text"
