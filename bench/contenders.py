"""Who takes part in the benchmark, and that all infer the same.

Our evaluators start from observations or from a view made of them; the others
start from plain facts (see `cases`). Getting ready is outside the clock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bench.cases import Case, Facts, inferred_rules
from bench.clips_peer import ClipsPeer
from bench.conclusions import Known
from bench.loop import Loop
from bench.zen_peer import Layout, ZenPeer
from service.inference.infer import Inference
from service.inference.reference import FIRES, SILENT, UNDETERMINED
from service.inference.strata import Stratum
from service.inference.view import View

ZEN_TRACED = "Zen, with trace"
"""What every other is compared with: the fastest Zen form found, tracing."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to infer. Only `run` is timed; `fired` is None where nothing is inferred."""

    name: str
    ready: Callable[[Case], Any]
    run: Callable[[Any], Any]
    fired: Callable[[Any], set[str]] | None


class Disagreement(Exception):
    """A contender fired other rules than the lock-step did; the benchmark is void."""


def contenders(inference: Inference) -> list[Contender]:
    """All of them, in the order of the table."""
    condition, finding = Layout.CONDITION_COLUMN, Layout.FINDING_COLUMNS
    return [
        *_ours(inference),
        _peer("naive loop", Loop(inference).infer),
        _peer("CLIPS", ClipsPeer(inference).infer),
        _peer("Zen", ZenPeer(inference, condition, trace=False).infer),
        _peer(ZEN_TRACED, ZenPeer(inference, condition, trace=True).infer),
        _peer("Zen, a column a finding", ZenPeer(inference, finding, trace=False).infer),
        _peer("Zen, a column a finding, with trace", ZenPeer(inference, finding, trace=True).infer),
    ]


def _peer(name: str, infer: Callable[[Facts], Known]) -> Contender:
    return Contender(name, lambda case: case.facts, infer, lambda known: known.fired)


def check_agreement(
    chosen: Iterable[Contender], cases: Iterable[Case], inference: Inference
) -> dict[str, int]:
    """How often each rule fired, the same for all. Raises Disagreement at the first case that differs."""
    inferring = [c for c in chosen if c.fired is not None]
    times = {rule.code: 0 for rule in inferred_rules(inference)}
    for number, case in enumerate(cases):
        view = inference.infer(inference.view(case.observations, case.side, given=case.given))
        expected = _fired(inference, view)
        for contender in inferring:
            assert contender.fired is not None
            fired = contender.fired(contender.run(contender.ready(case)))
            if fired != expected:
                differing = ", ".join(sorted(fired ^ expected))
                raise Disagreement(f"{contender.name} differs in case {number} on {differing}")
        for code in expected:
            times[code] += 1
    return times


# -- our own -----------------------------------------------------------------------------


def _ours(inference: Inference) -> list[Contender]:
    def view(case: Case) -> View:
        return inference.view(case.observations, case.side, given=case.given)

    def judge(seen: View) -> View:
        for stratum in inference.strata:
            inference.reference.judge(stratum, seen)
            _conclude(inference, stratum, seen)
        return seen

    def fire(seen: View) -> View:
        for stratum in inference.strata:
            fired = inference.engine.fire(stratum, seen)
            for index in stratum.rules:
                seen.outcomes[index] = FIRES if index in fired else SILENT
            _conclude(inference, stratum, seen)
        return seen

    def fired(seen: View) -> set[str]:
        return _fired(inference, seen)

    return [
        Contender("view alone: levels, formulas, tests", lambda case: case, view, None),
        Contender("reference, view given", view, judge, fired),
        Contender("reference, full ledger", lambda case: case, lambda case: judge(view(case)), fired),
        Contender("durable engine, view given", view, fire, fired),
        Contender("lock-step", lambda case: case, lambda case: inference.infer(view(case)), fired),
    ]


def _conclude(inference: Inference, stratum: Stratum, view: View) -> None:
    """States and standings, as `Inference.settle` draws them."""
    outcomes = view.outcomes
    for state, setters in stratum.states:
        found = {outcomes[index] for index in setters}
        view.states[state] = FIRES in found or (None if UNDETERMINED in found else False)
    for name in stratum.contributors:
        contributor = inference.rulebase.contributors[name]
        view.standings[name] = inference.standings.standing(contributor, outcomes, view.coverage[name])


def _fired(inference: Inference, view: View) -> set[str]:
    rules = inference.rulebase.rules
    return {
        rules[index].code
        for stratum in inference.strata
        for index in stratum.rules
        if view.outcomes[index] == FIRES
    }
