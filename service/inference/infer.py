"""Runs both evaluators in lock-step and lets nothing through on which they differ."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from service.domain.exam import SIDES, Exam, Key, Observation, Side
from service.domain.rule import RaiseFlag
from service.domain.rulebase import RuleBase
from service.inference.dark import dark_clusters, dark_groups
from service.inference.durable_engine import DurableEngine
from service.inference.no_answer import NoAnswer
from service.inference.reference import FIRES, UNDETERMINED, Reference
from service.inference.standing import Standings
from service.inference.strata import Stratum, stratify
from service.inference.view import Levels, Slots, View


class EvaluatorsDisagree(NoAnswer):
    """The two evaluators differ on what fired; `codes` names the rules."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        self.codes = codes
        super().__init__(f"the evaluators disagree on {', '.join(codes)}")


class Engine(Protocol):
    """What says which rules fire; the reference evaluator must find the same."""

    @property
    def usable(self) -> bool: ...

    def fire(self, stratum: Stratum, view: View) -> set[int]: ...


MadeFor = Callable[[RuleBase, Slots, tuple[Stratum, ...]], Engine]


class Inference:
    """One rule base made ready to infer. Thread-safe; made once. Raises CannotInfer."""

    def __init__(self, rulebase: RuleBase, engine: MadeFor = DurableEngine) -> None:
        self.rulebase = rulebase
        self.slots = Slots(rulebase)
        self.standings = Standings(rulebase)
        self.safety_strata = stratify(rulebase.rules, lambda rule: rule.safety, ())
        self.strata = stratify(rulebase.rules, lambda rule: not rule.safety, rulebase.contributors)
        every = (*self.safety_strata, *self.strata)
        self.reference = Reference(rulebase, self.slots, every)
        self.index = {rule.code: index for index, rule in enumerate(rulebase.rules)}
        self.dark_clusters = dark_clusters(rulebase)
        dark = dark_groups(rulebase)
        self._key_groups = {
            contributor.id: [
                [] if place in dark.get(contributor.id, ()) else [self.slots.of(f) for f in group.any_of]
                for place, group in enumerate(contributor.key_groups)
            ]
            for contributor in rulebase.contributors.values()
        }
        self._states = {state: None if state in rulebase.dark_states else False for state in rulebase.states}
        self._out_of_force = [
            "retired" if rule.status == "retired" else "disabled" for rule in rulebase.rules
        ]
        self.engine = engine(rulebase, self.slots, every)

    def view(
        self,
        observations: Mapping[Key, Observation],
        side: Side,
        assessed: bool = True,
        given: Mapping[str, bool] | None = None,
        safety: bool = False,
    ) -> View:
        """One side's view, nothing concluded yet.

        `observations` are those that count; `given` are the states the screen gives; `safety` is
        for the safety rules, else for all others.
        """
        levels = self.slots.levels(observations, side)
        view = View(
            side=side,
            assessed=assessed,
            levels=levels,
            truths=self.reference.begin(levels, safety),
            outcomes=self._out_of_force.copy(),
            states=dict(self._states),
            standings={},
            coverage={} if safety else self.coverage(levels),
            flags=set(),
        )
        view.states.update(given or {})
        return view

    def coverage(self, levels: Levels) -> dict[str, tuple[int, int]]:
        """For each contributor its assessed key groups and its key groups."""
        return {
            id_: (sum(any(levels[slot] is not None for slot in group) for group in groups), len(groups))
            for id_, groups in self._key_groups.items()
        }

    def screen(self, observations: Mapping[Key, Observation], exam: Exam) -> dict[Side, View]:
        """The safety rules, from both sides; a flag that one side raises counts for the other.

        Raises EvaluatorsDisagree.
        """
        views = {
            side: self.view(observations, side, assessed=side in exam.knees, safety=True) for side in SIDES
        }
        for stratum in self.safety_strata:
            for view in views.values():
                self.settle(stratum, view)
            flags = set(self.raised(stratum, views.values()))
            for view in views.values():
                view.flags |= flags
        return views

    def infer(self, view: View) -> View:
        """Every other rule, from one assessed knee's point of view. Raises EvaluatorsDisagree."""
        for stratum in self.strata:
            self.settle(stratum, view)
        return view

    def settle(self, stratum: Stratum, view: View) -> None:
        """Judges one stratum with both evaluators and draws its conclusions."""
        judged = self.reference.judge(stratum, view)
        fired = self.engine.fire(stratum, view)
        if fired != judged:
            codes = sorted(self.rulebase.rules[index].code for index in fired ^ judged)
            raise EvaluatorsDisagree(tuple(codes))
        self.conclude(stratum, view)

    def conclude(self, stratum: Stratum, view: View) -> None:
        """Settles the states and standings that the judged stratum completes, in the view."""
        outcomes = view.outcomes
        for state, setters in stratum.states:
            found = {outcomes[index] for index in setters}
            view.states[state] = FIRES in found or (None if UNDETERMINED in found else self._states[state])
        for name in stratum.contributors:
            contributor = self.rulebase.contributors[name]
            view.standings[name] = self.standings.standing(contributor, outcomes, view.coverage[name])

    def raised(self, stratum: Stratum, views: Iterable[View]) -> Iterable[str]:
        """The flags that rules of a judged stratum raise."""
        for view in views:
            for index in stratum.rules:
                if view.outcomes[index] == FIRES:
                    for effect in self.rulebase.rules[index].effects:
                        if isinstance(effect, RaiseFlag):
                            yield effect.flag
