"""The invented sample of people without knee pain: how each finding is drawn, and on what that rests."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import NormalDist

from service.domain.exam import SIDES, Key, Side, Value
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition, SourcedText
from service.knowledge.fields import NUMBER, Fields
from service.knowledge.problems import Problem, RuleBaseError, did_you_mean
from service.knowledge.source import Source, read_source
from service.knowledge.vocabulary import VERIFICATIONS

FILE = "base_rate_sample.yaml"
KINDS = ("shares", "normal")
SIDED = ("alike", "apart")
STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class Shares:
    """Each value with its share of people, in per cent."""

    values: tuple[Value, ...]
    up_to: tuple[float, ...]
    """The shares added up, each as a part of 1."""

    def value(self, person: float, side: float) -> Value:
        """`person` and `side` lie between 0 and 1, drawn evenly; here the first decides."""
        return self.values[min(bisect_right(self.up_to, person), len(self.values) - 1)]


@dataclass(frozen=True, slots=True)
class Normal:
    """A number round a mean, in the finding's unit: rounded to its step and kept within its range."""

    definition: FindingDefinition
    mean: float
    sd: float
    between_sides: float
    """The standard deviation by which a side is off the person's own value."""

    def value(self, person: float, side: float) -> Value:
        drawn = self.mean + self.sd * _z(person) + self.between_sides * _z(side)
        step, low, high = self.definition.step or Decimal(1), self.definition.minimum, self.definition.maximum
        assert low is not None and high is not None
        number = min(max(round(drawn / float(step)) * step, low), high)
        return int(number) if self.definition.type == "integer" else number


def _z(evenly: float) -> float:
    return STANDARD.inv_cdf(min(max(evenly, 1e-12), 1 - 1e-12))


@dataclass(frozen=True, slots=True)
class Drawn:
    """How one finding is drawn. `alike`: both sides have the person's own value, or one near it."""

    finding: FindingDefinition
    distribution: Shares | Normal
    alike: bool
    source: SourcedText

    def draw(self, seed: int) -> Iterator[dict[Key, Value]]:
        """For one person after the other the values, by side; the same seed gives the same."""
        person = Random(f"{seed} {self.finding.id}")
        sides: tuple[Side | None, ...] = SIDES if self.finding.sided else (None,)
        own = {side: Random(f"{seed} {self.finding.id} {side}") for side in sides}
        while True:
            shared = person.random()
            drawn = {side: random.random() for side, random in own.items()}
            yield {
                (self.finding.id, side): self.distribution.value(
                    shared if self.alike or side is None else drawn[side], drawn[side]
                )
                for side in sides
            }


@dataclass(frozen=True, slots=True)
class Sample:
    """The whole declaration. `says` is what must be said beside any count made of it."""

    says: str
    people: int
    seed: int
    watched: tuple[str, ...]
    """The classes whose share may not rise unsaid."""
    findings: tuple[Drawn, ...]
    left_out: Mapping[str, str]
    """Core findings that are not drawn, each with the reason."""

    def draw(self, seed: int) -> Iterator[dict[Key, Value]]:
        """One person after the other, without end; the first so many are the same for any number."""
        for findings in zip(*(drawn.draw(seed) for drawn in self.findings), strict=True):
            yield {key: value for values in findings for key, value in values.items()}


def read_sample(folder: Path, rulebase: RuleBase) -> Sample:
    """The declared sample. Raises RuleBaseError with every problem, each with file and line."""
    problems: list[Problem] = []
    path = folder / FILE
    source: Source | None = None
    if path.is_file():
        source = read_source(path, FILE, problems)
    else:
        problems.append(Problem(FILE, 1, "is missing"))
    if source is not None:
        sample = _Reader(rulebase).read(Fields(source, problems, FILE))
        if not problems:
            return sample
    raise RuleBaseError(problems)


