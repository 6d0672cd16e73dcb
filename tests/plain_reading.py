"""A third reading of the rule files, to which both evaluators are held.

The two evaluators share the loader, the view and the formulas; what those get wrong they get
wrong together. This reading shares nothing with them: it takes the YAML as text and says what
`rules/README.md` says, by recursion instead of strata, over values instead of levels. It is
slow, and it stops where the rules stop: due questions, clearances and words are not its matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from service.domain.exam import Exam

FALSE, UNKNOWN, TRUE = 0, 1, 2
"""Kleene's values in order: all is the least, any the greatest, not is 2 − x."""

FAMILIES = (
    "safety", "alternatives", "history", "contributors", "chains", "both-sides", "next-tests",
    "recommendations",
)  # fmt: skip
REASONS = ("unable", "refused", "not_applicable")
"""Why a finding that was posted has no value; where nobody looked, it is as if it was not posted."""
OTHER = {"left": "right", "right": "left"}

Values = Mapping[tuple[str, str | None], Any]
"""What was observed: choices as text, numbers as numbers, sets as sets; sided findings by side."""


def truth(held: bool) -> int:
    return TRUE if held else FALSE


def least(truths: list[int]) -> int:
    return min(truths, default=TRUE)


def greatest(truths: list[int]) -> int:
    return max(truths, default=FALSE)


def at_least(n: int, truths: list[int]) -> int:
    """The nth greatest."""
    return TRUE if n <= 0 else FALSE if n > len(truths) else sorted(truths, reverse=True)[n - 1]


def exactly(n: int, truths: list[int]) -> int:
    return min(at_least(n, truths), 2 - at_least(n + 1, truths))


def number(text: str) -> Fraction:
    return Fraction(text.partition(" ")[0])


