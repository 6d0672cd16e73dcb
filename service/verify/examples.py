"""Runs the examples written beside the rules, on both evaluators."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from schemas.observations import STATUSES, Wrong, value_reader
from service.answer.case import Case
from service.domain.assessment import Standing
from service.domain.exam import Exam, Key, Observation, Side
from service.domain.rule import Effect, Example, Note, Rule
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.no_answer import NoAnswer
from service.inference.reference import FIRES, Reading
from service.inference.screen import SafetyScreen
from service.inference.strata import Stratum
from service.inference.usable import Usable, what_counts
from service.inference.view import View
from service.knowledge.fields import NUMBER
from service.knowledge.problems import Problem
from service.verify.said import DISAGREEING, SAID

THIS: Side = "left"
OTHER_SIDE: Side = "right"
MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)
KNEES: dict[str, Side] = {"this": THIS, "other": OTHER_SIDE}
WORDS = ("this", "other", "class", "coverage", "state", "flag", "knees")


class BadExample(Exception):
    """An example that cannot be run as written."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an example sets: findings, and conclusions taken as they are."""

    observations: Mapping[Key, Observation]
    classes: Mapping[str, str]
    coverage: Mapping[str, tuple[int, int]]
    states: Mapping[str, bool | None]
    flags: frozenset[str]
    knees: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One example after it ran, seen from this side."""

    rule: Rule
    example: Example
    view: View
    case: Case
    outcome: str

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects that came about: none unless the rule fired."""
        return self.rule.effects if self.outcome == FIRES else ()

    @property
    def reading(self) -> Reading:
        return self.case.reading(self.case.inference.index[self.rule.code], self.view)