class _Reader:
    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase

    def read(self, fields: Fields) -> Sample:
        findings = fields.section("findings")
        left_out = fields.words("left_out", required=False)
        drawn = [self._drawn(findings, finding) for finding in findings.names()]
        sample = Sample(
            says=fields.text("says"),
            people=fields.integer("people", at_least=1),
            seed=fields.integer("seed"),
            watched=fields.ids("watched", self.rulebase.class_order, "class"),
            findings=tuple(one for one in drawn if one is not None),
            left_out=left_out,
        )
        self._check_core(fields, set(findings.names()), left_out)
        fields.done()
        return sample

    def _check_core(self, fields: Fields, drawn: set[str], left_out: Mapping[str, str]) -> None:
        """Every core finding is drawn, or left out for a reason; none is both."""
        for name in left_out:
            if name not in self.rulebase.findings:
                hint = did_you_mean(name, self.rulebase.findings)
                fields.problem(f"there is no finding '{name}'.{hint}", fields.line_of("left_out"))
            elif name in drawn:
                fields.problem(f"'{name}' is drawn and left out", fields.line_of("left_out"))
        for finding in self.rulebase.findings.values():
            if finding.use == "core" and finding.id not in drawn and finding.id not in left_out:
                said = f"the core finding '{finding.id}' is neither drawn nor left out for a reason"
                fields.problem(said, fields.line_of("findings"))

    def _drawn(self, findings: Fields, name: str) -> Drawn | None:
        entry = findings.section(name)
        definition = self.rulebase.findings.get(name)
        if definition is None:
            hint = did_you_mean(name, self.rulebase.findings)
            findings.problem(f"there is no finding '{name}'.{hint}", findings.line_of(name))
            return None
        kind = next((kind for kind in KINDS if entry.has(kind)), None)
        distribution = self._distribution(entry, kind, definition)
        alike = definition.sided and entry.one_of("sides", SIDED) == "alike"
        source = SourcedText(
            entry.text("says"),
            entry.id("cite", self.rulebase.sources, "source in evidence.yaml"),
            entry.one_of("verification", VERIFICATIONS),
        )
        entry.done()
        return Drawn(definition, distribution, alike, source) if distribution else None

    def _distribution(
        self, entry: Fields, kind: str | None, definition: FindingDefinition
    ) -> Shares | Normal | None:
        match kind:
            case "shares":
                return self._shares(entry, definition)
            case "normal" if definition.numeric:
                return self._normal(entry, definition)
            case "normal":
                entry.node("normal")
                entry.problem(f"{definition.id} is no number: write its 'shares'", entry.line_of("normal"))
            case _:
                entry.problem(f"'{definition.id}' needs {' or '.join(KINDS)}")
        return None

    def _shares(self, entry: Fields, definition: FindingDefinition) -> Shares:
        section = entry.section("shares")
        shares = {name: section.number(name) for name in section.names()}
        if sum(shares.values()) != 100 or any(share < 0 for share in shares.values()):
            entry.problem(f"the shares add up to {sum(shares.values())}, not 100 %", entry.line_of("shares"))
        values = tuple(self._value(section, name, definition) for name in shares)
        return Shares(values, tuple(float(up_to / 100) for up_to in accumulate(shares.values())))

    def _value(self, section: Fields, name: str, definition: FindingDefinition) -> Value:
        known = [value for value in definition.values if value not in definition.unknown_values]
        if definition.numeric and NUMBER.fullmatch(name):
            number = Decimal(name)
            on_step = definition.in_range(Fraction(number)) and isinstance(definition.level(number), int)
            if on_step:
                return int(number) if definition.type == "integer" else number
        elif name in known:
            return frozenset({name}) if definition.type == "set" else name
        hint = did_you_mean(name, known)
        section.problem(f"{definition.id} has no value '{name}'.{hint}", section.line_of(name))
        return name

    def _normal(self, entry: Fields, definition: FindingDefinition) -> Normal:
        section = entry.section("normal")
        mean, sd = section.number("mean"), section.number("sd")
        between = section.number("between_sides", Decimal(0))
        if sd < 0 or between < 0:
            section.problem("a standard deviation is not below 0")
        if not definition.in_range(Fraction(mean)):
            section.problem(
                f"the mean {mean} is out of the range of {definition.id}", section.line_of("mean")
            )
        section.done()
        return Normal(definition, float(mean), float(sd), float(between))
