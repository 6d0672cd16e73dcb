"""The documentation page: complete in itself, and locked to what this server serves."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import service.web.docs
from service.config import CHECKOUT
from service.web.docs import POLICY, STATIC
from tests.contract.conformance import validate

VENDORED = STATIC / "swagger-ui"
ADDRESSES = {"href", "src", "action", "srcset", "data", "formaction", "poster"}


class _Page(HTMLParser):
    """The addresses a page refers to, and the code written into it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ADDRESSES]
        self.inline += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self._in_script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(data)


@pytest.fixture
def page(client: FlaskClient) -> _Page:
    return _Page(client.get("/docs").text)


def test_the_page_refers_to_no_outside_address(page: _Page) -> None:
    assert len(page.addresses) == 4
    for address in page.addresses:
        assert address == "data:," or re.match(r"/(?!/)", address), address


def test_the_page_holds_no_code_of_its_own(page: _Page) -> None:
    assert page.inline == []


def test_every_file_of_the_page_is_served(client: FlaskClient, page: _Page) -> None:
    kinds = {".css": "text/css", ".js": "javascript"}
    files = [address for address in page.addresses if address.startswith("/")]
    assert len(files) == 3
    for address in files:
        response = client.get(address)
        assert response.status_code == 200
        assert kinds[Path(address).suffix] in response.mimetype
        assert response.data == (STATIC / address.removeprefix("/static/")).read_bytes()


def test_the_page_shows_the_contract_of_this_server(client: FlaskClient) -> None:
    script = client.get("/static/docs.js").text
    assert re.findall(r"url: \"([^\"]*)\"", script) == ["/openapi.yaml"]
    assert "//" not in script
    assert "validatorUrl: null" in script
    contract = client.get("/openapi.yaml")
    assert contract.data == (CHECKOUT / "openapi.yaml").read_bytes()


def test_the_styles_load_nothing(client: FlaskClient) -> None:
    styles = client.get("/static/swagger-ui/swagger-ui.css").text
    assert len(styles) > 100_000
    assert "@import" not in styles
    loaded = re.findall(r"url\(\s*['\"]?([^'\")]{0,40})", styles)
    assert loaded
    assert all(address.startswith("data:") for address in loaded)


def test_the_policy_allows_this_server_alone(client: FlaskClient) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert policy == POLICY
    allowed = {name: set(sources) for name, *sources in (part.split() for part in policy.split(";"))}
    assert allowed["default-src"] == {"'self'"}
    assert allowed["frame-ancestors"] == {"'none'"}
    assert set.union(*allowed.values()) <= {"'self'", "'none'", "data:", "'unsafe-inline'"}
    assert [name for name, sources in allowed.items() if "'unsafe-inline'" in sources] == ["style-src"]
    assert not {"script-src", "connect-src"} & allowed.keys()


def test_what_is_vendored_says_its_version_and_licence(client: FlaskClient) -> None:
    said = (VENDORED / "VERSION").read_text(encoding="utf-8")
    version = re.search(r"^swagger-ui-dist (\d+\.\d+\.\d+), Apache-2\.0, https://github\.com/", said)
    assert version
    assert version[1] in (VENDORED / "swagger-ui-bundle.js").read_text(encoding="utf-8")
    licence = (VENDORED / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence and "Version 2.0" in licence
    assert client.get("/static/swagger-ui/VERSION").text == said


def test_the_notices_that_the_licence_asks_for_come_along() -> None:
    bundle = (VENDORED / "swagger-ui-bundle.js").read_text(encoding="utf-8")
    named = re.match(r"/\*! For license information please see (\S+) \*/", bundle)
    assert named
    assert (VENDORED / named[1]).is_file()
    assert "Copyright" in (VENDORED / "NOTICE").read_text(encoding="utf-8")


def test_only_files_of_the_folder_are_served(client: FlaskClient) -> None:
    outside = Path(service.web.docs.__file__)
    assert outside.is_file()
    for way in ("../docs.py", "swagger-ui/../../docs.py", "..%2fdocs.py", str(outside), "/" + str(outside)):
        assert client.get(f"/static/{way}").status_code == 404


@pytest.mark.parametrize(
    "header", ["Range: bytes=0-9", "Range: bytes=9999999-", "If-None-Match: *", 'If-Match: "x"']
)
def test_a_file_is_always_sent_whole(client: FlaskClient, header: str) -> None:
    """The contract has no part, no `not modified` and no failed precondition."""
    response = client.get("/static/docs.js", headers=[tuple(header.split(": "))])
    validate(response)
    assert response.data == (STATIC / "docs.js").read_bytes()
