"""The list of findings in a posted exam: one field, compiled from the vocabulary.

A nested schema over 140 findings costs ten times the inference; this one field
reads each item by a reader made once for its finding. Everything about a value
that the vocabulary declares is checked: side, unit, type, range, step, grade.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError

from schemas.exam_field import ExamField
from schemas.faults import Fault, echo, echo_kind, escaped, nearest
from schemas.finding_names import FindingNames
from schemas.strict_json import NotANumber
from schemas.text import INSTANT_EXPECTED, REFERENCE, REFERENCE_EXPECTED, parse_instant, short_text
from service.domain.exam import SIDES, Level, Status, Value
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition, UnitWords

ITEM_KEYS = frozenset(
    {"id", "side", "value", "unit", "status", "observed_at", "method", "assessor", "painful"}
)
STATUSES = ("observed", "not_assessed", "unable", "refused", "not_applicable")
MISSING = object()
FIRST_IN = "first in "
"""What stands before the pointer of another place in a fault."""


@dataclass(slots=True)  # not frozen: a large exam makes many, and freezing costs most of making one
class SentFinding:
    """One item as read; the time of observation may still be the exam's own."""

    index: int
    finding: str
    side: Any
    status: Status
    value: Value | None
    level: Level | None
    observed_at: datetime | None = None
    painful: bool | None = None
    method: str | None = None
    assessor: str | None = None


class Wrong(Exception):
    """A value the finding does not allow: what is wrong, what would be right, what was near."""

    def __init__(self, detail: str, expected: str, did_you_mean: str | None = None) -> None:
        self.detail, self.expected, self.did_you_mean = detail, expected, did_you_mean
        super().__init__(detail)


class WrongMembers(Wrong):
    """What is wrong with single members of a set, each by its place in the list that was sent."""

    def __init__(self, members: Mapping[int, Wrong], expected: str) -> None:
        self.members = members
        super().__init__("names what it does not have", expected)


ReadValue = Callable[[Any], Value | None]
Units = Mapping[str, UnitWords]


class FindingsField(ExamField[list[SentFinding]]):
    """Reads the whole list, and finds every fault of it."""

    expected = "a list of findings"

    def __init__(self, rulebase: RuleBase, at: str = "/findings", **kwargs: Any) -> None:
        """`at` is the JSON pointer of the list."""
        super().__init__(**kwargs)
        findings = rulebase.findings
        self.at = at
        self.computed = rulebase.derived.keys()
        self.units = rulebase.units
        self._definitions = findings
        self._readers = {name: value_reader(definition, self.units) for name, definition in findings.items()}
        self._most = sum(len(SIDES) if definition.sided else 1 for definition in findings.values())
        self._by_alias = {
            alias.casefold(): definition.id
            for definition in findings.values()
            for alias in (definition.id, *definition.aliases)
        }
        self.names = FindingNames(findings)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[SentFinding]:
        if not isinstance(value, list):
            raise self.wrong("is no list", echo_kind(value))
        faults: list[Fault] = []
        read: list[SentFinding] = []
        first: dict[tuple[str, Any], int] = {}
        instants: dict[str, datetime | None] = {}
        for index, item in enumerate(value[: self._most]):
            before = len(faults)
            found = self._plain(index, item) or _Item(self, index, item, faults, instants).read()
            if found is None:
                continue
            place = first.setdefault((found.finding, found.side), index)
            if place != index:
                faults.append(_twice(found, place, self.at))
            if len(faults) == before:
                read.append(found)
        if len(value) > self._most:
            faults.append(
                Fault(self.at, f"has {len(value)} items", f"at most {self._most}: each finding once")
            )
        if faults:
            raise ValidationError(faults, valid_data=read)
        return read

    def _plain(self, index: int, item: Any) -> SentFinding | None:
        """The common case, an observed value and nothing else, if it is right; else the whole reading."""
        if type(item) is not dict or len(item) != (3 if "side" in item else 2):
            return None
        name, sent, side = item.get("id"), item.get("value", MISSING), item.get("side")
        definition = self._definitions.get(name) if type(name) is str else None
        if definition is None or sent is MISSING or ("side" in item) != definition.sided:
            return None
        if definition.sided and side not in SIDES:
            return None
        try:
            value = self._readers[definition.id](sent)
        except Wrong:
            return None
        if value is None:
            return None
        return SentFinding(index, definition.id, side, "observed", value, definition.level(value))

    def definition(self, name: Any) -> FindingDefinition | None:
        """By id, or by a lossless alias of it."""
        if not isinstance(name, str):
            return None
        definition = self._definitions.get(name)
        if definition is None:
            definition = self._definitions.get(self._by_alias.get(name.casefold(), ""))
        return definition

    def reader(self, finding: str) -> ReadValue:
        return self._readers[finding]


