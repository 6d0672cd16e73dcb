"""The contract, its page and the format of traces: all is served from here, nothing is downloaded."""

from functools import cache
from html import escape
from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from service.config import CHECKOUT
from service.web.guard import needs
from service.web.served import draft_notice, served

STATIC = Path(__file__).parent / "static"
PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>kneechain API</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/static/swagger-ui/swagger-ui.css">
</head>
<body>
  {notice}
  <div id="docs"></div>
  <script src="/static/swagger-ui/swagger-ui-bundle.js"></script>
  <script src="/static/docs.js"></script>
</body>
</html>
"""
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

routes = Blueprint("docs", __name__)


@routes.get("/docs")
@needs("knowledge")
def page() -> Response:
    notice = draft_notice(served().assessor.rulebase)
    said = f"<p><strong>{escape(notice)}</strong></p>" if notice else ""
    return Response(
        PAGE.format(notice=said), content_type="text/html", headers={"Content-Security-Policy": POLICY}
    )


@routes.get("/openapi.yaml")
@needs("knowledge")
def contract() -> Response:
    return Response(_contract(), content_type="application/yaml")


@routes.get("/schemas/trace.v1.json")
@needs("knowledge")
def trace_schema() -> Response:
    return Response(_trace_schema(), content_type="application/schema+json")


@routes.get("/static/<path:name>")
@needs("knowledge")
def static(name: str) -> Response:
    return send_from_directory(STATIC, name, conditional=False)


@cache
def _contract() -> bytes:
    return (CHECKOUT / "openapi.yaml").read_bytes()


@cache
def _trace_schema() -> bytes:
    return (CHECKOUT / "schemas" / "trace.v1.schema.json").read_bytes()
