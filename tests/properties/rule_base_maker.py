"""Random rule bases over a small random vocabulary.

Every word, group, formula and kind of finding that `rules/README.md` knows turns up. A base is
written as files (JSON is YAML) and loaded as any other.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from service.domain.source_attributes import ATTRIBUTES, USES
from service.knowledge.source_sheet import WORDS as SHEET_WORDS

REGIONS = ("knee", "hip", "ankle", "foot", "core")
SOURCE = "made-up"
GRADES = ["0", "1", "2-", "2", "2+", "3"]
CHOICES = ["a", "b", "c", "d"]
CLASSES = (
    "supported", "conflicting", "possible", "suggested", "indeterminate", "insufficient_data",
    "argued_against",
)  # fmt: skip
CONVENTIONS = (
    "unknown_never_fires", "low_coverage_never_excludes", "region_not_assessed", "pain_limited_test",
    "nothing_assessed", "stale_finding", "out_of_range_refused", "unknown_age_or_sex",
    "better_method_counts", "each_knee_by_itself", "only_on_pain_free_side", "same_on_pain_free_side",
    "different_signs_at_both_knees",
)  # fmt: skip
URGENCIES = ("EMERGENCY", "SAME_DAY", "URGENT", "SOON", "NOTE")
UNITS = ("mm", "%", "kg", "a")
SCREEN_STATES = ("safety_incomplete", "referral_first")

Json = dict[str, Any]
Files = dict[str, Json]


@dataclass(frozen=True)
class Readable:
    """Something a criterion can test: a finding or a formula."""

    id: str
    type: str
    sided: bool
    unit: str | None = None
    low: int = 0
    high: int = 0
    decimals: int = 0
    values: tuple[str, ...] = ()
    formula: bool = False


@dataclass
class Layer:
    """What the rules of one layer may conclude; they read only what earlier layers concluded."""

    states: list[str] = field(default_factory=list)
    contributors: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def and_then(self, later: "Layer") -> "Layer":
        return Layer(
            self.states + later.states, self.contributors + later.contributors, self.flags + later.flags
        )


@dataclass
class Words:
    """Which words a condition may use, and what was concluded before it."""

    safety: bool = False
    scores: bool = False
    negated: bool = False
    before: Layer = field(default_factory=Layer)
    every: bool = False


class BaseMaker:
    """Makes one rule base; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.findings: list[Readable] = []
        self.formulas: list[Readable] = []
        self.never_unknown: set[str] = set()
        """Formulas known even where nothing was observed: no points may rest on them."""
        self.mechanisms = ["mechanism_a", "mechanism_b"]
        self.contributors = ["contributor_a", "contributor_b", "contributor_c"]
        self.codes = 0
        self.files: Files = {}

    def make(self) -> Files:
        self._vocabulary()
        self._base()
        screen = [Layer(["screened_a"]), Layer(["screened_b"], flags=["Z1"]), Layer(flags=["Z2", "Z3"])]
        self._rules("safety", screen)
        rest = [
            Layer(["state_a"], ["mechanism_a"]),
            Layer(["state_b"], ["mechanism_b", "contributor_a"]),
            Layer(["state_c", "state_d"], ["contributor_b"]),
            Layer(),
        ]
        self._rules("contributors", rest)
        return self.files

    # -- vocabulary --------------------------------------------------------------------------

    def _vocabulary(self) -> None:
        findings = {}
        for id_, entry in [*self._plain_findings(), *self._numeric_findings(), *self._safety_findings()]:
            findings[id_] = entry
        self.files["vocabulary/findings/all.yaml"] = {"findings": findings}
        gate = {"label": "a gate", "asks": "Any?", "items": ["item_a", "item_b", "item_c"]}
        self.files["vocabulary/gates.yaml"] = {
            "valid_for_days": 1,
            "burden_seconds": 5,
            "gates": {"gate_a": gate},
        }
        self.findings.append(Readable("gate_a", "yes_no", False))
        self.files["vocabulary/derived.yaml"] = {"derived": dict(self._formulas())}
        units = {unit: {"many": f"{{number}} {unit}"} for unit in UNITS}
        self.files["vocabulary/units.yaml"] = {"units": units}
        self.files["vocabulary/scales.yaml"] = {
            "scales": {"steps": {"label": "steps", "grades": GRADES, **self._cited()}}
        }
        self._states_and_contributors()
        urgencies = {u: {"words": u, "order": n} for n, u in enumerate(URGENCIES, start=1)}
        flags = {
            z: {"label": z, "urgency": self.random.choice(list(urgencies)), "withholds": "nothing"}
            for z in ("Z1", "Z2", "Z3")
        }
        self.files["vocabulary/red_flags.yaml"] = {
            "roles": ["physician"], "urgencies": urgencies, "red_flags": flags,
        }  # fmt: skip
        option = {
            "id": "rec", "label": "r", "target": "none", "text": "t", "for_patients": "t", "dose": "d",
            "support": "s", "limits": "l", "cites": [SOURCE], "verification": "from_memory",
            "origin": ["expert"],
        }  # fmt: skip
        self.files["vocabulary/recommendations.yaml"] = {"recommendations": {"R00": option}}
        self.files["vocabulary/alternatives.yaml"] = {"alternatives": {}}
        self.files["vocabulary/chains.yaml"] = {"chains": {}}
        source = {"reference": "none", "verification": "from_memory", "shows": "nothing"}
        self.files["evidence.yaml"] = {"evidence": {SOURCE: source}}

    def _cited(self) -> Json:
        return {"cite": SOURCE, "verification": "from_memory"}

    def _finding(self, readable: Readable, **more: Any) -> tuple[str, Json]:
        self.findings.append(readable)
        return readable.id, {
            "label": readable.id, "region": self.random.choice(REGIONS),
            "side": "sided" if readable.sided else "none", "type": readable.type, "aliases": [],
            "measured": "m", "cut_offs": [], "reliability": [], "use": "core", "burden_seconds": 10,
            "valid_for_days": self.random.choice([90, "forever"]), **more,
        }  # fmt: skip

    def _sided(self) -> bool:
        return self.random.random() < 0.7

    def _plain_findings(self) -> Iterator[tuple[str, Json]]:
        yield self._finding(Readable("painful", "yes_no", True))
        for id_ in ("answer_a", "answer_b", "answer_c"):
            yield self._finding(Readable(id_, "yes_no", self._sided()))
        for id_ in ("choice_a", "choice_b"):
            unknown = ["d"] if self.random.random() < 0.5 else []
            usable = tuple(CHOICES[: 4 - len(unknown)])
            readable = Readable(id_, "choice", self._sided(), values=usable)
            yield self._finding(readable, values={v: v for v in CHOICES}, unknown_values=unknown)
        yield self._finding(Readable("grade_a", "grade", self._sided(), values=tuple(GRADES)), scale="steps")
        yield self._finding(Readable("grade_b", "grade", self._sided(), values=("low", "mid", "top")),
                            grades=["low", "mid", "top"])  # fmt: skip
        for id_ in ("set_a", "set_b"):
            readable = Readable(id_, "set", self._sided(), values=tuple(CHOICES))
            alone = ["a"] if self.random.random() < 0.5 else []
            yield self._finding(readable, values={v: v for v in CHOICES}, exclusive=alone)

    def _numeric_findings(self) -> Iterator[tuple[str, Json]]:
        for id_, unit, low, high, decimals, step in (
            ("number_a", "mm", -20, 20, 1, "0.5"), ("number_b", "%", 0, 60, 1, "0.1"),
            ("number_c", None, 0, 2, 2, "0.01"), ("number_d", "kg", 0, 30, 0, "1"),
        ):  # fmt: skip
            readable = Readable(id_, "number", self._sided(), unit, low, high, decimals)
            in_unit = {"unit": unit} if unit else {}
            yield self._finding(readable, range=[low, high], step=Plain(step), **in_unit)
        yield self._finding(Readable("count_a", "integer", self._sided(), None, 0, 12), range=[0, 12])
        computed = {"kind": "ratio", "of": "number_b", "to": "number_d", "times": 10, "per": Plain("0.7")}
        yield self._finding(
            Readable("computed_a", "number", True, "%", 0, 90, 1), range=[0, 90], step=Plain("0.1"), unit="%",
            derive=computed,
        )  # fmt: skip

    def _safety_findings(self) -> Iterator[tuple[str, Json]]:
        for id_ in ("item_a", "item_b", "item_c"):
            role = {"due": "gate", "abnormal": ["yes"]}
            yield self._finding(Readable(id_, "yes_no", self._sided()), use="safety", safety=role)
        due = {"due": "always", "abnormal": {"above": "8 a"}}
        readable = Readable("years", "integer", False, "a", 0, 20)
        yield self._finding(readable, use="safety", unit="a", range=[0, 20], safety=due)

    def _states_and_contributors(self) -> None:
        own = ("state_a", "state_b", "state_c", "state_d", "screened_a", "screened_b")
        states = {s: {"label": s, "basis": "observed", "origin": ["expert"]} for s in own}
        for state in SCREEN_STATES:
            states[state] = {"label": state, "basis": "observed", "origin": ["expert"], "given_by": "screen"}
        self.files["vocabulary/states.yaml"] = {"states": states}
        self.files["vocabulary/contributors.yaml"] = {
            "contributors": {c: self._contributor() for c in self.contributors},
            "mechanisms": {m: self._contributor() | {"beneath": "contributor_a"} for m in self.mechanisms},
        }

    def _contributor(self) -> Json:
        groups = [
            {"label": "g", "any_of": self._sample([f.id for f in self.findings], 1, 3)}
            for _ in range(self.random.randint(1, 5))
        ]
        link = {"grade": self.random.choice(["low", "high"]), "text": "t", "cites": [SOURCE]}
        return {
            "label": "c", "for_patients": "c", "region": "hip", "origin": ["expert"],
            "link_certainty": link, "key_groups": groups,
        }  # fmt: skip

    # -- formulas ------------------------------------------------------------------------------

    def _formulas(self) -> Iterator[tuple[str, Json]]:
        makers = (
            self._ratio, self._difference, self._first_usable, self._count, self._known_true, self._observed,
        )  # fmt: skip
        kinds = [*makers, *self.random.choices(makers, k=2)]
        self.random.shuffle(kinds)
        for number, make in enumerate(kinds):
            id_ = f"formula_{number}"
            readable, entry = make(id_)
            side = {"side": "sided" if readable.sided else "none"}
            yield id_, {"label": id_, **side, **self._cited(), **entry}
            self.formulas.append(readable)

    def _numbers(self) -> list[Readable]:
        return [f for f in self.findings if f.type in ("number", "integer")]

    def _operand(self, sided: bool) -> Any:
        operand = self.random.choice([f for f in self._numbers() if sided or not f.sided])
        return {"other": operand.id} if operand.sided and self.random.random() < 0.4 else operand.id

    def _ratio(self, id_: str) -> tuple[Readable, Json]:
        sided = self._sided()
        entry = {"kind": "ratio", "of": self._operand(sided), "to": self._operand(sided), "unit": "%"}
        factors = {"times": 100} if self.random.random() < 0.5 else {"per": Plain("0.3")}
        return Readable(id_, "number", sided, "%", -50, 250, 1, formula=True), entry | factors

    def _difference(self, id_: str) -> tuple[Readable, Json]:
        sided = self._sided()
        entry = {"kind": "difference", "of": self._operand(sided), "minus": self._operand(sided)}
        return Readable(id_, "number", sided, None, -20, 20, 1, formula=True), entry

    def _first_usable(self, id_: str) -> tuple[Readable, Json]:
        tests = []
        for _ in range(self.random.randint(1, 3)):
            only_if = {"only_if": self._formula_test()} if self.random.random() < 0.5 else {}
            tests.append({"test": self._formula_test()} | only_if)
        self._settle(id_, any(self._always_known(test["test"]) for test in tests))
        return Readable(id_, "yes_no", True, formula=True), {"kind": "first_usable", "tests": tests}

    def _count(self, id_: str) -> tuple[Readable, Json]:
        tests = []
        for _ in range(self.random.randint(2, 4)):
            points = self.random.choice([{}, {"points": 2}, {"points": -1}])
            tests.append({"test": self._formula_test()} | points)
        entry: Json = {"kind": "count", "tests": tests}
        if self.random.random() < 0.4:
            entry["always_known"] = True
        self._settle(id_, "always_known" in entry or any(self._always_known(t["test"]) for t in tests))
        return Readable(id_, "number", True, None, -1, 4, formula=True), entry

    def _known_true(self, id_: str) -> tuple[Readable, Json]:
        self._settle(id_)
        words = Words(safety=True)
        when = self._group(words, lambda: self._formula_test())
        return Readable(id_, "yes_no", True, formula=True), {"kind": "known_true", "when": when}

    def _observed(self, id_: str) -> tuple[Readable, Json]:
        self._settle(id_)
        entry = {"kind": "observed_count", "region": self.random.choice(REGIONS)}
        return Readable(id_, "number", True, None, 0, 5, formula=True), entry

    def _formula_test(self) -> Json:
        return self._on_some_side(self.random.choice([*self.findings, *self.formulas]), Words())

    def _settle(self, formula: str, never_unknown: bool = True) -> None:
        if never_unknown:
            self.never_unknown.add(formula)

    def _always_known(self, test: Json) -> bool:
        ((read, word),) = test.get("other", test).items()
        return word in ("observed", "not_observed") or read in self.never_unknown

    def _readable(self, words: Words) -> list[Readable]:
        formulas = self.formulas
        if words.scores and not words.negated:
            formulas = [formula for formula in formulas if formula.id not in self.never_unknown]
        return [*self.findings, *formulas]

    # -- conditions ----------------------------------------------------------------------------

    def _condition(self, words: Words, most: int) -> Any:
        """A group of a few members, one of which may be a group itself."""
        members: list[Any] = [self._criterion(words) for _ in range(self.random.randint(1, most))]
        if self.random.random() < 0.6:
            members.append(self._group(words, lambda: self._criterion(words)))
        if len(members) == 1 and self.random.random() < 0.5:
            return members[0]
        return self.random.choice([members, {"all": members}, {"any": members}])

    def _group(self, words: Words, criterion: Callable[[], Json]) -> Json:
        members = [criterion() for _ in range(self.random.randint(2, 3))]
        kinds = ["all", "any", "at_least_n", "not_known" if words.safety else "any"]
        if not words.negated:
            kinds.append("exactly_n")
        match self.random.choice(kinds):
            case "at_least_n":
                return {"at_least_n": self.random.randint(1, len(members)), "of": members}
            case "exactly_n":
                tests = [self._known_or_unknown(words) for _ in members]
                return {"exactly_n": self.random.randint(1, len(tests)), "of": tests}
            case "not_known":
                return {"not_known": self.random.choice([members[0], {"all": members}, {"any": members}])}
            case kind:
                return {kind: members}

    def _known_or_unknown(self, words: Words) -> Json:
        return self._on_some_side(self.random.choice(self._readable(words)), words)

    def _criterion(self, words: Words) -> Json:
        concluded = self._concluded(words)
        if concluded and self.random.random() < 0.35:
            return self.random.choice(concluded)
        tested = self.random.choice(self._readable(words))
        if words.safety and tested.sided and self.random.random() < 0.2:
            return {"either": self._test(tested, words)}
        return self._on_some_side(tested, words)

    def _concluded(self, words: Words) -> list[Json]:
        """Criteria over conclusions of earlier layers."""
        if words.safety:
            flags = [{"flag": flag} for flag in words.before.flags]
            return [*({"state": s} for s in words.before.states), *flags, {"assessed": "this_side"}]
        found: list[Json] = [{"state": s} for s in (*words.before.states, *SCREEN_STATES)]
        found += [{"class": {c: self._classes()}} for c in words.before.contributors]
        found += [{"coverage": {self.random.choice([*self.contributors, *self.mechanisms]): self._share()}}]
        if words.every:
            word = self.random.choice(["some_contributor", "every_contributor"])
            found += [{word: {"class": self._classes()}}, {word: {"coverage": self._share()}}]
        return found

    def _classes(self) -> Json:
        return self.random.choice([
            {"is": self.random.choice(CLASSES)}, {"one_of": self._sample(CLASSES, 1, 4)},
        ])  # fmt: skip

    def _share(self) -> Json:
        word = self.random.choice(["at_least", "at_most", "above", "below"])
        return {word: f"{self.random.choice([0, 25, 33, 50, 60, 75, 100])} %"}

    def _on_some_side(self, tested: Readable, words: Words) -> Json:
        test = self._test(tested, words)
        return {"other": test} if tested.sided and self.random.random() < 0.15 else test

    def _test(self, tested: Readable, words: Words) -> Json:
        if not tested.formula and self.random.random() < 0.1:
            return {tested.id: "observed" if words.scores or self.random.random() < 0.5 else "not_observed"}
        match tested.type:
            case "yes_no":
                return {tested.id: self.random.choice(["present", "absent"])}
            case "choice":
                return {tested.id: self._is(tested.values)}
            case "set":
                word = self.random.choice(["includes_any", "includes_all", "only"])
                return {tested.id: {word: self._sample(tested.values, 1, 3)}}
            case _ if not tested.formula and tested.type != "number" and self.random.random() < 0.4:
                return {tested.id: self._is(tested.values or self._all_numbers(tested))}
            case _:
                return {tested.id: self._compared(tested)}

    def _all_numbers(self, tested: Readable) -> tuple[str, ...]:
        return tuple(self._limit(tested, number) for number in range(tested.low, tested.high + 1))

    def _is(self, values: tuple[str, ...]) -> Json:
        if self.random.random() < 0.5:
            return {"is": self.random.choice(values)}
        return {"one_of": self._sample(values, 1, 3)}

    def _compared(self, tested: Readable) -> Json:
        word = self.random.choice(["at_least", "at_most", "above", "below", "between"])
        if word != "between":
            return {word: self._limit(tested, self._place(tested))}
        low, high = sorted((self._place(tested), self._place(tested)))
        return {word: [self._limit(tested, low), self._limit(tested, high)]}

    def _place(self, tested: Readable) -> int:
        """A place on the scale: grades by number, numbers in the units of their last decimal."""
        if tested.values:
            return self.random.randrange(len(tested.values))
        scale = 10**tested.decimals
        step = 5 if tested.id == "number_a" else 1
        return step * self.random.randint(tested.low * scale // step, tested.high * scale // step)

    def _limit(self, tested: Readable, place: int) -> str:
        if tested.values:
            return tested.values[place]
        number = f"{place / 10**tested.decimals:.{tested.decimals}f}"
        return f"{number} {tested.unit}" if tested.unit else Plain(number)

    # -- rules -----------------------------------------------------------------------------------

    def _rules(self, family: str, layers: list[Layer]) -> None:
        safety = family == "safety"
        before = Layer()
        for number, layer in enumerate(layers):
            last = number == len(layers) - 1
            for effects in self._effects(layer, safety):
                words = Words(safety, any("strength" in e for e in effects), before=before, every=last)
                self._rule(family, effects, words)
            before = before.and_then(layer)

    def _effects(self, layer: Layer, safety: bool) -> Iterator[list[Json]]:
        for state in layer.states:
            for _ in range(self.random.randint(1, 2)):
                yield [{"state": state}]
        for contributor in layer.contributors:
            for _ in range(self.random.randint(2, 4)):
                yield [self._score(contributor), *self._sample([{"state": s} for s in layer.states], 0, 1)]
        for flag in layer.flags:
            yield [{"flag": flag, "text": "flagged"}, *self._sample([{"due": ["item_a", "years"]}], 0, 1)]
        if not layer.contributors and not safety:
            for _ in range(4):
                note = {"note": "exam", "text": "noted"}
                ask = {"ask": ["number_a"], "why": "to know"}
                yield [self.random.choice([note, {"recommend": "R00"}, ask])]

    def _score(self, contributor: str) -> Json:
        return {
            self.random.choice(["supports", "supports", "opposes"]): contributor,
            "strength": self.random.choice(["weak", "moderate", "strong"]),
            "cluster": self.random.choice(["one", "two", "three"]),
        }

    def _rule(self, family: str, effects: list[Json], words: Words) -> None:
        self.codes += 1
        name = f"rule-{self.codes}"
        rule: Json = {
            "rule": name, "code": f"T{self.codes}", "title": "t", "version": 1, "origin": ["expert"],
            "status": "draft",
            "then": effects, "because": "b", "evidence": [{"cite": SOURCE, "shows": "s", "level": "l"}],
            "examples": [],
        }  # fmt: skip
        rule["when"] = "always" if self.random.random() < 0.02 else self._condition(words, 3)
        if self.random.random() < 0.5:
            rule["unless"] = self._condition(
                Words(words.safety, words.scores, True, words.before, words.every), 2
            )
        if self.random.random() < 0.03:
            off = {"by": "x", "on": "2026-11-20", "reason": "r", "was": "draft"}
            rule |= {"status": "disabled", "disabled": off}
        self.files[f"{family}/{name}.yaml"] = rule

    # -- rulebase.yaml and what else must be there -------------------------------------------------

    def _base(self) -> None:
        pick = self.random
        limits = {"support": pick.randint(1, 3), "net": pick.randint(2, 5), "coverage": pick.choice([25, 50])}
        classes = [
            ("conflicting", {"support": {"at_least": limits["support"]}, "against": {"at_least": 1},
                             "net": {"between": [-1, 1]}}),
            ("supported", {"net": {"at_least": limits["net"]}, "supporting_clusters": {"at_least": 2}}),
            ("possible", {"net": {"at_least": 2}}),
            ("suggested", {"net": {"at_least": 1}, "coverage": {"below": f"{limits['coverage']} %"}}),
            ("insufficient_data", {"coverage": {"below": f"{limits['coverage']} %"}}),
            ("argued_against", {"net": {"at_most": pick.choice([-1, -2])}}),
            ("indeterminate", {}),
        ]  # fmt: skip
        self.files["rulebase.yaml"] = {
            "name": "random", "version": "1", "status": "draft", "review_by": "2027-01-01",
            "draft_notice": "Not for use.", "intended_use": "None.",
            "strengths": {"strong": 3, "moderate": 2, "weak": 1},
            "classes": [{"class": c, "words": c, "when": when} for c, when in classes],
            "undecided_classes": self._sample(CLASSES, 0, 3),
            "ranking": {"class_order": list(CLASSES), "link_certainty_order": ["high", "low"]},
            "recommendations": {
                "order_first": [], "given_while": ["supported"], "when_incomplete": [],
                "when_referral_first": [], "outside_intended_use": [],
            },
            "knee_pain": "painful", "answers_last_hours": 24, "never_to_patients": ["weak"],
            "regions": ["hip", "foot"], "chain_ends_seen_while": ["supported"],
        }  # fmt: skip
        self.files["source_attributes.yaml"] = {
            "regulation": "r", "developer": "d", "funding": "f", "revised": [], "release_note": "n",
            "labels": dict.fromkeys(ATTRIBUTES, "l"), "reads": {use: [] for use in USES},
            "words": dict.fromkeys(SHEET_WORDS, "w"),
        }  # fmt: skip
        for convention in CONVENTIONS:
            name = convention.replace("_", "-")
            self.files[f"conventions/{name}.yaml"] = {
                "rule": name, "code": f"U-{name}", "title": "t", "version": 1, "status": "draft",
                "origin": ["convention"], "convention": convention, "text": "t", "because": "b",
                "evidence": [{"cite": SOURCE, "shows": "s", "level": "l"}],
            }  # fmt: skip

    def _sample(self, items: Any, low: int, high: int) -> list[Any]:
        return self.random.sample(list(items), min(len(items), self.random.randint(low, high)))


class Plain(str):
    """A number written as it stands, without quotes."""


def as_yaml(value: Any) -> str:
    """JSON, which is YAML, with plain numbers left as they were written."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)}: {as_yaml(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(as_yaml, value)) + "]"
        case Plain():
            return str(value)
        case _:
            return json.dumps(value)


def write(files: Files, folder: Path, wording: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_yaml(content), encoding="utf-8")
    (folder / "wording.yaml").write_bytes(wording.read_bytes())
