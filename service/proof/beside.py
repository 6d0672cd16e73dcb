"""What stands beside the contributors: other explanations, the other side, two knees, two methods."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from service.domain.exam import OTHER, Key, Side
from service.domain.rule import AllOf, Condition, FindingTest, Group, Rule, ShowAlternative, criteria
from service.domain.vocabulary import FirstUsable
from service.proof.case import Case
from service.proof.knee import Knee
from service.proof.sight import Sight
from service.proof.writing import Json, name_of, said, sided


def alternatives(knee: Knee) -> Iterator[Json]:
    """The other explanations that a fired rule points to."""
    for defined in knee.rulebase.alternatives.values():
        pointing = [f for f in knee.firings if ShowAlternative(defined.id) in f.rule.effects]
        if pointing:
            cautions = dict.fromkeys(filter(None, (firing.caution() for firing in pointing)))
            yield {
                "id": defined.id,
                "label": defined.label,
                "text": defined.text,
                "rules": [firing.rule.code for firing in pointing],
                "because": [firing.because for firing in pointing],
                "evidence": list(defined.cites),
                "verification": defined.verification,
                "origin": list(defined.origin),
                "caution": " ".join(cautions) or None,
            }


class OtherSide:
    """One knee beside a side that is known to be free of pain; nothing is said of any other."""

    def __init__(self, knee: Knee) -> None:
        self.knee, self.rulebase = knee, knee.rulebase
        self.here = knee.judgement.sight
        self.there = self.here.other

    @cached_property
    def _signs(self) -> list[tuple[str, list[str], list[str]]]:
        """Each finding observed on both sides, with the rules that read it as a sign here, and there."""
        if self.there.value(self.rulebase.knee_pain) != "no":
            return []
        asking: dict[str, list[Rule]] = {}
        for rule in self.rulebase.rules:
            supports = rule.active and any(score.supports for score in rule.scores)
            for finding in dict.fromkeys(_valued(rule.when)) if supports else ():
                if finding in self.rulebase.findings and self.rulebase.findings[finding].sided:
                    asking.setdefault(finding, []).append(rule)
        observed = (f for f in asking if self.here.value(f) is not None and self.there.value(f) is not None)
        return [
            (f, self._read(f, asking[f], self.here), self._read(f, asking[f], self.there)) for f in observed
        ]

    def _read(self, finding: str, rules: list[Rule], sight: Sight) -> list[str]:
        return [rule.code for rule in rules if self._asked(rule.when, finding, sight)]

    def _asked(self, condition: Condition, finding: str, sight: Sight) -> bool:
        """Whether what a condition asks of one finding, and of the person, is so; the rest is left open."""
        if isinstance(condition, AllOf):
            asked = [m for m in condition.members if finding in _valued(m) or self._of_the_person(m)]
            return all(self._asked(member, finding, sight) for member in asked)
        if isinstance(condition, Group):
            return any(self._asked(m, finding, sight) for m in condition.members if finding in _valued(m))
        return isinstance(condition, FindingTest) and sight.truth(condition) is True

    def _of_the_person(self, condition: Condition) -> bool:
        name = condition.finding if isinstance(condition, FindingTest) else ""
        return name in self.rulebase.findings and not self.rulebase.findings[name].sided

    @property
    def only_there(self) -> list[str]:
        """Signs there that are observed and none here."""
        return [finding for finding, here, there in self._signs if there and not here]

    def less_specific(self, target: str) -> list[str]:
        """The findings that count for it and are signs to the same degree there."""
        fired = {r.code for r in self.knee.rules if any(s.supports and s.target == target for s in r.scores)}
        return [finding for finding, here, there in self._signs if here == there and fired & set(here)]


def _valued(condition: Condition) -> list[str]:
    """The findings whose value on its own side a condition tests."""
    tests = (c for c in criteria(condition) if isinstance(c, FindingTest) and not c.other)
    return [test.finding for test in tests if test.word not in ("observed", "not_observed")]


# -- two knees -------------------------------------------------------------------------------


def differ(case: Case, knees: list[Knee]) -> bool:
    """Whether each of two knees has contributors of the best class, and not the same ones."""
    best = case.rulebase.class_order[0]
    clear = [{id_ for id_ in knee.ranked if knee.judgement.standing(id_).name == best} for knee in knees]
    return len(clear) == 2 and all(clear) and clear[0] != clear[1]


def merged_recommendations(case: Case, knees: list[Knee]) -> list[Json]:
    """The options of two knees that differ, each once, those of the knee with the worse pain first."""
    given: dict[tuple[str, str], list[Side]] = {}
    for knee in _worse_first(case, knees) if differ(case, knees) else ():
        for offered in knee.recommendations():
            given.setdefault((offered["code"], offered["id"]), []).append(knee.judgement.side)
    return [{"code": code, "id": id_, "sides": sorted(sides)} for (code, id_), sides in given.items()]


def _worse_first(case: Case, knees: list[Knee]) -> list[Knee]:
    """As they are where one rating of one knee is not known, or all are alike."""
    ratings = case.rulebase.conventions["different_signs_at_both_knees"].findings
    told: dict[Side, list[Any]] = {
        knee.judgement.side: [knee.judgement.sight.value(rating) for rating in ratings] for knee in knees
    }
    known = all(value is not None for values in told.values() for value in values)
    return sorted(knees, key=lambda knee: told[knee.judgement.side], reverse=True) if known else knees


# -- notes -----------------------------------------------------------------------------------


def notes(case: Case, knees: list[Knee]) -> Iterator[Json]:
    conventions = case.rulebase.conventions
    if len(knees) == 2:
        yield _note(conventions["each_knee_by_itself"], None)
    if differ(case, knees):
        yield _note(conventions["different_signs_at_both_knees"], None)
    for knee in knees:
        side = knee.judgement.side
        beside, where = OtherSide(knee), {"side": OTHER[side]}
        if beside.only_there:
            names = _names(case, beside.only_there)
            yield _note(conventions["only_on_pain_free_side"], side, findings=names, **where)
        for id_ in case.rulebase.contributors:
            if same := beside.less_specific(id_):
                names = _names(case, same)
                yield _note(conventions["same_on_pain_free_side"], side, id_, findings=names, **where)
        yield from _of_methods(case, knee.judgement.sight)


def _note(convention: Any, at: Side | None, about: str = "exam", **filled: str) -> Json:
    return sided(at, {"rule": convention.code, "about": about, "text": convention.text.format(**filled)})


def _names(case: Case, findings: list[str]) -> str:
    return "; ".join(name_of(case, (finding, None)) for finding in findings)


def _of_methods(case: Case, sight: Sight) -> Iterator[Json]:
    """Of several ways to judge the first that may be used counts; those that say otherwise are told."""
    for derived in case.rulebase.derived.values():
        if not isinstance(derived.formula, FirstUsable):
            continue
        usable = [o.test for o in derived.formula.tests if o.only_if is None or sight.truth(o.only_if)]
        known = [test for test in usable if sight.truth(test) is not None]
        beside = [test for test in known if sight.truth(test) is not sight.truth(known[0])]
        if beside:
            counts = _told(case, sight.grounds(known[0]).seen)
            others = _told(case, [key for test in beside for key in sight.grounds(test).seen])
            side = sight.side if derived.sided else None
            convention = case.rulebase.conventions["better_method_counts"]
            yield _note(convention, side, counts=counts, beside=others)


def _told(case: Case, keys: Any) -> str:
    found: list[Key] = list(keys)
    return "; ".join(said(case, (case.counting.observed[key] for key in found)))
