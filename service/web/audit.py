"""What the decision log amounts to. Described in openapi.yaml."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain

from flask import Blueprint, Response

from schemas.faults import Fault, InvalidBody
from schemas.statistics import write_statistics
from service.records.exporting import as_chain, as_csv
from service.records.statistics import statistics as counted
from service.web.asking import asker
from service.web.guard import needs, principal
from service.web.served import NO_STORE, json, query_options, served

routes = Blueprint("audit", __name__)
COST = 20
"""Every record is read for it."""
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@routes.get("/v1/audit/statistics")
@needs("statistics", cost=COST)
def statistics() -> Response:
    """Days and no instants: the finer a span, the more two of them tell by subtraction."""
    options = query_options(since=None, until=None)
    since, until = _day("since", options), _day("until", options)
    return json(write_statistics(counted(served().store, principal().tenant, since, until)), 200, NO_STORE)


@routes.get("/v1/audit/export")
@needs("export", cost=COST)
def export() -> Response:
    """A chain as it verifies without the service, or a table; sent while it is read."""
    options = query_options(form=("chain", "csv"), log=("decisions", "access"))
    store, who = served().store, asker("export")
    if options["form"] == "csv" and options["log"] != "decisions":
        raise InvalidBody([Fault("", "the access log has no table", "form=chain, or log=decisions")])
    if options["form"] == "csv":
        return _sent(map(str.encode, as_csv(store, who)), "text/csv; charset=utf-8", "assessments.csv")
    named = f"{who.tenant}/{options['log']}"
    return _sent(as_chain(store, who, named), "application/x-ndjson", f"{options['log']}.ndjson")


def _sent(pieces: Iterator[bytes], media_type: str, name: str) -> Response:
    """The first piece is made before anything is sent, so that a log that is down is still a 503."""
    first = next(pieces, b"")
    headers = NO_STORE | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(chain((first,), pieces), 200, headers, content_type=media_type)


def _day(name: str, options: dict[str, str]) -> date | None:
    text = options.get(name)
    if text is None:
        return None
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidBody([Fault("", f"the query option {name} is not right", "a day, such as 2026-11-27")])
