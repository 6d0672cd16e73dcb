"""Notes: said beside the answer, never scored."""

from collections.abc import Iterator

from service.answer.both_sides import both_sides_notes
from service.answer.case import Case, shown
from service.answer.methods import method_notes
from service.answer.sentences import name_of, value_words
from service.domain.assessment import Contributor, Firing, Knee, NoteShown, Undetermined
from service.domain.exam import Observation
from service.domain.rule import Note


def noted(trace: list[Firing]) -> Iterator[NoteShown]:
    """What fired rules say beside a contributor or the exam."""
    for firing in trace:
        for effect in firing.rule.effects:
            if isinstance(effect, Note):
                yield NoteShown(firing.rule.code, firing.side, effect.about, effect.text)


def screen_notes(case: Case) -> Iterator[NoteShown]:
    """Findings too old to count, items that a gate answers, and clearances that do not count."""
    stale = case.rulebase.conventions["stale_finding"]
    wording = case.rulebase.wording
    for observation in case.usable.stale:
        named = name_of(case.rulebase.findings[observation.finding], observation.side)
        yield NoteShown(stale.code, observation.side, "exam", stale.text.format(finding=named))
    yield from _through_gates(case)
    for clearance in case.screen.outdated_clearances:
        text = wording["clearance_too_old"].format(flag=clearance.flag)
        yield NoteShown(clearance.flag, None, "exam", text)
    for clearance in case.screen.unused_clearances:
        text = wording["clearance_unused"].format(flag=clearance.flag)
        yield NoteShown(clearance.flag, None, "exam", text)


def _through_gates(case: Case) -> Iterator[NoteShown]:
    """Items that somebody could not or would not answer, and that a gate's no answers all the same."""
    code = case.rulebase.conventions["unknown_never_fires"].code
    for key in sorted(case.usable.posted, key=lambda key: (key[0], key[1] or "")):
        sent, counts = case.usable.posted[key], case.usable.counting[key]
        if counts.through_gate and sent.status in ("unable", "refused"):
            definition = case.rulebase.findings[key[0]]
            text = case.rulebase.wording["gate_answers"].format(
                finding=name_of(definition, key[1]),
                status=sent.status,
                gate=case.rulebase.gates[counts.through_gate].label,
                value=value_words(case.rulebase, definition, definition.value_at_gate_no),
            )
            yield NoteShown(code, key[1], "exam", text)


def convention_notes(
    case: Case, knees: tuple[Knee, ...], trace: list[Firing], undetermined: list[Undetermined]
) -> Iterator[NoteShown]:
    """What the conventions say of this exam: pain-limited tests, regions left out, too little seen."""
    yield from _pain_limited(case)
    yield from _doubtful(case)
    for knee in knees:
        if knee.in_scope:
            yield from _of_knee(case, knee)
            yield from method_notes(case, case.views[knee.side])
    yield from both_sides_notes(case, knees)
    yield from _age_or_sex(case, trace, undetermined)


def _pain_limited(case: Case) -> Iterator[NoteShown]:
    convention = case.rulebase.conventions["pain_limited_test"]
    limited = [o for o in case.usable.posted.values() if o.status == "unable" and o.painful]
    for observation in sorted(limited, key=lambda o: (o.finding, o.side or "")):
        named = name_of(case.rulebase.findings[observation.finding], observation.side)
        yield NoteShown(convention.code, observation.side, "exam", convention.text.format(finding=named))


def _doubtful(case: Case) -> Iterator[NoteShown]:
    """Findings whose own formula gave what cannot be, or something else than was sent."""
    code = case.rulebase.conventions["out_of_range_refused"].code
    wording = case.rulebase.wording
    for computed in case.usable.doubtful:
        definition = case.rulebase.findings[computed.finding]
        inputs = "; ".join(_with_value(case, case.usable.posted[key]) for key in computed.derived_from)
        sent = case.usable.posted.get((computed.finding, computed.side))
        if sent is not None and sent.observed:
            text = wording["derived_differs"].format(
                sent=_with_value(case, sent), inputs=inputs, computed=_value(case, computed)
            )
        else:
            text = wording["derived_out_of_range"].format(
                finding=name_of(definition, computed.side),
                value=_value(case, computed),
                inputs=inputs,
                lowest=value_words(case.rulebase, definition, shown(definition.minimum)),
                highest=value_words(case.rulebase, definition, shown(definition.maximum)),
            )
        yield NoteShown(code, computed.side, "exam", text)


def _with_value(case: Case, observation: Observation) -> str:
    definition = case.rulebase.findings[observation.finding]
    return f"{name_of(definition, observation.side)}: {_value(case, observation)}"


def _value(case: Case, observation: Observation) -> str:
    definition = case.rulebase.findings[observation.finding]
    return value_words(case.rulebase, definition, shown(observation.value))


def _of_knee(case: Case, knee: Knee) -> Iterator[NoteShown]:
    conventions = case.rulebase.conventions
    for region in knee.regions_not_assessed:
        convention = conventions["region_not_assessed"]
        yield NoteShown(convention.code, knee.side, "exam", convention.text.format(region=region))
    if not any(contributor.standing.assessed for contributor in knee.contributors):
        convention = conventions["nothing_assessed"]
        yield NoteShown(convention.code, knee.side, "exam", convention.text)
    for contributor in _with_mechanisms(knee):
        standing = contributor.standing
        if standing.against > standing.support and standing.name in case.rulebase.undecided_classes:
            convention = conventions["low_coverage_never_excludes"]
            yield NoteShown(convention.code, knee.side, standing.id, convention.text)


def _with_mechanisms(knee: Knee) -> Iterator[Contributor]:
    for contributor in knee.contributors:
        yield contributor
        yield from contributor.mechanisms


def _age_or_sex(case: Case, trace: list[Firing], undetermined: list[Undetermined]) -> Iterator[NoteShown]:
    convention = case.rulebase.conventions["unknown_age_or_sex"]
    missing = {gap.finding for firing in trace for gap in firing.assumed}
    missing |= {gap.finding for item in undetermined for gap in item.gaps}
    for finding in convention.findings:
        if finding in missing:
            named = name_of(case.rulebase.findings[finding], None)
            yield NoteShown(convention.code, None, "exam", convention.text.format(finding=named))
