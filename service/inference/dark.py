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
    """For each contributor the places of its key groups that only rules switched off would read.

    What nothing reads says nothing: such a group does not count as assessed, whatever was observed.
    """
    if not rulebase.switched_off:
        return {}
    on, whole = Dependencies(rulebase), Dependencies(rulebase, switched_off=True)
    dark: dict[str, frozenset[int]] = {}
    for contributor in rulebase.contributors.values():
        read, read_before = _read(on, contributor.id), _read(whole, contributor.id)
        dark[contributor.id] = frozenset(
            place
            for place, group in enumerate(contributor.key_groups)
            if read.isdisjoint(group.any_of) and not read_before.isdisjoint(group.any_of)
        )
    return dark


def _read(dependencies: Dependencies, contributor: str) -> set[str]:
    """The findings, on whichever side, that have a say in the class of a contributor."""
    behind = dependencies.rules_of([("class", contributor)])
    return {finding for finding, _ in dependencies.tests(behind)}
