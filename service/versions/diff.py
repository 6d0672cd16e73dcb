"""What two rule bases conclude differently, with exams that show it, confirmed by all four evaluators."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from random import Random
from typing import Any, Literal

from service.domain.exam import Value
from service.domain.rule import Convention, FindingTest, Rule
from service.domain.rulebase import RuleBase
from service.inference.cells import cells, ends, value_at
from service.inference.reference import FIRES
from service.versions.base import KNEE, Base, Json, Values, concerns, differences, posted
from service.versions.content import SAID
from service.versions.force import answers_to_the_screen, exams, shows_in
from service.versions.points import Parting, Point, Space, observed
from service.versions.realise import Realiser

Change = Literal["added", "removed", "changed", "affected"]
Concludes = Literal["differs", "same", "texts only", "not found"]
DECIDING = frozenset({"all", "screen", "when", "unless", "then", "status"})
WHERE = {
    "strengths": "contributors", "classes": "contributors", "ranking": "contributors",
    "recommendations": "recommendations", "recommendation": "recommendations",
    "knee_pain": "", "answers_last_hours": "safety", "urgencies": "safety", "flag": "safety",
    "states": "states", "chains": "chains", "contributor": "contributors {id}",
    "finding": "", "formula": "",
}  # fmt: skip
"""For each kind of decision the part of an answer that shows it."""
MOST_CONFIRMED = 60
"""So many exams are put to both rule bases for one rule."""
POOL = 120


@dataclass(frozen=True, slots=True)
class Witness:
    """A posted exam, and what the two rule bases conclude differently of it: (what, old, new)."""

    exam: Json
    differs: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class RuleDiff:
    """One rule that is not the same in both. `affected`: it says the same, over what changed elsewhere.

    `concludes` is "same" where no exam tells the two apart but by the names of rules switched off, "texts
    only" where they are not even told apart by what they decide, and "not found" where the search, which
    then was not exhaustive, found none.
    """

    code: str
    title: str
    change: Change
    versions: tuple[int | None, int | None]
    status: tuple[str, str]
    parts: tuple[str, ...]
    concludes: Concludes
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class DecisionDiff:
    """Something else that decides, changed; a witness where one was found (never exhaustive)."""

    name: str
    change: Change
    witness: Witness | None


@dataclass(frozen=True, slots=True)
class Diff:
    rules: tuple[RuleDiff, ...]
    decisions: tuple[DecisionDiff, ...]


def compare(old: RuleBase, new: RuleBase) -> Diff:
    """Raises RuleBaseError where one of them cannot run, NoAnswer where its evaluators disagree."""
    return _Comparison(Base.of(old), Base.of(new)).diff()


class _Comparison:
    def __init__(self, old: Base, new: Base) -> None:
        self.old, self.new = old, new
        self.both = (old, new)
        self._realisers = [Realiser(base) for base in self.both]
        self._decisions = tuple(self._changed_decisions())
        self._doubtful = frozenset(self._taken_in_otherwise())

    def diff(self) -> Diff:
        codes = dict.fromkeys(chain.from_iterable(base.rulebase.readable for base in self.both))
        rules = (self._rule(code) for code in codes)
        return Diff(
            tuple(rule for rule in rules if rule is not None),
            tuple(self._decision(name, change) for name, change in self._decisions),
        )

    # -- rules -------------------------------------------------------------------------------

    def _rule(self, code: str) -> RuleDiff | None:
        old, new = (base.rulebase.readable.get(code) for base in self.both)
        parts = tuple(self._parts(old, new))
        affected = isinstance(new, Rule) and not parts and old is not None and self._is_affected(new)
        if not parts and not affected:
            return None
        shown = new or old
        assert shown is not None
        concludes, witness = self._concludes(code, parts)
        change: Change = "changed" if parts else "affected"
        if old is None or new is None:
            change = "added" if old is None else "removed"
        versions = (old.version if old else None, new.version if new else None)
        status = (old.status if old else "absent", new.status if new else "absent")
        if affected and concludes == "same":
            return None
        return RuleDiff(code, shown.title, change, versions, status, parts, concludes, witness)

    def _parts(self, old: Rule | Convention | None, new: Rule | Convention | None) -> Iterator[str]:
        """The parts that are not the same, as the file names them."""
        if old is None or new is None:
            yield "all"
            return
        found: list[str] = []
        if isinstance(old, Rule) and isinstance(new, Rule):
            before, now = self.old.content.decides(old), self.new.content.decides(new)
            found += [part for part in ("screen", "when", "unless", "then") if before[part] != now[part]]
            found += ["status"] if old.status != new.status else []
        before, now = self.old.content.rule(old), self.new.content.rule(new)
        if DECIDING.isdisjoint(found) and before["concludes"] != now["concludes"]:
            found.append("texts")
        found += [part for part in SAID if before[part] != now[part]]
        yield from found or (["order or writing"] if before != now else [])

    def _is_affected(self, rule: Rule) -> bool:
        """Whether it reads a finding or formula that is declared otherwise now."""
        kinds = ("finding", "formula")
        changed = {name.split(" ")[-1] for name, _ in self._decisions if name.startswith(kinds)}
        named = {c.finding for c in rule.criteria() if isinstance(c, FindingTest)}
        index = self.new.assessor.inference.index[rule.code]
        read = named | {finding for finding, _ in self.new.dependencies.tests([index])}
        return bool((changed | self._doubtful) & read)

    def _taken_in_otherwise(self) -> Iterator[str]:
        """The findings that count at another age, by another formula or through another gate than before."""
        before, now = self.old.content.decisions, self.new.content.decisions
        for name, change in self._decisions:
            if name.startswith("finding ") and change == "changed":
                one, other = ({**d[name], "minimum": None, "maximum": None} for d in (before, now))
                if one != other:
                    yield name.removeprefix("finding ")
                    yield from (item for items in (one["items"], other["items"]) for item in items or ())

    def _concludes(self, code: str, parts: tuple[str, ...]) -> tuple[Concludes, Witness | None]:
        old, new = (base.rule(code) for base in self.both)
        if parts and DECIDING.isdisjoint(parts):
            return "texts only", None
        if old is None and new is None:
            return self._by_force(code, parts, "same")
        space = Space(self.old, self.new, code, self._doubtful)
        witness = self._witness(space.partings(), f"rules {code}")
        if witness is not None:
            return "differs", witness
        if any(True for _ in islice(space.partings(), 1)):
            return "not found", None
        if old is None or new is None or self._same_effects(old, new):
            alike = space.whole and "screen" not in parts
            return self._by_force(code, parts, "same" if alike else "not found")
        firing = list(islice(space.firing(), 200))
        targets = {score.target for rule in (old, new) for score in rule.scores}
        what = tuple(f"contributors {target}" for target in sorted(targets)) or ("",)
        witness = self._witness(firing, *what) or self._witness(self._beside(old, firing), *what)
        return ("differs", witness) if witness else ("not found", None)

    def _by_force(
        self, code: str, parts: tuple[str, ...], otherwise: Concludes
    ) -> tuple[Concludes, Witness | None]:
        """Two versions that never fire apart; one that is switched off leaves what it concludes unknown."""
        both = [base.rulebase.rule_by_code.get(code) for base in self.both]
        off = [rule is not None and rule.switched_off for rule in both]
        if not any(off) or (all(off) and not parts):
            return otherwise, None
        pairs = zip(off, self.both, reversed(self.both), strict=True)
        shown = (self._left_unknown(dark, other, code) for is_off, dark, other in pairs if is_off)
        witness = next(filter(None, shown), None)
        return ("differs", witness) if witness else ("not found", None)

    def _left_unknown(self, dark: Base, other: Base, code: str) -> Witness | None:
        """Where it shows that the rule is switched off in one of the two."""
        rule = dark.rulebase.rule_by_code[code]
        what = tuple(shows_in(dark, other, rule))
        led = (self._leading(*one) for one in exams(other, rule, self._answers) if what)
        tried = islice(chain.from_iterable(led), MOST_CONFIRMED)
        return next(filter(None, (self._differing(exam, *what) for exam in tried)), None)

    def _leading(self, values: Values, given: Point) -> Iterator[Json]:
        """An exam of each rule base that holds these values and may lead to these conclusions."""
        for realiser in self._realisers:
            yield from (posted(*found) for found in islice(realiser.exams(values, given), 1))

    @cached_property
    def _answers(self) -> Values:
        return answers_to_the_screen(self.new)

    def _beside(self, rule: Rule, firing: list[Parting]) -> Iterator[Parting]:
        """Where the rule fires beside others that score for or against the same: a cluster shows only so."""
        targets = {score.target for score in rule.scores}
        for other in self.old.rulebase.rules:
            if other.active and other is not rule and targets & {score.target for score in other.scores}:
                for given in islice(self.old.given_by(other, FIRES), 1):
                    for point in sorted(firing, key=_plainness)[:1]:
                        yield replace(point, values={**observed(given), **point.values})

    def _same_effects(self, old: Rule, new: Rule) -> bool:
        return bool(self.old.content.decides(old)["then"] == self.new.content.decides(new)["then"])

    def _witness(self, partings: Iterable[Parting], *what: str) -> Witness | None:
        """The first exam made of the points, the plainest first, on which the answers differ in `what`."""
        ordered = sorted(islice(partings, 5_000), key=_plainness)
        tried = 0
        for parting in _mixed(ordered):
            for realiser in self._realisers:
                for values, knees in realiser.exams(parting.values, parting.given):
                    tried += 1
                    if tried > MOST_CONFIRMED:
                        return None
                    found = self._differing(posted(values, knees), *what)
                    if found is not None:
                        return found
                if not parting.given:
                    break
        return None

    def _differing(self, exam: Json, *what: str) -> Witness | None:
        """The exam as a witness, where the answers differ in one of these parts."""
        old, new = (base.answer(exam) for base in self.both)
        found = tuple(differences(old, new))
        if any(concerns(name, what) for name, _, _ in found):
            return Witness(exam, found)
        return None

    # -- decisions -----------------------------------------------------------------------------

    def _changed_decisions(self) -> Iterator[tuple[str, Change]]:
        before, now = self.old.content.decisions, self.new.content.decisions
        for name in dict.fromkeys((*before, *now)):
            if name not in before:
                yield name, "added"
            elif name not in now:
                yield name, "removed"
            elif before[name] != now[name]:
                yield name, "changed"

    def _decision(self, name: str, change: Change) -> DecisionDiff:
        kind, _, id_ = name.rpartition(" ")
        where = WHERE[kind or name].format(id=id_)
        for exam in self._single(id_) if kind == "finding" else ():
            if (found := self._differing(exam, where)) is not None:
                return DecisionDiff(name, change, found)
        shown = (w for w in self._pool if any(concerns(what, (where,)) for what, _, _ in w.differs))
        return DecisionDiff(name, change, next(shown, None))

    def _single(self, finding: str) -> Iterator[Json]:
        """Exams that observe nothing but this finding: its ends, or each of its values."""
        definitions = [base.rulebase.findings.get(finding) for base in self.both]
        for definition in filter(None, definitions):
            values: list[Value] = [cell.value for cell in cells(definition, ())]
            if definition.numeric:
                values += [value_at(definition, level) for level in ends(definition)]
            elif definition.type != "set":
                values = list(definition.values)
            for value in values:
                yield posted({(finding, KNEE if definition.sided else None): value})

    @cached_property
    def _pool(self) -> list[Witness]:
        """Examples of rules, mixed, on which the answers differ anywhere."""
        given = [
            observed(example)
            for base in self.both
            for rule in base.rulebase.rules
            for example in (base.given_by(rule, FIRES) if rule.active else ())
        ]
        random = Random(0)
        mixed = [random.sample(given, min(len(given), random.randint(1, 6))) for _ in range(POOL)]
        exams = [posted({key: value for one in some for key, value in one.items()}) for some in mixed]
        return [found for exam in exams if (found := self._differing(exam, "")) is not None]


def _plainness(parting: Parting) -> tuple[bool, int, int]:
    """A rule that fires in one of the two says most; then the fewer conclusions and findings the better."""
    taken = sum(truth is True or isinstance(truth, str) for truth in parting.given.values())
    return FIRES not in (parting.old, parting.new), taken, len(parting.values)


def _mixed(partings: list[Parting]) -> Iterator[Parting]:
    """First one point for each set of conclusions taken as given, then the others."""
    first: dict[Any, Parting] = {}
    for parting in partings:
        first.setdefault(tuple(sorted(parting.given.items(), key=str)), parting)
    yield from first.values()
    yield from (parting for parting in partings if parting not in first.values())
