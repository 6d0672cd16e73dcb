"""The right claims about the safety screen, what to ask next, and what is said beside the answer."""

from collections.abc import Iterator

from service.domain.exam import Clearance, Key, Observation
from service.domain.rule import Note
from service.proof import beside
from service.proof.case import Case
from service.proof.judgement import Gap
from service.proof.knee import Knee
from service.proof.screen import Raised
from service.proof.trace import Firing
from service.proof.writing import Json, instant, name_of, said, shown, sided, value_words

MOST_ASKED = 3


def safety(case: Case) -> Json:
    screen = case.screen
    return {
        "status": screen.status,
        "referral_first": screen.referral_first,
        "flags": [_flag(case, raised) for raised in screen.raised],
        "not_screened": [sided(side, {"finding": finding}) for finding, side in screen.not_screened],
        "withheld_reason": screen.withheld,
        "disabled": [rule.code for rule in case.book.off.screening],
    }


def _flag(case: Case, raised: Raised) -> Json:
    rules = [fired.rule for fired, _ in raised.by]
    written = {
        "code": raised.flag.code,
        "title": raised.flag.label,
        "urgency": raised.flag.urgency.id,
        "withholds": raised.flag.withholds,
        "text": case.flag_text(effect for _, effect in raised.by),
        "because": [Firing(case, f.rule, f.side, f.judgement).because for f, _ in raised.by],
        "rules": [{"code": rule.code, "version": rule.version} for rule in rules],
        "rule_version": rules[0].version,
        "evidence": list(dict.fromkeys(c.cite for rule in rules for c in rule.evidence)),
    }
    if raised.clearance is not None:
        written["cleared"] = _cleared(raised.clearance)
    return sided(raised.side, written)


def _cleared(given: Clearance) -> Json:
    return {
        "by": given.by, "role": given.role, "reason": given.reason, "evidence": given.evidence,
        "at": instant(given.at),
    }  # fmt: skip


def ask_next(case: Case, knees: list[Knee]) -> list[Json]:
    """Open safety questions, then each knee's next tests; nothing while one must act first."""
    if any(raised.flag.urgency.act_first for raised in case.screen.open_flags):
        return []
    tests = [(k.judgement.sight.key(f)) for k in knees for t in k.next_tests() for f in t["findings"]]
    keys = dict.fromkeys([*case.screen.not_screened, *tests])
    labels = case.rulebase.findings
    return [
        sided(side, {"finding": finding, "label": labels[finding].label})
        for finding, side in list(keys)[:MOST_ASKED]
    ]


# -- notes -----------------------------------------------------------------------------------


def notes(case: Case, knees: list[Knee]) -> list[Json]:
    """What is said beside the answer; under a hold of the screen only."""
    found = [*_of_the_exam(case), *_of_rules(case)]
    if not case.screen.hold:
        found += [*_of_values(case), *(note for knee in knees for note in _of_knee(case, knee))]
        found += [*beside.notes(case, knees), *_age_or_sex(case)]
    return found


def _note(code: str, key: Key | None, text: str, about: str = "exam") -> Json:
    return sided(key[1] if key else None, {"rule": code, "about": about, "text": text})


def _of_rules(case: Case) -> Iterator[Json]:
    for rule, side, _ in case.fired:
        for effect in rule.effects:
            if isinstance(effect, Note):
                yield sided(side, {"rule": rule.code, "about": effect.about, "text": effect.text})


