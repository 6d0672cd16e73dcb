"""verify finds planted defects, calls each by its name, and shows an exam that both evaluators confirm.

Usually one of each of sixteen classes; with KNEECHAIN_FULL=1 eleven of each. What a change can bear on is
looked at alone, and that is held to the whole.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from service.config import CHECKOUT
from service.domain.rule import AllOf, ClassTest, FindingTest
from service.domain.rulebase import RuleBase
from service.verify.static.accepted import read_accepted
from service.verify.static.analyse import reports, studied
from service.verify.static.report import Report
from service.verify.static.scope import of_change
from service.verify.static.study import Study
from tests.generators import FULL, size
from tests.properties.seeded_defects import CLASSES, PER_CLASS, Defect, corpus
from tests.unit.knowledge.workbench import Workbench, bench, rules_copy
from tests.unit.verify.planted import only, with_rule

__all__ = ["bench", "rules_copy"]
RULES = CHECKOUT / "rules"
EACH = size(1, PER_CLASS)
WITHOUT_EXAM = {"undefined", "out_of_range", "unit", "wrong_side", "circle", "unread", "one_sided"}
"""Kinds of which some reports have no exam: the rules do not load, or what is reported is no rule's doing."""
NEVER = {"contradiction", "never_fires", "unreachable_class"}
"""What can never happen, of which no exam can be shown."""


def planted(bench: Workbench, defect: Defect) -> Study | tuple[Report, ...]:
    for name, content in defect.make().items():
        bench.write(name, content)
    return studied(bench.folder)


def new_reports(found: tuple[Report, ...]) -> Iterator[Report]:
    accepted = {entry.name for entry in read_accepted(RULES)}
    yield from (report for report in found if report.name not in accepted)


def test_the_corpus_has_ten_or_more_of_each_class() -> None:
    found = list(corpus(RULES))
    counts = {kind: sum(defect.kind == kind for defect in found) for kind in CLASSES}
    assert len(counts) >= 10 and all(count >= 10 for count in counts.values()), counts
    assert len({str(defect) for defect in found}) == len(found) >= 100


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES)
def test_planted_defects_are_found_and_shown(kind: str, bench: Workbench, rulebase: RuleBase) -> None:
    for defect in corpus(RULES, EACH, (kind,)):
        study = planted(bench, defect)
        whole = isinstance(study, Study)
        found = reports(study, of_change(rulebase, study.rulebase)) if isinstance(study, Study) else study
        hits = [
            report for report in new_reports(found)
            if report.kind == defect.kind and defect.about in (None, report.about)
        ]  # fmt: skip
        assert hits, f"{defect}: {[str(report) for report in found]}"
        for report in hits:
            assert report.proof and report.line > 0 and (bench.folder / report.file).exists(), report
            shown = report.witness is not None
            assert shown or kind in NEVER | WITHOUT_EXAM, f"{defect}: no exam shows {report}"
            if isinstance(study, Study) and report.witness is not None:
                assert study.witnesses.confirms(report.witness), report
        assert whole or defect.about is None
        bench.restore()


@pytest.mark.skipif(not FULL, reason="with KNEECHAIN_FULL=1: the whole base is looked at each time")
@pytest.mark.parametrize("kind", ["swallowed", "wrong_side", "never_fires", "unreachable_class"])
def test_what_a_change_bears_on_looked_at_alone_is_what_the_whole_says(
    kind: str, bench: Workbench, rulebase: RuleBase
) -> None:
    for defect in corpus(RULES, 3, (kind,)):
        study = planted(bench, defect)
        assert isinstance(study, Study)
        compare(rulebase, study)
        bench.restore()


CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "a rule that sets a state is retired": ("F05", {"status": "retired"}),
    "a threshold is moved": ("F01", {"when": AllOf((FindingTest("fpi6", "at_least", (8,), "at least 8"),))}),
    "a rule reads another finding": (
        "F07",
        {"when": AllOf((FindingTest("bunion", "one_of", ("yes",), "yes"),))},
    ),
    "a rule can no longer fire": ("F13", {"when": AllOf((ClassTest("high_body_mass", ("possible",)),))}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_so_it_is_for_a_few_rules(change: tuple[str, dict[str, Any]], rulebase: RuleBase) -> None:
    code, changes = change
    few = only(rulebase, "F01", "F02", "F05", "F07", "F13", "F14", "F20", "Q01b", "Q01c", "W01", "W03", "R08")
    compare(few, Study(with_rule(few, code, **changes)))


def compare(before: RuleBase, study: Study) -> None:
    """Within the scope of a change both say the same; outside it nothing is said that was not said before."""
    scope = of_change(before, study.rulebase)
    alone, whole = reports(study, scope), reports(study)
    assert {r.name for r in alone} == {r.name for r in whole if scope.holds(r.about)}
    known = {report.name for report in reports(Study(before))}
    assert {r.name for r in whole if not scope.holds(r.about)} <= known
