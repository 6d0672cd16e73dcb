"""Drafts: exams that are being entered. Described in openapi.yaml."""

from flask import Blueprint, Response, request

from schemas.faults import Fault, InvalidBody, NothingNamed
from schemas.text import REFERENCE
from service.audit.drafts import Draft
from service.web.asking import asker
from service.web.guard import needs
from service.web.served import NO_STORE, body, json, json_bytes, query_options, served

routes = Blueprint("drafts", __name__)


@routes.put("/v1/drafts/<draft>")
@needs("draft")
def keep(draft: str) -> Response:
    """`If-Match` with the revision that was read keeps two people from overwriting each other."""
    query_options()
    kept = served().drafts.keep(_id(draft), body(), asker("draft"), _expected())
    told = {"revision": kept.revision, "changed_at": kept.changed_at, "expires_at": kept.expires_at}
    return json(told, 201 if kept.revision == 1 else 200, _headers(kept))


@routes.get("/v1/drafts/<draft>")
@needs("draft")
def read(draft: str) -> Response:
    query_options()
    found = served().drafts.find(_id(draft), asker("draft"))
    if found is None:
        raise _none()
    return json_bytes(found.content, 200, _headers(found))


@routes.delete("/v1/drafts/<draft>")
@needs("draft")
def drop(draft: str) -> Response:
    query_options()
    if not served().drafts.drop(_id(draft), asker("draft")):
        raise _none()
    gone = Response(status=204, headers=NO_STORE)
    del gone.headers["Content-Type"]
    return gone


def _id(draft: str) -> str:
    if not REFERENCE.fullmatch(draft):
        raise NothingNamed("draft", Fault("", "is no id of a draft", "1 to 128 of A–Z a–z 0–9 . _ : -"))
    return draft


def _none() -> NothingNamed:
    return NothingNamed("draft", Fault("", "is no draft", "the id of a draft of the last seven days"))


def _expected() -> int | None:
    """The revision in If-Match; 0 for If-None-Match: *, which wants a new one."""
    if request.headers.get("If-None-Match") == "*":
        return 0
    sent = request.headers.get("If-Match")
    if sent is None:
        return None
    number = sent.strip('"')
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise InvalidBody(
            [
                Fault(
                    "",
                    "the header If-Match is no revision",
                    "the ETag that the draft was read with, a number in quotation marks",
                )
            ]
        )
    return int(number)


def _headers(draft: Draft) -> dict[str, str]:
    return NO_STORE | {"ETag": f'"{draft.revision}"'}