class PlainReading:
    """The rule files of one folder, as text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.base = self._read(folder / "rulebase.yaml")
        vocabulary = folder / "vocabulary"
        self.findings: dict[str, Any] = {}
        for path in sorted((vocabulary / "findings").glob("*.yaml")):
            self.findings |= self._read(path)["findings"]
        gates = self._read(vocabulary / "gates.yaml")
        self.gates = gates["gates"]
        for gate in self.gates:
            role = {"due": "always", "abnormal": ["yes"]}
            self.findings[gate] = {
                "type": "yes_no", "side": "none", "region": "safety", "safety": role,
                "valid_for_days": gates["valid_for_days"],
            }  # fmt: skip
        self.scales = self._read(vocabulary / "scales.yaml")["scales"]
        self.derived = self._read(vocabulary / "derived.yaml")["derived"]
        self.states = self._read(vocabulary / "states.yaml")["states"]
        contributors = self._read(vocabulary / "contributors.yaml")
        self.contributors = contributors["contributors"]
        self.scored = self.contributors | contributors["mechanisms"]
        self.rules: dict[str, dict[str, Any]] = {}
        for family in FAMILIES:
            for path in sorted((folder / family).rglob("*.yaml")):
                rule = self._read(path)
                self.rules[rule["code"]] = rule | {"safety": family == "safety"}

    def _read(self, path: Path) -> Any:
        return YAML(typ="base").load(path.read_text(encoding="utf-8"))

    def active(self, rule: Mapping[str, Any]) -> bool:
        return rule["status"] in ("draft", "reviewed")

    def off(self, effect: str, target: str) -> list[str]:
        """The codes of the rules switched off that would have this effect on this target."""
        off = {code: rule for code, rule in self.rules.items() if rule["status"] == "disabled"}
        return [code for code, rule in off.items() if any(e.get(effect) == target for e in rule["then"])]

    def has_a_say(
        self, contributor: str, word: str, counted: Callable[[Mapping[str, Any]], bool]
    ) -> set[str]:
        """The findings from which rules that count lead to points for it, or against it (opposes)."""
        scoring = [c for c, r in self.rules.items() if any(e.get(word) == contributor for e in r["then"])]
        waiting, seen, findings = [c for c in scoring if counted(self.rules[c])], set[str](), set[str]()
        while waiting:
            code = waiting.pop()
            if code in seen:
                continue
            seen.add(code)
            words = self._words([self.rules[code].get("when"), self.rules[code].get("unless")])
            findings |= words & self.findings.keys()
            wanted = words & (self.states.keys() | self.scored.keys()) | self._of_any_class(self.rules[code])
            for other, rule in self.rules.items():
                concluded = {e.get(key) for e in rule["then"] for key in ("state", "supports", "opposes")}
                if counted(rule) and concluded & wanted:
                    waiting.append(other)
        return findings

    def _of_any_class(self, rule: Mapping[str, Any]) -> set[str]:
        """All contributors, where their classes and not only their coverage are read."""
        texts = str([rule.get("when"), rule.get("unless")])
        return set(self.contributors) if "_contributor': {'class'" in texts else set()

    def _words(self, node: Any) -> set[str]:
        """Every word of a condition, and of the formulas it names."""
        if isinstance(node, list):
            return {word for item in node for word in self._words(item)}
        if isinstance(node, dict):
            if "coverage" in node:  # reading a coverage waits for no class
                return set()
            return {*node} | self._words([*node.values()]) | self._formulas({*node})
        return {node} | self._formulas({node}) if isinstance(node, str) else set()

    def _formulas(self, names: set[str]) -> set[str]:
        found: set[str] = set()
        for name in names & self.derived.keys():
            entry = self.derived[name]
            if entry["kind"] == "observed_count":
                found |= {f for f, e in self.findings.items() if e["region"] == entry["region"]}
            else:
                found |= self._words([value for key, value in entry.items() if key not in ("label", "cite")])
        return found

    def entry(self, finding: str) -> Mapping[str, Any]:
        return self.findings.get(finding) or self.derived[finding]

    def grades(self, finding: str) -> list[str]:
        entry = self.findings[finding]
        return list(self.scales[entry["scale"]]["grades"] if "scale" in entry else entry["grades"])

    def comparable(self, finding: str, text: str) -> Any:
        """A value as it is compared: numbers as numbers, grades by their place."""
        type_ = self.findings.get(finding, {}).get("type", "number")
        if type_ in ("number", "integer"):
            return number(text)
        return self.grades(finding).index(text) if type_ == "grade" else text

    # -- which observations count ------------------------------------------------------------

    def counting(self, exam: Exam) -> Values:
        """What was observed and is fresh; then what gates answered no say of their items; then formulas."""
        values: dict[tuple[str, str | None], Any] = {
            key: seen.value
            for key, seen in exam.observations.items()
            if seen.status == "observed"
            and not self._stale(seen.finding, seen.value, exam.performed_at - seen.observed_at)
        }
        for gate, entry in self.gates.items():
            for item in entry["items"] if values.get((gate, None)) == "no" else ():
                for side in self._sides(item):
                    values.setdefault((item, side), self.findings[item]["safety"].get("gate_no", "no"))
        for finding, entry in self.findings.items():
            for side in self._sides(finding) if "derive" in entry else ():
                said = exam.observations.get((finding, side))
                if (finding, side) in values or (said and said.status in REASONS):
                    continue
                computed = self._derived_value(entry["derive"], side, values)
                low, high = (number(text) for text in entry["range"])
                if computed is not None and not (computed < low or high < computed):
                    values[finding, side] = computed
        return values

    def _stale(self, finding: str, value: Any, age: timedelta) -> bool:
        entry = self.findings[finding]
        if self._abnormal(entry.get("safety", {}).get("abnormal", []), value):
            return False
        lasts = entry["valid_for_days"]
        return bool(lasts != "forever" and age > timedelta(days=int(lasts)))

    def _abnormal(self, abnormal: Any, value: Any) -> bool:
        if isinstance(abnormal, list):
            return value in abnormal
        above, below = abnormal.get("above"), abnormal.get("below")
        too_high = above is not None and Fraction(value) > number(above)
        return too_high or (below is not None and Fraction(value) < number(below))

    def _derived_value(self, formula: Mapping[str, Any], side: str | None, values: Values) -> Fraction | None:
        """A ratio over the same side, as values of findings."""
        of, to = (
            values.get((name, side if self.findings[name]["side"] == "sided" else None))
            for name in (formula["of"], formula["to"])
        )
        if of is None or not to:
            return None
        times, per = number(formula.get("times", "1")), number(formula.get("per", "1"))
        return times * Fraction(of) / (per * Fraction(to))

    def _sides(self, finding: str) -> tuple[str | None, ...]:
        return ("left", "right") if self.findings[finding]["side"] == "sided" else (None,)


@dataclass
class Sitting:
    """One exam read by the rules, each question answered once. `given` are the screen's states.

    `safety` says which rules speak: those of the screen, or all the others.
    """

    reading: PlainReading
    values: Values
    knees: tuple[str, ...]
    safety: bool
    given: Mapping[str, bool] = field(default_factory=dict)
    _known: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def rules(self) -> dict[str, Any]:
        """The active rules that speak now."""
        rules = self.reading.rules
        return {c: r for c, r in rules.items() if r["safety"] == self.safety and self.reading.active(r)}

    # -- conclusions -------------------------------------------------------------------------

    def outcome(self, code: str, side: str) -> str:
        """Fires, silent, suppressed or undetermined."""
        return str(self._once(("outcome", code, side), lambda: self._outcome(code, side)))

    def _outcome(self, code: str, side: str) -> str:
        rule = self.rules[code]
        when = self.part(rule["when"], side, least)
        unless = self.part(rule["unless"], side, greatest) if "unless" in rule else FALSE
        if when == FALSE:
            return "silent"
        if unless == TRUE:
            return "suppressed"
        return "fires" if when == TRUE else "undetermined"

    def part(self, node: Any, side: str, together: Callable[[list[int]], int]) -> int:
        if isinstance(node, list):
            return together([self.condition(member, side) for member in node])
        return self.condition(node, side)

    def state(self, state: str, side: str) -> int:
        """True if a rule that sets it fired, unknown if one is open or switched off, else false."""
        setters = self._concluding("state", state)
        otherwise = UNKNOWN if self.reading.off("state", state) else FALSE
        if not setters:
            return TRUE if self.given.get(state) else otherwise
        outcomes = {self.outcome(code, side) for code in setters}
        return TRUE if "fires" in outcomes else UNKNOWN if "undetermined" in outcomes else otherwise

    def flagged(self, flag: str) -> bool:
        raising = self._concluding("flag", flag)
        return any(self.outcome(code, side) == "fires" for code in raising for side in OTHER)

    def points(self, contributor: str, side: str) -> tuple[int, int, int]:
        """Support, against and supporting clusters: in each cluster the strongest fired rule."""
        strengths = self.reading.base["strengths"]
        best: dict[tuple[str, str], int] = {}
        for direction in ("supports", "opposes"):
            for code in self._concluding(direction, contributor):
                if self.outcome(code, side) == "fires":
                    for effect in self.rules[code]["then"]:
                        if effect.get(direction) == contributor:
                            place = direction, effect["cluster"]
                            best[place] = max(best.get(place, 0), int(strengths[effect["strength"]]))
        support = [points for (direction, _), points in best.items() if direction == "supports"]
        return sum(support), sum(best.values()) - sum(support), len(support)

    def class_of(self, contributor: str, side: str) -> str:
        return str(self._once(("class", contributor, side), lambda: self._class_of(contributor, side)))

    def _class_of(self, contributor: str, side: str) -> str:
        support, against, clusters = self.points(contributor, side)
        quantities = {
            "support": support, "against": against, "net": support - against,
            "supporting_clusters": clusters, "coverage": self.coverage(contributor, side),
        }  # fmt: skip
        for line in self.reading.base["classes"]:
            bounds = [(quantities[q], bound) for q, bound in line["when"].items()]
            if all(_compared(quantity, word, limit) for quantity, b in bounds for word, limit in b.items()):
                return str(line["class"])
        raise AssertionError("no class")

    def coverage(self, contributor: str, side: str) -> Fraction:
        groups = self.reading.scored[contributor]["key_groups"]
        dark = self._once(("dark", contributor), lambda: self._dark(contributor))
        seen = sum(any(self.value(f, side) is not None for f in group["any_of"])
                   for place, group in enumerate(groups) if place not in dark)  # fmt: skip
        return Fraction(100 * seen, len(groups))

    def _dark(self, contributor: str) -> set[int]:
        """The key groups whose voice for the contributor (or, without one, against it) is switched off."""
        reading, dark = self.reading, set()
        for place, group in enumerate(reading.scored[contributor]["key_groups"]):
            for word in ("supports", "opposes"):
                whole = reading.has_a_say(contributor, word, lambda rule: rule["status"] != "retired")
                if whole & {*group["any_of"]}:
                    if not reading.has_a_say(contributor, word, reading.active) & {*group["any_of"]}:
                        dark.add(place)
                    break
        return dark

    def _concluding(self, effect: str, target: str) -> list[str]:
        """The codes of the rules with this effect on this target."""
        return self._once(("concluding", effect, target), lambda: [
            code for code, rule in self.rules.items() if any(e.get(effect) == target for e in rule["then"])
        ])  # fmt: skip

    # -- conditions ----------------------------------------------------------------------------

    def condition(self, node: Any, side: str) -> int:
        if node == "always":
            return TRUE
        if "of" in node:
            truths = [self.condition(member, side) for member in node["of"]]
            n = int(node.get("at_least_n", node.get("exactly_n")))
            return at_least(n, truths) if "at_least_n" in node else exactly(n, truths)
        ((word, said),) = node.items()
        match word:
            case "all":
                return least([self.condition(member, side) for member in said])
            case "any":
                return greatest([self.condition(member, side) for member in said])
            case "not_known":
                return truth(self.condition(said, side) != TRUE)
            case "other":
                return self.condition(said, OTHER[side])
            case "either":
                return greatest([self.condition(said, side), self.condition(said, OTHER[side])])
            case "state":
                return self.state(said, side)
            case "flag":
                unseen = UNKNOWN if self.reading.off("flag", said) else FALSE
                return TRUE if self.flagged(said) else unseen
            case "assessed":
                return truth(side in self.knees)
            case "class":
                ((contributor, wanted),) = said.items()
                return self._class_is(contributor, wanted, side)
            case "coverage":
                ((contributor, bound),) = said.items()
                return self._covered(contributor, bound, side)
            case "some_contributor":
                return greatest(self._each(said, side))
            case "every_contributor":
                return least(self._each(said, side))
            case _:
                return self.test(word, said, side)

    def _each(self, said: Any, side: str) -> list[int]:
        ((word, wanted),) = said.items()
        judge = self._class_is if word == "class" else self._covered
        return [judge(contributor, wanted, side) for contributor in self.reading.contributors]

    def _class_is(self, contributor: str, wanted: Any, side: str) -> int:
        found = self.class_of(contributor, side)
        if found in ([wanted["is"]] if "is" in wanted else wanted["one_of"]):
            return TRUE
        return UNKNOWN if found in self.reading.base["undecided_classes"] else FALSE

    def _covered(self, contributor: str, bound: Any, side: str) -> int:
        ((word, limit),) = bound.items()
        return truth(_compared(self.coverage(contributor, side), word, limit))

    def test(self, finding: str, said: Any, side: str) -> int:
        """One criterion over a finding or formula: unknown where nothing was observed."""
        seen = self.value(finding, side)
        if said in ("observed", "not_observed"):
            return truth((seen is not None) == (said == "observed"))
        if seen is None:
            return UNKNOWN
        if said in ("present", "absent"):
            return truth(seen == ("yes" if said == "present" else "no"))
        ((word, operand),) = said.items()
        if word in ("includes_any", "includes_all", "only"):
            return truth(_set_holds(word, seen, set(operand)))
        texts = operand if isinstance(operand, list) else [operand]
        wanted = [self.reading.comparable(finding, text) for text in texts]
        return truth(word_holds(word, seen, wanted))

    # -- what was seen ---------------------------------------------------------------------------

    def value(self, finding: str, side: str) -> Any:
        """The comparable value of a finding or formula as this side sees it, or None."""
        return self._once(("value", finding, side), lambda: self._value(finding, side))

    def _value(self, finding: str, side: str) -> Any:
        entry = self.reading.entry(finding)
        if finding in self.reading.derived:
            return self._formula(entry, side)
        seen = self.values.get((finding, side if entry["side"] == "sided" else None))
        if seen is None or entry["type"] in ("yes_no", "choice", "set"):
            return seen
        return self.reading.grades(finding).index(seen) if entry["type"] == "grade" else Fraction(seen)

    def _formula(self, entry: Mapping[str, Any], side: str) -> Any:
        match entry["kind"]:
            case "ratio":
                of, to = self._operand(entry["of"], side), self._operand(entry["to"], side)
                if of is None or not to:
                    return None
                return number(entry.get("times", "1")) * of / (to * number(entry.get("per", "1")))
            case "difference":
                of, minus = self._operand(entry["of"], side), self._operand(entry["minus"], side)
                return None if of is None or minus is None else of - minus
            case "first_usable":
                decided = self.deciding(entry, side)
                return None if decided is None else "yes" if self.condition(decided["test"], side) else "no"
            case "count":
                held = [(self.condition(t["test"], side), int(t.get("points", "1"))) for t in entry["tests"]]
                if "always_known" not in entry and all(found == UNKNOWN for found, _ in held):
                    return None
                return sum(points for found, points in held if found == TRUE)
            case "known_true":
                return "yes" if self.condition(entry["when"], side) == TRUE else "no"
            case _:
                region = entry["region"]
                listed = [f for f, e in self.reading.findings.items() if e["region"] == region]
                return sum(self.value(finding, side) is not None for finding in listed)

    def deciding(self, entry: Mapping[str, Any], side: str) -> Mapping[str, Any] | None:
        """Of a first_usable formula, the way of judging that decides."""
        for option in entry["tests"]:
            usable = "only_if" not in option or self.condition(option["only_if"], side) == TRUE
            if usable and self.condition(option["test"], side) != UNKNOWN:
                return option
        return None

    def _operand(self, operand: Any, side: str) -> Fraction | None:
        if isinstance(operand, dict):
            return self.value(operand["other"], OTHER[side])
        return self.value(operand, side)

    def _once(self, key: Any, answer: Callable[[], Any]) -> Any:
        if key not in self._known:
            self._known[key] = answer()
        return self._known[key]


def word_holds(word: str, seen: Any, wanted: list[Any]) -> bool:
    match word:
        case "is" | "one_of":
            return seen in wanted
        case "between":
            return not (seen < wanted[0] or wanted[1] < seen)
        case "at_least":
            return not seen < wanted[0]
        case "at_most":
            return not wanted[0] < seen
        case "above":
            return wanted[0] < seen
        case "below":
            return seen < wanted[0]
    raise AssertionError(word)


def _set_holds(word: str, seen: frozenset[str], wanted: set[str]) -> bool:
    match word:
        case "includes_any":
            return any(value in seen for value in wanted)
        case "includes_all":
            return all(value in seen for value in wanted)
        case _:
            return all(value in wanted for value in seen)


def _compared(quantity: Any, word: str, limit: Any) -> bool:
    limits = limit if isinstance(limit, list) else [limit]
    return word_holds(word, quantity, [number(text) for text in limits])
