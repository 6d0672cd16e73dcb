"""verify finds planted defects, calls each by its name, and shows an exam that both evaluators confirm.

Usually one of each of sixteen classes; with KNEECHAIN_FULL=1 eleven of each. Many are planted in one rule
base, of which `verify` says all that it says of any; the properties are proved elsewhere.
"""

from collections import Counter

import pytest

from service.config import CHECKOUT
from service.inference.infer import Inference
from service.verify.static import verify as verifying
from service.verify.static.report import Report
from service.verify.static.verify import Verified
from service.verify.static.witness import Witnesses
from tests.generators import FULL
from tests.properties.seeded_defects import CLASSES, Defect, Rules, corpus, handful, together
from tests.unit.knowledge.workbench import Workbench, bench, rules_copy

__all__ = ["bench", "rules_copy"]
WITHOUT_EXAM = {"circle", "unread", "one_sided", "unit"}
"""Kinds of which some reports have no exam: what is reported is no rule's doing."""
NEVER = {"contradiction", "never_fires", "unreachable_class", "out_of_range"}
"""What can never happen, of which no exam can be shown."""


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules(CHECKOUT / "rules")


@pytest.fixture(scope="module")
def whole(rules: Rules) -> list[Defect]:
    return list(corpus(rules))


@pytest.fixture(scope="module")
def bases(rules: Rules, whole: list[Defect]) -> list[list[Defect]]:
    """What is planted together."""
    return together(whole if FULL else handful(rules))


def test_the_corpus_has_ten_or_more_of_each_class(whole: list[Defect]) -> None:
    counts = Counter(defect.kind for defect in whole)
    assert counts.keys() == CLASSES.keys() and min(counts.values()) >= 10, counts
    assert len({str(defect) for defect in whole}) == len(whole) >= 160


def test_each_is_planted_once_and_none_where_another_one_rests(
    bases: list[list[Defect]], whole: list[Defect]
) -> None:
    planted = [defect for base in bases for defect in base]
    assert {defect.kind for defect in planted} == CLASSES.keys()
    assert len({str(defect) for defect in planted}) == len(planted) == (len(whole) if FULL else len(CLASSES))
    for base in bases:
        for defect in base:
            others = [other for other in base if other is not defect]
            assert not any((defect.rests_on | defect.changes) & other.changes for other in others), defect


@pytest.mark.slow
def test_planted_defects_are_found_and_shown(
    bases: list[list[Defect]], rules: Rules, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "PROOFS", ())
    for defects in bases:
        for name, content in rules.planted(defects).items():
            bench.write(name, content)
        check(defects, verifying.verify(bench.folder), bench)
        bench.restore()


def check(defects: list[Defect], verified: Verified, bench: Workbench) -> None:
    """Whether each of these is reported, and shown."""
    assert (verified.rulebase is None) == any(d.refused or d.kind == "circle" for d in defects)
    witnesses = Witnesses(Inference(verified.rulebase)) if verified.rulebase else None
    for defect in defects:
        hits = [report for report in verified.settled.new if is_of(report, defect)]
        assert hits, f"{defect}: {[str(r) for r in verified.settled.new if defect.about in str(r)]}"
        for report in hits:
            assert report.proof and report.line > 0 and (bench.folder / report.file).exists(), report
            if report.witness is not None and witnesses is not None:
                assert witnesses.confirms(report.witness), report
            else:
                assert defect.refused or defect.kind in NEVER | WITHOUT_EXAM, f"no exam shows {report}"


def is_of(report: Report, defect: Defect) -> bool:
    """Whether the report calls the defect by its name; of a circle, whether the rule stands in it."""
    about = (report.about, *report.parts) if defect.kind == "circle" else (report.about,)
    return report.kind == defect.kind and defect.about in about
