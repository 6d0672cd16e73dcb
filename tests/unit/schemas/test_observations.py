"""Every finding of the vocabulary takes exactly the values it declares, and nothing beside them."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.exam import ExamReader
from schemas.faults import Fault, InvalidBody
from schemas.strict_json import read_json
from service.config import CHECKOUT
from service.domain.exam import Observation
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.knowledge.load import load_rulebase

FINDINGS = tuple(load_rulebase(CHECKOUT / "rules").findings.values())
COUNTS = {"yes_no": 97, "number": 38, "choice": 37, "grade": 11, "integer": 6, "set": 2}
MMT = ["0", "1", "2-", "2", "2+", "3-", "3", "3+", "4-", "4", "4+", "5"]
STATUSES = ["not_assessed", "unable", "refused", "not_applicable"]
NO_NUMBERS = [
    '"5"',
    "true",
    "false",
    "null",
    "[5]",
    '{"value": 5}',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e-999999999",
]
NO_WORDS = ["5", "0", "1.5", "null", '["yes"]', "{}", "NaN", '""', '"\\u0000"', '"\\ud800"', '"zzqx"']


def of_type(*types: str) -> Any:
    """One test for every finding of these types."""
    chosen = [definition for definition in FINDINGS if definition.type in types]
    return pytest.mark.parametrize("definition", chosen, ids=[definition.id for definition in chosen])


def words(definition: FindingDefinition) -> list[str]:
    """The words of a finding that stand for something."""
    return [word for word in definition.values if word not in definition.unknown_values]


@pytest.fixture(scope="module")
def read(reader: ExamReader, now: datetime) -> Callable[..., Observation]:
    """Reads one finding, its side filled in, from the JSON text of its value."""

    def one(definition: FindingDefinition, value: str | None, **more: Any) -> Observation:
        item = {"id": definition.id, **({"side": "left"} if definition.sided else {}), **more}
        text = json.dumps(item)[:-1] + ("" if value is None else f', "value": {value}') + "}"
        body = f'{{"knees": ["right"], "findings": [{text}]}}'
        [observation] = reader.read(read_json(body.encode()), now).observations.values()
        return observation

    return one


@pytest.fixture(scope="module")
def refused(read: Callable[..., Observation]) -> Callable[..., Fault]:
    """The one fault of a finding."""

    def one(definition: FindingDefinition, value: str | None, **more: Any) -> Fault:
        with pytest.raises(InvalidBody) as caught:
            read(definition, value, **more)
        [fault] = caught.value.faults
        return fault

    return one


def test_every_finding_of_the_vocabulary_is_tried() -> None:
    assert Counter(definition.type for definition in FINDINGS) == COUNTS
    assert len(FINDINGS) == 191


# -- numbers --------------------------------------------------------------------------------


@of_type("number", "integer")
def test_a_number_is_taken_from_one_end_of_its_range_to_the_other(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    low, high, step = definition.minimum, definition.maximum, definition.step
    assert low is not None and high is not None and step is not None
    for number in (low, low + step, high - step, high):
        observation = read(definition, str(number))
        assert observation.status == "observed"
        assert observation.value == number
        assert observation.level * step == number  # type: ignore[operator]
        assert isinstance(observation.level, int)


@of_type("number", "integer")
def test_a_number_a_step_beyond_its_range_is_refused_and_not_clamped(
    refused: Callable[..., Fault], rulebase: RuleBase, definition: FindingDefinition
) -> None:
    low, high, step = definition.minimum, definition.maximum, definition.step
    assert low is not None and high is not None and step is not None
    for number in (low - step, high + step, low - step / 1000, high + step / 1000):
        fault = refused(definition, f"{number:f}")
        assert fault.pointer == "/findings/0/value"
        assert fault.detail == "is out of range; nothing is clamped"
        assert fault.value == f"{number:f}"
        assert f"from {low} to {high}" in fault.expected
        if definition.unit:
            assert rulebase.units[definition.unit].write(f"{high}") in fault.expected


@of_type("number", "integer")
def test_a_number_between_two_steps_is_refused_and_not_rounded(
    refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    low, high, step = definition.minimum, definition.maximum, definition.step
    assert low is not None and high is not None and step is not None
    for number in (low + step / 2, high - step / 2, low + step / 1000, high - step / 1000):
        assert refused(definition, f"{number:f}").detail == "is off the step"


@of_type("number", "integer")
def test_what_is_no_number_is_not_made_one(
    refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    for sent in NO_NUMBERS:
        fault = refused(definition, sent)
        assert fault.pointer == "/findings/0/value"
        assert fault.detail in ("is no number", "is no usable number")


@of_type("integer")
def test_an_integer_may_be_written_with_an_empty_fraction(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    assert (
        read(definition, "5.0").level == read(definition, "5").level == read(definition, "0.5e1").level == 5
    )


# -- words ----------------------------------------------------------------------------------


@of_type("choice", "grade", "yes_no")
def test_a_word_is_taken_as_it_is_listed_and_in_capitals(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    assert words(definition)
    for word in words(definition):
        for sent in (word, word.upper(), word.title()):
            observation = read(definition, json.dumps(sent))
            assert (observation.status, observation.value) == ("observed", word)


@of_type("choice", "grade", "yes_no")
def test_every_alias_of_a_word_stands_for_it(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    for alias, word in definition.value_aliases.items():
        observation = read(definition, json.dumps(alias))
        meant = (
            ("not_assessed", None, None)
            if word in definition.unknown_values
            else ("observed", word, definition.level(word))
        )
        assert (observation.status, observation.value, observation.level) == meant


@of_type("choice", "yes_no")
def test_a_choice_is_compared_by_its_word(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    for word in words(definition):
        assert read(definition, json.dumps(word)).level == word


@of_type("grade")
def test_grades_are_compared_in_their_order(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    levels = [read(definition, json.dumps(grade)).level for grade in definition.values]
    assert levels == list(range(len(levels)))
    if definition.id.endswith("_mmt"):
        assert list(definition.values) == MMT


@of_type("choice", "grade", "yes_no")
def test_what_is_no_word_of_the_list_is_refused(
    refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    for sent in NO_WORDS:
        fault = refused(definition, sent)
        assert fault.pointer == "/findings/0/value"
        assert all(f'"{value}"' in fault.expected for value in definition.values)
        assert fault.did_you_mean in (None, *definition.values)


@of_type("choice", "grade")
def test_true_and_false_are_words_only_for_yes_and_no(
    refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    assert refused(definition, "true").detail == refused(definition, "false").detail == "is no text"


@of_type("yes_no")
def test_true_is_yes_and_false_is_no(read: Callable[..., Observation], definition: FindingDefinition) -> None:
    assert read(definition, "true").value == "yes"
    assert read(definition, "false").value == "no"


@of_type("choice", "grade", "yes_no")
def test_a_near_miss_of_a_word_is_answered_with_the_word(
    refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    for word in words(definition):
        sent = f"{word}x" if len(word) > 1 else f"{word}/5x"
        fault = refused(definition, json.dumps(sent))
        assert fault.did_you_mean in definition.values
        assert fault.value == f'"{sent}"'


# -- sets -----------------------------------------------------------------------------------


@of_type("set")
def test_a_set_takes_each_of_its_members_alone_and_all_that_go_together(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    for word in definition.values:
        assert read(definition, json.dumps([word])).value == frozenset({word})
    together = [word for word in definition.values if word not in definition.exclusive_values]
    for sent in (together, together[::-1], [word.upper() for word in together]):
        observation = read(definition, json.dumps(sent))
        assert observation.value == observation.level == frozenset(together)


@of_type("set")
def test_every_alias_of_a_member_stands_for_it(
    read: Callable[..., Observation], definition: FindingDefinition
) -> None:
    for alias, word in definition.value_aliases.items():
        assert read(definition, json.dumps([alias])).value == frozenset({word})


@of_type("set")
@pytest.mark.parametrize("sent", ["[]", "null", '"none"', "{}", "true", "1", "NaN"])
def test_a_set_is_a_list_with_something_in_it(
    refused: Callable[..., Fault], definition: FindingDefinition, sent: str
) -> None:
    fault = refused(definition, sent)
    assert (fault.pointer, fault.detail) == ("/findings/0/value", "is no list with at least one value")


@of_type("set")
def test_a_member_stands_once_in_a_set(refused: Callable[..., Fault], definition: FindingDefinition) -> None:
    first, second, *_ = definition.values
    fault = refused(definition, json.dumps([first, second, first.upper()]))
    assert (fault.pointer, fault.detail) == ("/findings/0/value/2", "is named twice")


def test_no_treatment_does_not_go_with_any_treatment(refused: Callable[..., Fault]) -> None:
    [definition] = [definition for definition in FINDINGS if definition.id == "prior_treatment"]
    for other in definition.values:
        if other != "none":
            assert refused(definition, json.dumps([other, "none"])).detail == "none stands alone"


# -- everything beside the value ------------------------------------------------------------


@of_type(*COUNTS)
def test_every_name_of_a_finding_names_it(
    reader: ExamReader, now: datetime, definition: FindingDefinition
) -> None:
    side = {"side": "right"} if definition.sided else {}
    for name in (
        definition.id,
        definition.id.upper(),
        *definition.aliases,
        *map(str.upper, definition.aliases),
    ):
        item = {"id": name, **side, "status": "unable"}
        exam = reader.read({"knees": ["left"], "findings": [item]}, now)
        [(key, observation)] = exam.observations.items()
        assert key == (definition.id, side.get("side"))
        assert observation.finding == definition.id


@of_type(*COUNTS)
def test_a_side_is_given_where_there_is_one_and_nowhere_else(
    reader: ExamReader, now: datetime, definition: FindingDefinition
) -> None:
    sides: list[dict[str, Any]] = [{}, {"side": "left"}, {"side": "right"}, {"side": None}, {"side": "both"}]
    taken = []
    for side in sides:
        item = {"id": definition.id, **side, "status": "refused"}
        try:
            reader.read({"knees": ["left"], "findings": [item]}, now)
        except InvalidBody as invalid:
            assert [fault.pointer for fault in invalid.faults] == ["/findings/0/side"]
        else:
            taken.append(side)
    assert taken == (sides[1:3] if definition.sided else sides[:1])


@of_type(*COUNTS)
def test_the_unit_may_be_left_out_and_only_its_own_may_be_given(
    read: Callable[..., Observation], refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    assert not read(definition, None, status="unable").observed
    units = {definition.unit, "mm", "cm", "deg", "%", "MM", "", None, 1}
    if definition.unit is not None:
        assert not read(definition, None, status="unable", unit=definition.unit).observed
    for unit in units - {definition.unit} | ({None} if definition.unit is None else set()):
        fault = refused(definition, None, status="unable", unit=unit)
        assert fault.pointer == "/findings/0/unit"
        assert fault.expected == (definition.unit or "no unit")


@of_type(*COUNTS)
def test_what_was_not_observed_says_why_and_has_no_value(
    read: Callable[..., Observation], refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    for status in STATUSES:
        observation = read(definition, None, status=status)
        assert (observation.status, observation.value, observation.level) == (status, None, None)
        assert not observation.observed
        for value in ("5", '"yes"', "null"):
            assert refused(definition, value, status=status).pointer == "/findings/0/value"


@of_type(*COUNTS)
def test_neither_value_nor_status_is_nothing_and_null_is_no_value(
    refused: Callable[..., Fault], definition: FindingDefinition
) -> None:
    for more in ({}, {"status": "observed"}):
        fault = refused(definition, None, **more)
        assert fault.detail == f"{definition.id} has neither value nor status"
        assert refused(definition, "null", **more).value == "null"


@pytest.fixture(scope="module")
def fpi6() -> FindingDefinition:
    [definition] = [definition for definition in FINDINGS if definition.id == "fpi6"]
    return definition


def test_what_stands_beside_a_value_is_kept(
    read: Callable[..., Observation], fpi6: FindingDefinition, now: datetime
) -> None:
    observation = read(
        fpi6,
        "8",
        status="observed",
        observed_at="2026-11-20T08:00:00+01:00",
        method="by hand, standing",
        assessor="Practitioner/4",
        painful=False,
    )
    assert observation.observed_at == now - timedelta(hours=2)
    assert observation.method == "by hand, standing"
    assert observation.assessor == "Practitioner/4"
    assert observation.painful is False
    assert observation.value == 8


def test_what_is_not_said_stays_unknown(read: Callable[..., Observation], fpi6: FindingDefinition) -> None:
    observation = read(fpi6, "8")
    assert (observation.method, observation.assessor, observation.painful) == (None, None, None)
