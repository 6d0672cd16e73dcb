"""What the decision log amounts to. Described in openapi.yaml."""

import re
from datetime import date

from flask import Blueprint, Response

from schemas.faults import Fault, InvalidBody
from schemas.statistics import write_statistics
from service.records.statistics import statistics as counted
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
