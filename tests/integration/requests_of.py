"""Requests made from openapi.yaml: every body an operation takes that holds an exam, for a given exam.

What cannot be made is refused, so that no operation is left out in silence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from schemas.question import known_targets
from service.domain.rulebase import RuleBase
from tests.contract.conformance import at, escaped, followed, operations, validator
from tests.integration.flagged import Body

SCHEMAS = "#/components/schemas"
NOT_OF_A_PATIENT = {
    ("/v1/findings", "q"), ("/static/{name}", "name"), ("/session", "link"),
    ("/v1/audit/statistics", "since"), ("/v1/audit/statistics", "until"),
}  # fmt: skip
"""Free texts that are read as nothing but a search, the name of a file, a secret, or a day."""
SEARCH, DRAFT = "/v1/assessments/search", "/v1/drafts/{draft}"
"""The first is asked about records; the second gives back what was put there, and says nothing of its own."""
NAMES = (f"{SCHEMAS}/Id", f"{SCHEMAS}/Code")
CHANGES = ([], [{"id": "fpi6", "side": "left", "value": 2}])
MOST_WORDS = 2
"""How many of a list of words are tried."""


class Unbuildable(AssertionError):
    """A part of the contract that nothing here knows how to fill."""


@dataclass(frozen=True)
class Exams:
    """An exam under a hold, and one beside it that is not."""

    held: Body
    calm: Body


@dataclass(frozen=True)
class Request:
    path: str
    query: Mapping[str, str]
    body: Body


class Requests:
    """Makes the requests of operations, over the vocabulary of one rule base."""

    def __init__(self, rulebase: RuleBase, targets: int | None = None) -> None:
        """`targets`: how many of each kind are asked about; all of them where it is left out."""
        self.targets = {kind: ids[:targets] for kind, ids in known_targets(rulebase).items()}

    def of(self, path: str, operation: dict[str, Any], exams: Exams) -> Iterator[Request]:
        """Every request of a POST operation in which the held exam stands."""
        queries = [*self._queries(operation)]
        for body in self.bodies(f"/paths/{escaped(path)}/post", operation, exams):
            yield from (Request(path, query, body) for query in queries)

    def bodies(self, where: str, operation: dict[str, Any], exams: Exams) -> Iterator[Body]:
        (media,) = operation["requestBody"]["content"]
        place = f"{where}/requestBody/content/{escaped(media)}/schema"
        schema = operation["requestBody"]["content"][media]["schema"]
        made = [body for body in self._values(schema, exams, where) if _holds(body, exams)]
        right = [body for body in made if validator(place).is_valid(_small(body, exams))]
        if media != "application/json" or not right:
            raise Unbuildable(f"{where}: none of {len(made)} bodies fits")
        yield from right

    def _queries(self, operation: dict[str, Any]) -> Iterator[dict[str, str]]:
        options = {p["name"]: p["schema"].get("enum") for p in operation.get("parameters", ())}
        if None in options.values():
            raise Unbuildable(f"{operation['operationId']}: a parameter is free text")
        yield from (dict(zip(options, values, strict=True)) for values in product(*options.values()))

    # -- values of a schema ---------------------------------------------------------------------

    def _values(self, schema: dict[str, Any], exams: Exams, where: str) -> list[Any]:
        """Values worth trying, the first of which stands for the others; Unbuildable where there are none."""
        reference = schema.get("$ref", "")
        if reference == f"{SCHEMAS}/Exam":
            return [exams.held, exams.calm]
        if reference == f"{SCHEMAS}/Changes":
            return [*CHANGES]
        if reference == f"{SCHEMAS}/Target":
            kinds = schema.get("properties", {}).get("kind", {}).get("enum", self.targets)
            return [{"kind": kind, "id": id_} for kind in kinds for id_ in self.targets[kind]]
        whole = followed(schema)
        if "enum" in whole:
            return list(whole["enum"][:MOST_WORDS])
        if whole.get("type") == "integer" and "minimum" in whole:
            return [whole["minimum"]]
        if whole.get("type") == "object" and "properties" in whole:
            return [*self._objects(whole, exams, where)]
        raise Unbuildable(f"{where}: nothing is known of {str(schema)[:80]}")

    def _objects(self, schema: dict[str, Any], exams: Exams, where: str) -> Iterator[Body]:
        """With what is required; then each value of each property, and every pair of exams."""
        values = {
            key: self._values(part, exams, f"{where}/{key}") for key, part in schema["properties"].items()
        }
        plain = {key: values[key][0] for key in schema["required"]}
        yield plain
        for key, several in values.items():
            yield from ({**plain, key: value} for value in several)
        pairs = [key for key, part in schema["properties"].items() if part.get("$ref") == f"{SCHEMAS}/Exam"]
        if len(pairs) > 1:
            for chosen in product(*(values[key] for key in pairs)):
                yield {**plain, **dict(zip(pairs, chosen, strict=True))}


def _small(body: Any, exams: Exams) -> Any:
    """The same body over the least of exams: which is quick to validate, and large ones fit as well."""
    if body is exams.held or body is exams.calm:
        return {"findings": []}
    return {key: _small(value, exams) for key, value in body.items()} if isinstance(body, dict) else body


def _holds(body: Any, exams: Exams) -> bool:
    if body is exams.held:
        return True
    return isinstance(body, dict) and any(value is exams.held for value in body.values())


# -- which operations there are ----------------------------------------------------------------------


def with_patients() -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and operation of everything that takes an exam; of a patient else only `about_records` know."""
    for path, method, operation in operations():
        if path in (DRAFT, SEARCH) or "{assessment}" in path:
            continue
        if takes_patients(path, operation):
            if method != "post":
                raise Unbuildable(f"{method} {path} takes a patient, and only POST is known to")
            yield path, operation


def of_record(path: str, operation: dict[str, Any], id_: str) -> tuple[str, Body | None]:
    """Address and body of an operation about what was recorded. Unbuildable where nothing is known of it."""
    examples = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples")
    body = None if path != SEARCH and examples is None else {} if path == SEARCH else {"decision": "accept"}
    return path.replace("{assessment}", id_), body


def about_records() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of everything that tells of a recorded assessment."""
    for path, method, operation in operations():
        if "{assessment}" in path or path == SEARCH:
            yield path, method, operation


def takes_patients(path: str, operation: dict[str, Any]) -> bool:
    """Whether an operation may be told of a patient. Unbuildable where that cannot be said."""
    if "requestBody" in operation:
        return True
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        said = (
            schema.get("$ref") in NAMES or "enum" in schema or (path, parameter["name"]) in NOT_OF_A_PATIENT
        )
        if not said or parameter["in"] not in ("path", "query"):
            raise Unbuildable(f"{path}: may {parameter['name']} say something of a patient?")
    return False


def operation_of(path: str) -> dict[str, Any]:
    found: dict[str, Any] = at(f"/paths/{escaped(path)}/post")
    return found