class Examples:
    """Runs examples over one rule base."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.rulebase = inference.rulebase
        self.screen = SafetyScreen(inference)

    def run_all(self, problems: list[Problem], rules: Iterable[Rule] | None = None) -> list[Run]:
        """Every example of every active rule, or of these; what does not hold is noted."""
        runs = []
        for rule in self.rulebase.rules if rules is None else rules:
            for example in rule.examples if rule.active else ():
                try:
                    run = self.run(rule, example)
                except (BadExample, NoAnswer) as error:
                    problems.append(_problem(example, str(error)))
                    continue
                runs.append(run)
                problems.extend(_problem(example, said) for said in self.differences(run))
        return runs

    def run(self, rule: Rule, example: Example) -> Run:
        """Raises BadExample, NoAnswer."""
        given = read_given(self.rulebase, example.given)
        self._expects_what_exists(rule, example)
        exam = Exam(MOMENT, given.knees, given.observations)
        usable = what_counts(self.rulebase, exam)
        screen = self.screen.screen(exam, usable)
        if rule.safety:
            views = self._screened(given, usable, exam)
            view = views[THIS]
            case = Case(self.inference, exam, usable, replace(screen, views=views), {})
        else:
            view = self._inferred(given, usable)
            case = Case(self.inference, exam, usable, screen, {THIS: view})
        return Run(rule, example, view, case, view.outcomes[self.inference.index[rule.code]])

    def _screened(self, given: Given, usable: Usable, exam: Exam) -> dict[Side, View]:
        views: dict[Side, View] = {
            side: self.inference.view(usable.counting, side, assessed=side in exam.knees, safety=True)
            for side in (THIS, OTHER_SIDE)
        }
        for stratum in self.inference.safety_strata:
            for view in views.values():
                view.flags |= given.flags
                self._settle(stratum, view, given)
            raised = views[THIS].flags | views[OTHER_SIDE].flags
            for view in views.values():
                view.flags |= raised | set(self.inference.raised(stratum, views.values()))
        return views

    def _inferred(self, given: Given, usable: Usable) -> View:
        view = self.inference.view(usable.counting, THIS)
        self._impose(view, given)
        for stratum in self.inference.strata:
            self._settle(stratum, view, given)
        return view

    def _settle(self, stratum: Stratum, view: View, given: Given) -> None:
        self._impose(view, given)
        self.inference.settle(stratum, view)
        self._impose(view, given)

    def _impose(self, view: View, given: Given) -> None:
        """What the example gives stands, whatever was concluded."""
        view.states.update(given.states)
        view.coverage.update(given.coverage)
        for id_, name in given.classes.items():
            standing = view.standings.get(id_) or Standing(id_, name, 0, 0, 0, 0, 1)
            view.standings[id_] = replace(standing, name=name)

    # -- what was expected -----------------------------------------------------------------

    def _expects_what_exists(self, rule: Rule, example: Example) -> None:
        expect, rulebase = example.expect, self.rulebase
        contributors = {} if rule.safety else rulebase.contributors  # the screen runs before any is scored
        _known(_section(expect, "value"), {**rulebase.findings, **rulebase.derived}, "finding or formula")
        for key in ("net", "class", "coverage"):
            _known(_section(expect, key), contributors, "contributor")
        _words(expect, "state", [], rulebase.states)
        _words(expect, "note", [], {*rulebase.contributors, "exam"})
        _words(expect, "alternative", [], rulebase.alternatives)
        _words(expect, "flag", [], rulebase.red_flags)
        _words(expect, "recommend", [], rulebase.recommendations)
        _words(expect, "forbid", [], {*rulebase.recommendations, *rulebase.findings})
        _words(expect, "ask", [], {*rulebase.findings, DISAGREEING})
        for key in ("gaps", "assumed", "due"):
            _words(expect, key, [], rulebase.findings)

    def differences(self, run: Run) -> Iterator[str]:
        """What the example expects and does not get, in words."""
        expect, view = run.example.expect, run.view
        if run.outcome != expect["outcome"]:
            yield f"expected {expect['outcome']}, but the rule is {run.outcome}"
            return
        for key, found in (
            ("gaps", lambda: {gap.finding for gap in run.case.gaps(run.reading.open, view)}),
            (
                "assumed",
                lambda: {g.finding for gaps in run.case.assumed(run.rule, view).values() for g in gaps},
            ),
        ):
            if key in expect and set(_texts(expect[key])) != found():
                yield f"expected {key} {sorted(_texts(expect[key]))}, found {sorted(found())}"
        for id_, value in _mapping(expect.get("value")).items():
            if not _same_value(value, found_value := self._value(id_, view)):
                yield f"expected {id_} to be {value}, found {found_value}"
        for id_, net in _mapping(expect.get("net")).items():
            if str(view.standings[id_].net) != net:
                yield f"expected net {net} of {id_}, found {view.standings[id_].net}"
        for id_, name in _mapping(expect.get("class")).items():
            if view.standings[id_].name != name:
                yield f"expected {id_} to be {name}, found {view.standings[id_].name}"
        for id_, share in _mapping(expect.get("coverage")).items():
            found_share = "{}/{}".format(*view.coverage[id_])
            if found_share != share:
                yield f"expected {share} of {id_} examined, found {found_share}"
        for state in _texts(expect.get("state", [])):
            if view.states.get(state) is not True:
                yield f"expected the state {state}"
        for about in _texts(expect.get("note", [])):
            if not any(isinstance(e, Note) and e.about == about for e in run.rule.effects):
                yield f"expected a note about {about}"
        yield from self._unsaid(run)

    def _value(self, id_: str, view: View) -> str:
        """A finding or formula as this side sees it, numbers in their unit."""
        level = view.levels[self.inference.slots.of(id_)]
        definition = self.rulebase.findings.get(id_)
        match level:
            case None:
                return "unknown"
            case int() if definition is not None and definition.type == "grade":
                return list(definition.values)[level]
            case int() | Fraction():
                return str(level * Fraction((definition and definition.step) or 1))
            case frozenset():
                return ", ".join(sorted(level))
            case _:
                return str(level)

    def _unsaid(self, run: Run) -> Iterator[str]:
        """Where the rule says other than exactly what is expected of it."""
        for key, said in SAID.items():
            if key in run.example.expect:
                expected, found = set(_texts(run.example.expect[key])), said(self.screen, run, THIS)
                if expected != found:
                    yield f"expected {key} {sorted(expected)}, found {sorted(found)}"


def _problem(example: Example, said: str) -> Problem:
    return Problem(example.file, example.line, f"example '{example.name}': {said}")


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _same_value(expected: str, found: str) -> bool:
    """Numbers may be written in any way: 20, 20.0."""
    try:
        return Fraction(expected) == Fraction(found)
    except ValueError:
        return expected == found


def _mapping(value: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


# -- reading `given` ----------------------------------------------------------------------


def read_given(rulebase: RuleBase, given: Mapping[str, Any]) -> Given:
    """Raises BadExample, naming what is wrong."""
    here = {key: value for key, value in given.items() if key not in WORDS}
    here |= _section(given, "this")
    observations: dict[Key, Observation] = {}
    for finding, written in here.items():
        _observe(rulebase, finding, written, THIS, observations)
    for finding, written in _section(given, "other").items():
        if finding in rulebase.findings and not rulebase.findings[finding].sided:
            raise BadExample(f"{finding} has no side; write it under this")
        _observe(rulebase, finding, written, OTHER_SIDE, observations)
    return Given(
        observations=observations,
        classes=_classes(rulebase, _section(given, "class")),
        coverage={
            id_: (_percent(text), 100)
            for id_, text in _known(_section(given, "coverage"), rulebase.contributors, "contributor").items()
        },
        states={
            id_: _truth(text)
            for id_, text in _known(_section(given, "state"), rulebase.states, "state").items()
        },
        flags=frozenset(_words(given, "flag", [], rulebase.red_flags)),
        knees=tuple(sorted(KNEES[word] for word in _words(given, "knees", ["this"], KNEES))),
    )


def _section(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    section = given.get(key, {})
    if not isinstance(section, dict):
        raise BadExample(f"'{key}' must be a mapping")
    return section


def _known(section: dict[str, Any], known: Mapping[str, Any], kind: str) -> dict[str, str]:
    for id_ in section:
        if id_ not in known:
            raise BadExample(f"there is no {kind} '{id_}'")
    return section


def _classes(rulebase: RuleBase, section: dict[str, Any]) -> dict[str, str]:
    for name in _known(section, rulebase.contributors, "contributor").values():
        if name not in rulebase.class_order:
            raise BadExample(f"there is no class '{name}'")
    return section


def _words(given: Mapping[str, Any], key: str, default: list[str], known: Collection[str]) -> list[str]:
    words = given.get(key, default)
    if not isinstance(words, list):
        raise BadExample(f"'{key}' must be a list")
    for word in words:
        if word not in known:
            raise BadExample(f"'{key}' cannot be '{word}'")
    return words


def _percent(text: Any) -> int:
    number = str(text).removesuffix(" %")
    if not number.isdecimal() or int(number) > 100:
        raise BadExample(f"coverage is written like 50 %, not '{text}'")
    return int(number)


def _truth(text: Any) -> bool | None:
    truths = {"present": True, "absent": False, "unknown": None}
    if str(text) not in truths:
        raise BadExample(f"a state is present, absent or unknown, not '{text}'")
    return truths[str(text)]


def _observe(
    rulebase: RuleBase, finding: str, written: Any, side: Side, into: dict[Key, Observation]
) -> None:
    definition = rulebase.findings.get(finding)
    if definition is None:
        raise BadExample(f"there is no finding '{finding}'")
    where = side if definition.sided else None
    if isinstance(written, dict):
        status = written.get("status")
        if status not in STATUSES or status == "observed" or len(written) != 1:
            raise BadExample(f"{finding}: write a value, or {{status: refused}} and the like")
        into[finding, where] = Observation(finding, where, status, MOMENT)
        return
    try:
        value = value_reader(definition, rulebase.units)(_as_json(written, definition.numeric))
    except Wrong as wrong:
        raise BadExample(f"{finding}: '{written}' {wrong.detail}; {wrong.expected}") from None
    if value is None:
        into[finding, where] = Observation(finding, where, "not_assessed", MOMENT)
    else:
        into[finding, where] = Observation(finding, where, "observed", MOMENT, value, definition.level(value))


def _as_json(written: Any, numeric: bool) -> Any:
    if not numeric or not isinstance(written, str):
        return written
    return Decimal(written) if NUMBER.fullmatch(written) else written
