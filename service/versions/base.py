"""One of the two rule bases compared: reads a posted exam and says what it concludes of it."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from schemas.exam import ExamReader
from schemas.faults import InvalidBody
from service.answer.case import shown
from service.assess import Assessor
from service.domain.assessment import Assessment
from service.domain.exam import SIDES, Exam, Key, Observation, Side, Value
from service.domain.rule import Rule
from service.domain.rulebase import RuleBase
from service.inference.dependencies import Dependencies
from service.verify.examples import BadExample, Given, read_given
from service.versions.content import Content

KNEE: Side = SIDES[0]
MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)
Values = Mapping[Key, Value]
"""What an exam observes; sided findings by side."""
Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Base:
    """A rule base made ready to answer. Each is a set of rules that the engine never frees."""

    assessor: Assessor

    @classmethod
    def of(cls, rulebase: RuleBase) -> "Base":
        return cls(Assessor.of(rulebase))

    @property
    def rulebase(self) -> RuleBase:
        return self.assessor.rulebase

    @cached_property
    def content(self) -> Content:
        return Content(self.rulebase)

    @cached_property
    def dependencies(self) -> Dependencies:
        return Dependencies(self.rulebase)

    @cached_property
    def _reader(self) -> ExamReader:
        return ExamReader(self.rulebase)

    def rule(self, code: str) -> Rule | None:
        """The rule in force under a code; None where there is none, or it is switched off or retired."""
        rule = self.rulebase.rule_by_code.get(code)
        return rule if rule is not None and rule.active else None

    def takes(self, key: Key, value: Value) -> bool:
        """Whether the finding may be posted so."""
        definition = self.rulebase.findings.get(key[0])
        if definition is None or definition.sided != (key[1] is not None):
            return False
        if definition.numeric:
            step = definition.step or Decimal(1)
            return isinstance(value, int | Decimal) and definition.in_range(value) and value % step == 0  # type: ignore[arg-type]
        members = value if isinstance(value, frozenset) else {value}
        return all(member in definition.values for member in members)

    def observed(self, values: Values) -> dict[Key, Observation]:
        """Those of the values that this base takes."""
        findings = self.rulebase.findings
        return {
            key: Observation(*key, "observed", MOMENT, value, findings[key[0]].level(value))
            for key, value in values.items()
            if self.takes(key, value)
        }

    def given_by(self, rule: Rule, outcome: str | None = None) -> Iterator[Given]:
        """What the examples of a rule give, all of them or those that expect this outcome."""
        for example in rule.examples:
            if outcome in (None, example.expect.get("outcome")):
                with suppress(BadExample):
                    yield read_given(self.rulebase, example.given)

    def answer(self, body: Json) -> Json:
        """What both evaluators conclude of a posted exam, or why it is refused. Raises NoAnswer."""
        try:
            exam = self._reader.read_bytes(json.dumps(body).encode(), MOMENT)
        except InvalidBody as invalid:
            return {"refused": "; ".join(f"{fault.pointer} {fault.detail}" for fault in invalid.faults)}
        return _concluded(self._assess(exam))

    def _assess(self, exam: Exam) -> Assessment:
        return self.assessor.assess(exam, now=MOMENT, assessment_id="", with_ledger=True)


def posted(values: Values, knees: tuple[Side, ...] = (KNEE,)) -> Json:
    """The exam as a client would post it."""
    findings = []
    for (finding, side), value in sorted(values.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        sent = shown(value)
        written = list(sent) if isinstance(sent, tuple) else sent
        findings.append({"id": finding, **({"side": side} if side else {}), "value": written})
    return {"performed_at": MOMENT.isoformat(), "knees": list(knees), "findings": findings}


def _concluded(assessment: Assessment) -> Json:
    """The parts of an answer that two rule bases may differ in; outcomes as seen from the one knee."""
    rows = assessment.ledger or ()
    knees = [knee for knee in assessment.knees if knee.in_scope]
    contributors = [c for knee in knees for top in knee.contributors for c in (top, *top.mechanisms)]
    return {
        "rules": {
            row.rule.code: next((v.outcome for v in row.verdicts if v.side in (None, KNEE)), "not judged")
            for row in rows
        },
        "safety": {
            "status": assessment.safety.status,
            "flags": sorted({flag.flag.code for flag in assessment.safety.flags}),
            "not screened": sorted({finding for finding, _ in assessment.safety.not_screened}),
        },
        "contributors": {
            c.definition.id: {
                "class": c.standing.name,
                "net": c.standing.net,
                "coverage": f"{c.standing.assessed}/{c.standing.of}",
                "rank": c.standing.rank,
            }
            for c in contributors
        },
        "alternatives": sorted({
            f"{a.definition.id} by {', '.join(a.rules)}" for knee in knees for a in knee.alternatives
        }),
        "states": sorted({state.definition.id for knee in knees for state in knee.states}),
        "chains": sorted(f"{chain.id} {a.source} → {a.target}{' assumed' * a.assumed}"
                         for knee in knees for chain in knee.chains for a in chain.arrows),
        "recommendations": [offered.code for knee in knees for offered in knee.recommendations],
        "next tests": [test.code for knee in knees for test in knee.next_tests],
        "notes": sorted(f"{note.rule} about {note.about}" for note in assessment.notes),
    }  # fmt: skip


NOT_IN_FORCE = ("absent", "disabled", "retired")


def _idle(old: Any, new: Any) -> bool:
    """Whether a rule that only one of the two holds in force did nothing there."""
    return (old in NOT_IN_FORCE or new in NOT_IN_FORCE) and "fires" not in (old, new) and isinstance(old, str)


def differences(old: Json, new: Json) -> Iterator[tuple[str, Any, Any]]:
    """What two answers differ in: what, old, new. A rule one base lacks is `absent` there."""
    if "refused" in old or "refused" in new:
        if old != new:
            yield "exam", old.get("refused", "taken"), new.get("refused", "taken")
        return
    withheld = "hold" in (old["safety"]["status"], new["safety"]["status"])
    for part in old:
        before, now = old[part], new[part]
        if isinstance(before, dict):
            for key in dict.fromkeys((*before, *now)):
                if withheld and (key not in before or key not in now):
                    continue
                one, other = before.get(key, "absent"), now.get(key, "absent")
                if one != other and not _idle(one, other):
                    yield f"{part} {key}", one, other
        elif before != now:
            yield part, before, now


def concerns(name: str, parts: Collection[str]) -> bool:
    """Whether what answers differ in is one of these parts, or of what stands in it; all is part of ""."""
    return name == "exam" or any(part in ("", name) or name.startswith(f"{part} ") for part in parts)