def _of_the_exam(case: Case) -> Iterator[Json]:
    """What is too old, what a gate answers although it was tried, and clearances that do not count."""
    wording, conventions = case.rulebase.wording, case.rulebase.conventions
    old = conventions["stale_finding"]
    for key in stale_keys(case):
        yield _note(old.code, key, old.text.format(finding=name_of(case, key)))
    for key, observation in case.counting.observed.items():
        sent = case.counting.posted.get(key)
        if observation.through_gate and sent is not None and sent.status in ("unable", "refused"):
            yield _note(conventions["unknown_never_fires"].code, key, _through(case, key, sent, observation))
    for flag in dict.fromkeys(c.flag for raised in case.screen.raised for c in raised.outdated):
        yield _note(flag, None, wording["clearance_too_old"].format(flag=flag))
    fired = {raised.flag.code for raised in case.screen.raised}
    for given in case.exam.clearances:
        if given.flag not in fired:
            yield _note(given.flag, None, wording["clearance_unused"].format(flag=given.flag))


def _through(case: Case, key: Key, sent: Observation, counts: Observation) -> str:
    definition = case.rulebase.findings[key[0]]
    return case.rulebase.wording["gate_answers"].format(
        finding=name_of(case, key),
        status=sent.status,
        gate=case.rulebase.gates[str(counts.through_gate)].label,
        value=value_words(case.rulebase, definition, counts.value),
    )


def _of_values(case: Case) -> Iterator[Json]:
    """Tests that pain made impossible, and what a finding's own formula gave in vain."""
    limited = case.rulebase.conventions["pain_limited_test"]
    for key, sent in case.counting.posted.items():
        if sent.status == "unable" and sent.painful:
            yield _note(limited.code, key, limited.text.format(finding=name_of(case, key)))
    for computed in case.counting.doubtful:
        key = computed.finding, computed.side
        yield _note(case.rulebase.conventions["out_of_range_refused"].code, key, _doubt(case, key, computed))


def _doubt(case: Case, key: Key, computed: Observation) -> str:
    definition, posted = case.rulebase.findings[key[0]], case.counting.posted
    inputs = "; ".join(said(case, [posted[read] for read in computed.derived_from]))
    value, lowest, highest = (
        value_words(case.rulebase, definition, shown(number))
        for number in (computed.value, definition.minimum, definition.maximum)
    )
    sent = posted.get(key)
    if sent is not None and sent.status == "observed":
        (both,) = said(case, [sent])
        return case.rulebase.wording["derived_differs"].format(sent=both, inputs=inputs, computed=value)
    return case.rulebase.wording["derived_out_of_range"].format(
        finding=name_of(case, key), value=value, inputs=inputs, lowest=lowest, highest=highest
    )


def _of_knee(case: Case, knee: Knee) -> Iterator[Json]:
    """Regions left out, nothing examined, and what so little does not exclude."""
    conventions, judgement = case.rulebase.conventions, knee.judgement
    here = ("", judgement.side)
    region_left_out, nothing = conventions["region_not_assessed"], conventions["nothing_assessed"]
    for region in knee.regions_not_assessed():
        yield _note(region_left_out.code, here, region_left_out.text.format(region=region))
    if not any(judgement.standing(id_).assessed for id_ in knee.ranked):
        yield _note(nothing.code, here, nothing.text)
    little = conventions["low_coverage_never_excludes"]
    for id_ in case.rulebase.contributors:
        standing = judgement.standing(id_)
        if standing.net < 0 and standing.name in case.rulebase.undecided_classes:
            yield _note(little.code, here, little.text, id_)


def _age_or_sex(case: Case) -> Iterator[Json]:
    """What some rule waits for or assumed."""
    convention = case.rulebase.conventions["unknown_age_or_sex"]
    missing = {gap.finding for gap in _missing(case)}
    for finding in convention.findings:
        if finding in missing:
            yield _note(convention.code, None, convention.text.format(finding=name_of(case, (finding, None))))


def _missing(case: Case) -> Iterator[Gap]:
    open_ = (place for place in case.judged() if place[2].outcome(place[0]) == "undetermined")
    for rule, _, judgement in (*case.fired, *open_):
        yield from judgement.missing(rule)


def stale_keys(case: Case) -> list[Key]:
    return sorted(case.counting.stale, key=lambda key: (key[0], key[1] or ""))
