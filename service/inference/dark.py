"""What rules that are switched off leave in the dark: nothing may be argued from it."""

from service.domain.assessment import DarkCluster
from service.domain.rulebase import RuleBase
from service.inference.dependencies import Dependencies


def dark_clusters(rulebase: RuleBase) -> dict[str, tuple[DarkCluster, ...]]:
    """For each contributor the clusters in which, for or against it, every rule is switched off."""
    off: dict[tuple[str, str, bool], list[str]] = {}
    left: set[tuple[str, str, bool]] = set()
    for rule in rulebase.rules:
        for score in rule.scores:
            place = (score.target, score.cluster, score.supports)
            if rule.switched_off:
                off.setdefault(place, []).append(rule.code)
            elif rule.active:
                left.add(place)
    dark: dict[str, tuple[DarkCluster, ...]] = {}
    for place, codes in off.items():
        if place not in left:
            contributor, cluster, supports = place
            found = DarkCluster(cluster, supports, tuple(dict.fromkeys(codes)))
            dark[contributor] = (*dark.get(contributor, ()), found)
    return dark


def dark_groups(rulebase: RuleBase) -> dict[str, frozenset[int]]:
    """For each contributor the places of its key groups that can no longer speak for it.

    The rules that would speak for it, of those who read the group, are all switched off (or, where
    none ever does, those that would speak against it). Such a group does not count as assessed,
    whatever was observed: else a contributor were argued against over a sign that nobody reads.
    """
    if not rulebase.switched_off:
        return {}
    on, whole = Dependencies(rulebase), Dependencies(rulebase, switched_off=True)
    dark: dict[str, frozenset[int]] = {}
    for contributor in rulebase.contributors.values():
        now, before = (
            [_read(d, contributor.id, supports) for supports in (True, False)] for d in (on, whole)
        )
        dark[contributor.id] = frozenset(
            place
            for place, group in enumerate(contributor.key_groups)
            if _silenced({*group.any_of}, now, before)
        )
    return dark


def _silenced(group: set[str], now: list[set[str]], before: list[set[str]]) -> bool:
    """Whether the first direction in which the group ever spoke, for before against, is lost."""
    for read, read_before in zip(now, before, strict=True):
        if group & read_before:
            return not group & read
    return False


def _read(dependencies: Dependencies, contributor: str, supports: bool) -> set[str]:
    """The findings, on whichever side, from which rules in force lead to points for it, or against it."""
    rules = dependencies.rulebase.rules
    scoring = [
        index
        for index in dependencies.rules_of([("class", contributor)])
        if any(score.target == contributor and score.supports is supports for score in rules[index].scores)
    ]
    return {finding for finding, _ in dependencies.tests(dependencies.rules_behind(scoring))}