def _twice(found: SentFinding, first: int, at: str) -> Fault:
    where = f" on the {found.side}" if found.side else ""
    return Fault(
        f"{at}/{found.index}",
        f"{found.finding} is given twice{where}, {FIRST_IN}{at}/{first}",
        "each finding once for each side",
    )


class _Item:
    """One item of the list while it is read; every fault goes to the common list."""

    def __init__(
        self,
        field: FindingsField,
        index: int,
        item: Any,
        faults: list[Fault],
        instants: dict[str, datetime | None],
    ) -> None:
        self.field = field
        self.index = index
        self.item = item
        self.faults = faults
        self.instants = instants
        self.at = f"{field.at}/{index}"

    def read(self) -> SentFinding | None:
        """What was found, its value aside perhaps wrong; None where finding or side is not known."""
        item = self.item
        if not isinstance(item, dict):
            expected = 'an object such as {"id": "fpi6", "side": "left", "value": 8}'
            self.faults.append(Fault(self.at, "is no object", expected, echo_kind(item)))
            return None
        if not item.keys() <= ITEM_KEYS:
            self._unknown_keys(item.keys() - ITEM_KEYS)
        name = item.get("id", MISSING)
        definition = self.field.definition(name)
        if definition is None:
            self._unknown_finding(name)
            self._beside_unknown_finding()
            return None
        side = self._side(definition)
        status, value = self._status_and_value(definition)
        self._unit(definition)
        found = SentFinding(
            index=self.index,
            finding=definition.id,
            side=side,
            status=status,
            value=value,
            level=None if value is None else definition.level(value),
            observed_at=self._observed_at(),
            painful=self._painful(),
            method=self._text("method"),
            assessor=self._assessor(),
        )
        return None if side is MISSING else found

    def _unknown_keys(self, keys: Iterable[str]) -> None:
        for key in sorted(keys):
            self.faults.append(
                Fault(
                    f"{self.at}/{escaped(key)}",
                    "is no key of a finding",
                    f"one of {', '.join(sorted(ITEM_KEYS))}",
                    did_you_mean=nearest(key, ITEM_KEYS),
                )
            )

    def _unknown_finding(self, name: Any) -> None:
        if name is MISSING:
            self._fault("/id", "is missing", "the id of a finding; GET /v1/findings lists them")
            return
        if isinstance(name, str) and name in self.field.computed:
            expected = f"the findings it is computed from; GET /v1/findings/{name} names them"
            self._fault("/id", "is computed: it cannot be posted", expected, name)
            return
        expected = "the id of a finding; GET /v1/findings lists them"
        self._fault("/id", "is no finding", expected, name, self.field.names.meant(name))

    def _beside_unknown_finding(self) -> None:
        """What can be judged of an item whatever the finding is."""
        if "side" in self.item and self.item["side"] not in SIDES:
            self._no_side(self.item["side"])
        self._status()
        self._observed_at()
        self._painful()
        self._text("method")
        self._assessor()

    def _side(self, definition: FindingDefinition) -> Any:
        """The side, None where the finding has none, MISSING where it is not right."""
        side = self.item.get("side", MISSING)
        if not definition.sided:
            if side is not MISSING:
                self._fault("/side", f"{definition.id} has no side", "no side", side)
            return None
        if side is MISSING:
            self._fault("/side", f"{definition.id} needs a side", "left or right")
        elif side not in SIDES:
            self._no_side(side)
            return MISSING
        return side

    def _no_side(self, side: Any) -> None:
        self._fault("/side", "is no side", "left or right", side, nearest(side, SIDES))

    def _status(self) -> Any:
        """The status, MISSING where none is sent, None where it is not right."""
        status = self.item.get("status", MISSING)
        if status is MISSING or status in STATUSES:
            return status
        self._fault(
            "/status", "is no status", f"one of {', '.join(STATUSES)}", status, nearest(status, STATUSES)
        )
        return None

    def _status_and_value(self, definition: FindingDefinition) -> tuple[Status, Value | None]:
        status = self._status()
        sent = self.item.get("value", MISSING)
        if status is None:
            return "observed", None
        if sent is MISSING:
            if status in (MISSING, "observed"):
                self._fault(
                    "/value",
                    f"{definition.id} has neither value nor status",
                    _expected(definition, self.field.units),
                )
            return status if isinstance(status, str) else "observed", None  # type: ignore[return-value]
        if status not in (MISSING, "observed"):
            self._fault(
                "/value", f"a finding that is {status} has no value", "no value, or status observed", sent
            )
            return "observed", None
        return self._value(definition, sent)

    def _value(self, definition: FindingDefinition, sent: Any) -> tuple[Status, Value | None]:
        try:
            value = self.field.reader(definition.id)(sent)
        except WrongMembers as several:
            for place, wrong in several.members.items():
                where = f"/value/{place}"
                self._fault(where, wrong.detail, wrong.expected, sent[place], wrong.did_you_mean)
            return "observed", None
        except Wrong as wrong:
            self._fault("/value", wrong.detail, wrong.expected, sent, wrong.did_you_mean)
            return "observed", None
        return ("not_assessed", None) if value is None else ("observed", value)

    def _unit(self, definition: FindingDefinition) -> None:
        unit = self.item.get("unit", MISSING)
        if unit is not MISSING and (unit is None or unit != definition.unit):
            expected = definition.unit or "no unit"
            self._fault("/unit", f"{definition.id} is not in this unit; nothing is converted", expected, unit)

    def _observed_at(self) -> datetime | None:
        sent = self.item.get("observed_at", MISSING)
        if sent is MISSING:
            return None
        if not isinstance(sent, str):
            self._fault("/observed_at", "is no time", INSTANT_EXPECTED, sent)
            return None
        if sent not in self.instants:
            self.instants[sent] = parse_instant(sent)
        instant = self.instants[sent]
        if instant is None:
            self._fault("/observed_at", "is no time with its offset", INSTANT_EXPECTED, sent)
        return instant

    def _painful(self) -> bool | None:
        painful = self.item.get("painful", MISSING)
        if painful is MISSING:
            return None
        if isinstance(painful, bool):
            return painful
        self._fault("/painful", "is neither true nor false", "true or false", painful)
        return None

    def _assessor(self) -> str | None:
        sent = self.item.get("assessor", MISSING)
        if sent is MISSING:
            return None
        if not isinstance(sent, str) or not REFERENCE.fullmatch(sent):
            self._fault("/assessor", "is no reference", REFERENCE_EXPECTED)
            return None
        return sent

    def _text(self, key: str) -> str | None:
        sent = self.item.get(key, MISSING)
        if sent is MISSING:
            return None
        if not short_text(sent):
            self._fault(f"/{key}", "is no short text", "1 to 200 printable characters")
            return None
        return str(sent)

    def _fault(
        self, where: str, detail: str, expected: str, value: Any = MISSING, near: str | None = None
    ) -> None:
        sent = None if value is MISSING else echo(value)
        self.faults.append(Fault(f"{self.at}{where}", detail, expected, sent, near))


