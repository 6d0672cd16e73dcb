"""Which parts of a schema an answer uses: to find what the contract promises and the service never writes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.contract.conformance import at, validator

CHOICES = ("oneOf", "anyOf", "allOf")


@dataclass
class Sightings:
    """Collects, over many answers, which properties were there and left out, and which choices were taken.

    A place is the JSON pointer of a schema in the contract, references followed.
    """

    root: str
    present: set[tuple[str, str]] = field(default_factory=set)
    absent: set[tuple[str, str]] = field(default_factory=set)
    chosen: set[str] = field(default_factory=set)

    def add(self, value: Any) -> None:
        self._see(self.root, value)

    def never_present(self) -> Iterator[str]:
        """Properties and choices that no answer had."""
        for place, schema in places(self.root):
            for key in schema.get("properties", {}) if schema.get("type") == "object" else ():
                if (place, key) not in self.present:
                    yield f"{place} {key}"
            yield from (choice for choice in _choices(place, schema) if choice not in self.chosen)

    def never_absent(self) -> Iterator[str]:
        """Properties that are not required and that every answer had."""
        for place, schema in places(self.root):
            for key in schema.get("properties", {}) if schema.get("type") == "object" else ():
                if key not in schema.get("required", ()) and (place, key) not in self.absent:
                    yield f"{place} {key}"

    def _see(self, place: str, value: Any) -> None:
        schema = at(place)
        if "$ref" in schema:
            self._see(schema["$ref"].removeprefix("#"), value)
        for choice in _choices(place, schema):
            if validator(choice).is_valid(value):
                self.chosen.add(choice)
                self._see(choice, value)
        if isinstance(value, dict) and schema.get("type") == "object":
            self._see_object(place, schema.get("properties", {}), value)
        if isinstance(value, list) and "items" in schema:
            for item in value:
                self._see(f"{place}/items", item)

    def _see_object(self, place: str, properties: dict[str, Any], value: dict[str, Any]) -> None:
        for key in properties:
            if key in value:
                self.present.add((place, key))
                self._see(f"{place}/properties/{key}", value[key])
            else:
                self.absent.add((place, key))


def places(root: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema that can be reached from one, each once."""
    open_, done = [root], set()
    while open_:
        place = open_.pop()
        if place in done:
            continue
        done.add(place)
        schema = at(place)
        yield place, schema
        if "$ref" in schema:
            open_.append(schema["$ref"].removeprefix("#"))
        open_.extend(_choices(place, schema))
        if schema.get("type") == "object":
            open_.extend(f"{place}/properties/{key}" for key in schema.get("properties", {}))
        if "items" in schema:
            open_.append(f"{place}/items")


def _choices(place: str, schema: dict[str, Any]) -> list[str]:
    """The alternatives that are shapes of their own, not further limits on the same shape."""
    return [
        f"{place}/{word}/{index}"
        for word in CHOICES
        for index, choice in enumerate(schema.get(word, ()))
        if not choice.keys() <= {"properties", "required", "title"}
    ]
