"""The documentation page in a browser: it shows the contract, from this server alone, without a complaint."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from tests.contract.conformance import contract, operations

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

pytestmark = pytest.mark.browser


@dataclass
class Opened:
    page: Page
    address: str
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Opens the page, and notes all that it asks for and complains of."""
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(self.address + path)
        self.page.wait_for_selector(".opblock")


@pytest.fixture(scope="module")
def address(client: FlaskClient) -> Iterator[str]:
    """Where the application is served, on a port that was free."""
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture(scope="module")
def docs(address: str) -> Iterator[Opened]:
    """The page, opened once for all that is asked of it."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, f"a browser is needed, one of {', '.join(NAMES)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        opened = Opened(browser.new_page(), address)
        opened.go("/docs")
        yield opened
        browser.close()


def test_every_operation_of_the_contract_is_shown(docs: Opened) -> None:
    methods = docs.page.locator(".opblock-summary-method").all_inner_texts()
    paths = [
        path.replace("\u200b", "") for path in docs.page.locator(".opblock-summary-path").all_inner_texts()
    ]
    listed = {(method.upper(), path) for path, method, _ in operations()}
    breaks = "\u200b"  # where a long path may be broken
    assert {(m, path.replace(breaks, "")) for m, path in zip(methods, paths, strict=True)} == listed
    assert contract()["info"]["title"] in docs.page.locator(".title").inner_text()


def test_an_exam_can_be_tried_from_the_page(docs: Opened) -> None:
    block = docs.page.locator("#operations-Assessments-assessExam")
    block.locator(".opblock-summary").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status")
    assert status.inner_text().split()[0] == "201"


def test_nothing_is_asked_of_anyone_else(docs: Opened) -> None:
    assert f"{docs.address}/openapi.yaml" in docs.requested
    outside = [url for url in docs.requested if not url.startswith((f"{docs.address}/", "data:", "blob:"))]
    assert outside == []


def test_the_browser_has_nothing_to_complain_of(docs: Opened) -> None:
    assert docs.complaints == []


def test_the_policy_is_what_keeps_others_out(docs: Opened) -> None:
    """What the page must not do, tried from within it: the watch above would see it."""
    before = len(docs.complaints)
    script = "fetch('http://127.0.0.2:9/').then(() => 'fetched', () => 'refused')"
    assert docs.page.evaluate(script) == "refused"
    docs.page.wait_for_timeout(50)
    seen, docs.complaints[before:] = docs.complaints[before:], []
    assert any("Content Security Policy" in text for text in seen), seen
