"""Holds any answer of the service against openapi.yaml.

`validate(response)` takes what Flask's test client gives; `check(Answer(...))` takes an answer
from anywhere else. Both raise NotAsDocumented, and give back the body as read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from ruamel.yaml import YAML
from werkzeug.test import TestResponse

from service.config import CHECKOUT

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The keys of a path item that are operations."""
HERE = "urn:kneechain:openapi"

Json = Any


class NotAsDocumented(AssertionError):
    """An answer that openapi.yaml does not describe."""


@dataclass(frozen=True)
class Answer:
    """What came back, and what was asked; `path` decoded and without its query."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip()

    def __str__(self) -> str:
        return f"{self.status} to {self.method} {self.path}"


@cache
def contract() -> dict[str, Json]:
    """openapi.yaml, read as YAML 1.2."""
    return YAML(typ="safe", pure=True).load((CHECKOUT / "openapi.yaml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def validate(response: TestResponse) -> Json:
    """The body of a test client's response, once it is found to be as documented."""
    request = response.request
    return check(
        Answer(request.method, request.path, response.status_code, response.headers, response.get_data())
    )


def check(answer: Answer) -> Json:
    """The body of an answer, once status, headers, media type and shape are found to be as documented."""
    if answer.method == "OPTIONS" and answer.status != 404:
        bare = answer.status == 204 and "Allow" in answer.headers and "Content-Type" not in answer.headers
        return _no_content(answer, bare)
    pointer = _documented(answer)
    described = at(pointer)
    for name, header in described.get("headers", {}).items():
        _header(answer, name, followed(header))
    if answer.method == "HEAD" or "content" not in described:
        return _no_content(answer, True)
    if "content" not in described:
        return _no_content(answer, "Content-Type" not in answer.headers)
    media = _media(answer, described["content"])
    body = answer.body.decode("utf-8")
    if not answer.media_type.endswith("json") or answer.media_type.endswith("ndjson"):
        return body
    value = json.loads(body, parse_constant=_not_json)
    faults = [*_faults(f"{pointer}/content/{escaped(media)}/schema", value)]
    if faults:
        raise NotAsDocumented(f"{answer}:\n" + "\n".join(faults[:5]))
    return value


def operations() -> Iterator[tuple[str, str, dict[str, Json]]]:
    """Each path, method in lower case, and operation."""
    for path, item in contract()["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def filled(path: str, **known: object) -> str:
    """The path with parts that are known to the service, or would be."""
    usual = {"finding": "fpi6", "code": "H01", "name": "docs.js", "assessment": uuid4(), "draft": "d1"}
    return path.format(**usual | known)


def responses(operation: dict[str, Json]) -> dict[str, Json]:
    """Its documented responses by status, references followed."""
    return {status: followed(response) for status, response in operation["responses"].items()}


def followed(node: Json) -> Json:
    """What a reference points at; anything else is itself. Sibling keywords are lost."""
    while isinstance(node, dict) and "$ref" in node:
        node = at(node["$ref"].removeprefix("#"))
    return node


def at(pointer: str) -> Json:
    """The part of the contract at a JSON pointer."""
    node: Json = contract()
    for key in pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


def escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


@cache
def validator(pointer: str) -> Draft202012Validator:
    """Checks against the schema at a pointer of the contract."""
    registry: Registry[Json] = Registry().with_resource(HERE, DRAFT202012.create_resource(contract()))
    return Draft202012Validator(
        {"$ref": f"{HERE}#{pointer}"},
        registry=registry,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


# -- one answer ------------------------------------------------------------------------------


def _documented(answer: Answer) -> str:
    """The pointer to the response that describes this answer."""
    paths = sorted(contract()["paths"], key=lambda path: path.count("{"))  # as written before any template
    path = next((path for path in paths if _pattern(path).fullmatch(answer.path)), None)
    if path is None:
        return _only(answer, 404, "/components/responses/NotFound")
    method = "get" if answer.method == "HEAD" else answer.method.lower()
    if method not in contract()["paths"][path]:
        return _only(answer, 405, "/components/responses/MethodNotAllowed")
    listed = contract()["paths"][path][method]["responses"]
    if str(answer.status) not in listed:
        raise NotAsDocumented(f"{answer}: documented are {', '.join(listed)}")
    response = listed[str(answer.status)]
    here = f"/paths/{escaped(path)}/{method}/responses/{answer.status}"
    return str(response["$ref"].removeprefix("#")) if "$ref" in response else here


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """What a templated path matches; the path of a static file may hold slashes."""
    anything = "[^/].*" if path.startswith("/static/") else "[^/]+"
    return re.compile(
        "".join(anything if part[0] == "{" else re.escape(part) for part in _parts(path)) + "/?"
    )


def _parts(path: str) -> list[str]:
    return [part for part in re.split(r"(\{\w+\})", path) if part]


def _only(answer: Answer, status: int, pointer: str) -> str:
    if answer.status != status:
        raise NotAsDocumented(f"{answer}: not in the contract, so it should be {status}")
    return pointer


def _header(answer: Answer, name: str, header: dict[str, Json]) -> None:
    if name not in answer.headers:
        if header.get("required"):
            raise NotAsDocumented(f"{answer}: header {name} is missing")
    elif not Draft202012Validator(header["schema"]).is_valid(answer.headers[name]):
        raise NotAsDocumented(f"{answer}: header {name} is {answer.headers[name]}")


def _media(answer: Answer, content: dict[str, Json]) -> str:
    for media in (answer.media_type, "*/*"):
        if media in content:
            return media
    raise NotAsDocumented(f"{answer}: is '{answer.media_type}', documented are {', '.join(content)}")


def _no_content(answer: Answer, otherwise_right: bool) -> str:
    if answer.body or not otherwise_right:
        raise NotAsDocumented(f"{answer}: should be empty")
    return ""


def _faults(pointer: str, value: Json) -> Iterator[str]:
    for error in validator(pointer).iter_errors(value):
        yield f"  {error.json_path}: {error.message[:400]}"


def _not_json(text: str) -> Json:
    raise NotAsDocumented(f"{text} is not JSON")
