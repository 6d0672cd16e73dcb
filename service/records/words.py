"""What a recorded assessment is searched and counted by: rule codes, classes and flags, and nobody's name."""

from collections.abc import Iterator

from service.domain.assessment import Assessment
from service.domain.rulebase import RuleBase


def words_of(assessment: Assessment, rulebase: RuleBase) -> frozenset[str]:
    """`fires:H01@2` names a rule and its version; a finding that is `missing` left a rule undetermined."""
    return frozenset(_words(assessment, rulebase))


def _words(assessment: Assessment, rulebase: RuleBase) -> Iterator[str]:
    yield f"outcome:{assessment.safety.status}"
    yield f"rules:{rulebase.digest}"
    yield f"version:{rulebase.version}"
    for flag in assessment.safety.flags:
        yield f"{'cleared' if flag.clearance else 'flag'}:{flag.flag.code}"
    for firing in assessment.trace:
        yield f"fires:{firing.rule.code}@{firing.rule.version}"
    for item in assessment.undetermined:
        yield f"undetermined:{item.rule}@{rulebase.rule_by_code[item.rule].version}"
        for gap in item.gaps:
            yield f"missing:{gap.finding}"
    for knee in assessment.knees:
        for contributor in knee.contributors:
            for each in (contributor, *contributor.mechanisms):
                yield f"class:{each.definition.id}={each.standing.name}"
