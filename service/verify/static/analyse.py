"""All reports about a rule base."""

from collections.abc import Iterator
from pathlib import Path

from service.domain.rulebase import RuleBase
from service.inference.no_answer import CannotInfer
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.verify.static.conclusions import of_contributor
from service.verify.static.conditions import within_rule
from service.verify.static.declared import (
    of_finding,
    of_formula,
    of_state,
    one_sided_reading,
    share_for_per_cent,
)
from service.verify.static.effects import subsumed
from service.verify.static.refused import cannot_run, refused
from service.verify.static.report import KINDS, Report
from service.verify.static.study import Study

OF_RULE = (within_rule, subsumed, one_sided_reading, share_for_per_cent)


def reports(study: Study) -> tuple[Report, ...]:
    """Everything there is to report, by kind and place. Raises NotConfirmed."""
    return tuple(sorted(_reports(study), key=_order))


def _reports(study: Study) -> Iterator[Report]:
    base = study.rulebase
    for rule in study.active:
        for analysis in OF_RULE:
            yield from analysis(study, rule)
    for ids, of in (
        (base.contributors, of_contributor),
        (base.findings, of_finding),
        (base.derived, of_formula),
        (base.states, of_state),
    ):
        for id_ in ids:
            yield from of(study, id_)


def _order(report: Report) -> tuple[int, str, int, str]:
    return list(KINDS).index(report.kind), report.file, report.line, report.says


def studied(folder: Path) -> Study | tuple[Report, ...]:
    """The rule base in a folder made ready, or why it cannot be: it does not load, or goes in circles."""
    try:
        return made_ready(load_rulebase(folder), folder)
    except RuleBaseError as error:
        return tuple(sorted(refused(error), key=_order))


def made_ready(rulebase: RuleBase, folder: Path | None = None) -> Study | tuple[Report, ...]:
    try:
        return Study(rulebase, folder)
    except CannotInfer as error:
        rule = rulebase.rule_by_code[error.codes[0]]
        return (cannot_run(error, rule.file, rule.line),)