# -- values -----------------------------------------------------------------------------


def value_reader(definition: FindingDefinition, units: Units) -> ReadValue:
    """Reads a JSON value as this finding's value; None where it stands for not assessed.

    The reader raises Wrong.
    """
    if definition.numeric:
        return _number_reader(definition, _expected(definition, units))
    if definition.type == "set":
        return _set_reader(definition)
    return _word_reader(definition)


def _number_reader(definition: FindingDefinition, expected: str) -> ReadValue:
    low, high, step = definition.minimum, definition.maximum, definition.step
    assert low is not None and high is not None and step is not None

    def read(sent: Any) -> Value:
        if isinstance(sent, bool) or not isinstance(sent, int | Decimal):
            kind = "is no usable number" if isinstance(sent, NotANumber) else "is no number"
            raise Wrong(kind, expected)
        number = Decimal(sent)
        if not low <= number <= high:
            raise Wrong("is out of range; nothing is clamped", expected)
        if number % step:
            raise Wrong("is off the step", expected)
        return number

    return read


def _word_reader(definition: FindingDefinition) -> ReadValue:
    expected = _listed(definition)
    known = {word.casefold(): value for word, value in definition.value_aliases.items()}
    known |= {value.casefold(): value for value in definition.values}
    words = known.keys()
    kind = "value of this set" if definition.type == "set" else definition.type.replace("_", "/")

    def read(sent: Any) -> Value | None:
        if isinstance(sent, bool) and definition.type == "yes_no":
            return "yes" if sent else "no"
        if not isinstance(sent, str):
            raise Wrong("is no text", expected, str(sent) if str(sent) in definition.values else None)
        value = known.get(sent) or known.get(sent.casefold())
        if value is None:
            near = nearest(sent, words)
            raise Wrong(f"is no {kind}", expected, known[near] if near else None)
        return None if value in definition.unknown_values else value

    return read


