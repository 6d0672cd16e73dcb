"""verify finds planted defects, calls each by its name, and shows an exam that both evaluators confirm.

Usually one of each of sixteen classes; with KNEECHAIN_FULL=1 eleven of each. What a change can bear on is
looked at alone, and that is held to the whole: usually once, in full three times a class of two.
"""

from collections.abc import Iterator

import pytest

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.verify.static.accepted import read_accepted
from service.verify.static.analyse import reports, studied
from service.verify.static.report import Report
from service.verify.static.scope import Scope, of_change
from service.verify.static.study import Study
from tests.generators import size
from tests.properties.seeded_defects import CLASSES, PER_CLASS, Defect, corpus
from tests.unit.knowledge.workbench import Workbench, bench, rules_copy

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


COMPARED = ("swallowed", "wrong_side") if size(0, 1) else ("never_fires",)


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMPARED)
def test_what_a_change_bears_on_looked_at_alone_is_what_the_whole_says(
    kind: str, bench: Workbench, rulebase: RuleBase
) -> None:
    for defect in corpus(RULES, size(1, 3), (kind,)):
        study = planted(bench, defect)
        assert isinstance(study, Study)
        scope = of_change(rulebase, study.rulebase)
        alone, whole = reports(study, scope), reports(study, Scope.whole(study.rulebase))
        assert {r.name for r in alone} == {r.name for r in whole if scope.holds(r.about)}
        elsewhere = tuple(r for r in whole if not scope.holds(r.about))
        assert not list(new_reports(elsewhere)), "a change bears on nothing outside its scope"
        bench.restore()