def _set_reader(definition: FindingDefinition) -> ReadValue:
    read_one = _word_reader(definition)
    expected = _listed(definition)

    def read(sent: Any) -> Value | None:
        if not isinstance(sent, list) or not sent:
            raise Wrong("is no list with at least one value", expected)
        if len(sent) > len(definition.values):
            raise Wrong("names more values than there are", expected)
        values: list[str] = []
        wrong: dict[int, Wrong] = {}
        for place, member in enumerate(sent):
            try:
                value = read_one(member)
            except Wrong as found:
                wrong[place] = found
                continue
            if not isinstance(value, str):
                wrong[place] = Wrong("stands for what is not known", expected)
            elif value in values:
                wrong[place] = Wrong("is named twice", expected)
            else:
                values.append(value)
        if wrong:
            raise WrongMembers(wrong, expected)
        if len(values) > 1 and not definition.exclusive_values.isdisjoint(values):
            raise Wrong(f"{' and '.join(sorted(definition.exclusive_values))} stands alone", expected)
        return frozenset(values)

    return read


def _expected(definition: FindingDefinition, units: Units) -> str:
    """What a value of this finding looks like, for a person."""
    if not definition.numeric:
        return _listed(definition)
    highest = str(definition.maximum)
    if definition.unit:
        highest = units[definition.unit].write(highest)
    step = "" if definition.type == "integer" else f" in steps of {definition.step}"
    kind = "an integer" if definition.type == "integer" else "a number"
    return f"{kind} from {definition.minimum} to {highest}{step}"


def _listed(definition: FindingDefinition) -> str:
    values = ", ".join(f'"{value}"' for value in definition.values)
    return f"a list of some of {values}" if definition.type == "set" else f"one of {values}"
