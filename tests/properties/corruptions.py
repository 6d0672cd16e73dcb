"""Ways to falsify an answer, each with a name and the kind of discrepancy that must be reported for it.

A corruption changes an answer in place, somewhere at random, and gives back True; or False where
this answer has nothing of the kind. What it makes is well formed, and as far as it is easy also
consistent: steps are numbered anew, sums are added up.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from service.domain.exam import OTHER
from service.domain.rule import ShowAlternative
from service.domain.rulebase import RuleBase

Json = dict[str, Any]
Falsify = Callable[["Forger"], bool]
CORRUPTIONS: dict[str, tuple[Falsify, str]] = {}
"""By name: what falsifies, and the kind that must be among those reported."""


@dataclass
class Forger:
    """One answer about to be falsified, with a ledger, under its rules."""

    answer: Json
    rulebase: RuleBase
    random: Random

    def one(self, items: Any) -> Any:
        """One at random; None where there is none."""
        items = list(items)
        return self.random.choice(items) if items else None

    # -- where things are ----------------------------------------------------------------------

    def firings(self, having: str = "rule") -> list[Json]:
        return [firing for firing in self.answer["trace"] if firing[having]]

    def inputs(self) -> Iterator[Json]:
        return (item for firing in self.answer["trace"] for item in firing["inputs"])

    def effects(self, word: str) -> Iterator[Json]:
        return (e for firing in self.answer["trace"] for e in firing["effects"] if word in e)

    def scores(self) -> list[Json]:
        return [*self.effects("supports"), *self.effects("opposes")]

    def contributors(self) -> Iterator[Json]:
        return (c for knee in self.answer["knees"] for c in knee["contributors"])

    def with_mechanisms(self) -> Iterator[Json]:
        return (one for c in self.contributors() for one in (c, *c["mechanisms"]))

    def alternatives(self) -> Iterator[Json]:
        return (a for knee in self.answer["knees"] for a in knee["alternatives"])

    def notes(self, *codes: str) -> list[Json]:
        """Those of conventions, by the names of these."""
        wanted = {self.rulebase.conventions[name].code for name in codes}
        return [note for note in self.answer["notes"] if note["rule"] in wanted]

    def gapped(self) -> list[Json]:
        return [row for row in self.answer["undetermined"] if row["gaps"]]

    def verdicts(self) -> Iterator[tuple[Json, Json]]:
        return ((row, verdict) for row in self.answer["ledger"] for verdict in row["verdicts"])

    def criteria(self) -> Iterator[Json]:
        return (criterion for _, verdict in self.verdicts() for criterion in verdict["criteria"])

    # -- what is done to them ------------------------------------------------------------------

    def drop_one(self, items: list[Any] | None) -> bool:
        if not items:
            return False
        items.remove(self.one(items))
        return True

    def renumber(self) -> None:
        for step, firing in enumerate(self.answer["trace"], start=1):
            firing["step"] = step

    def forged_firing(self, row: Json, verdict: Json) -> bool:
        """The rule of a ledger row as if it had fired, in the clothes of one that did."""
        model = self.one(self.answer["trace"])
        rule = self.rulebase.rule_by_code[row["rule"]]
        if model is None:
            return False
        forged = deepcopy(model) | {key: row[key] for key in ("rule", "rule_id", "rule_version")}
        forged.pop("side", None)
        if "side" in verdict:
            forged["side"] = verdict["side"]
        forged["because"] = f"{rule.title}. {rule.because}"
        self.answer["trace"].insert(self.random.randrange(len(self.answer["trace"]) + 1), forged)
        self.renumber()
        return True

    def called(self, outcome: str) -> Any:
        return self.one((row, verdict) for row, verdict in self.verdicts() if verdict["outcome"] == outcome)


def corruption(kind: str) -> Callable[[Falsify], Falsify]:
    def register(falsify: Falsify) -> Falsify:
        CORRUPTIONS[falsify.__name__] = falsify, kind
        return falsify

    return register


def change(item: Json | None, key: str, value: Any) -> bool:
    if item is None or item.get(key) == value:
        return False
    item[key] = value
    return True


def later(instant: str, by: timedelta) -> str:
    return (datetime.fromisoformat(instant) + by).isoformat().replace("+00:00", "Z")


# -- inputs --------------------------------------------------------------------------------------


@corruption("input_value")
def an_input_has_another_value(forger: Forger) -> bool:
    item = forger.one(forger.inputs())
    if item is None:
        return False
    values = forger.rulebase.findings[item["finding"]].values
    if isinstance(item["value"], int | float):
        item["value"] += 1
    else:
        other = [value for value in values if value != item["value"]]
        item["value"] = [forger.one(values)] * 3 if isinstance(item["value"], list) else forger.one(other)
    return True


@corruption("input_invented")
def an_input_is_told_of_the_other_side(forger: Forger) -> bool:
    item = forger.one(item for item in forger.inputs() if "side" in item)
    return item is not None and change(item, "side", OTHER[item["side"]])


@corruption("input_time")
def an_input_was_seen_at_another_time(forger: Forger) -> bool:
    item = forger.one(forger.inputs())
    return item is not None and change(item, "observed_at", later(item["observed_at"], timedelta(hours=-7)))


@corruption("input_unit")
def an_input_is_in_another_unit(forger: Forger) -> bool:
    item = forger.one(item for item in forger.inputs() if "unit" in item)
    return change(item, "unit", "furlong")


@corruption("input_left_out")
def an_input_is_left_out(forger: Forger) -> bool:
    firing = forger.one(forger.firings("inputs"))
    return firing is not None and forger.drop_one(firing["inputs"])


@corruption("input_invented")
def an_input_is_taken_from_another_rule(forger: Forger) -> bool:
    firing, item = forger.one(forger.answer["trace"]), forger.one(forger.inputs())
    places = [(i["finding"], i.get("side")) for i in firing["inputs"]] if firing else []
    if item is None or (item["finding"], item.get("side")) in places:
        return False
    firing["inputs"].append(item)
    return True


@corruption("through_gate")
def a_gate_answer_is_forged(forger: Forger) -> bool:
    item = forger.one(i for i in [*forger.inputs(), *forger.criteria()] if "through_gate" in i)
    return item is not None and bool(item.pop("through_gate"))


@corruption("through_gate")
def an_answer_is_told_to_have_come_through_a_gate(forger: Forger) -> bool:
    item = forger.one(i for i in forger.inputs() if "through_gate" not in i)
    return change(item, "through_gate", next(iter(forger.rulebase.gates)))


@corruption("derived_from")
def a_computed_value_is_told_to_be_observed(forger: Forger) -> bool:
    item = forger.one(item for item in forger.inputs() if "derived_from" in item)
    return item is not None and bool(item.pop("derived_from"))


@corruption("input_painful")
def pain_in_a_test_is_hushed_up(forger: Forger) -> bool:
    item = forger.one(item for item in forger.inputs() if "painful" in item)
    return item is not None and bool(item.pop("painful"))


# -- firings -------------------------------------------------------------------------------------


@corruption("firing_left_out")
def a_firing_is_removed(forger: Forger) -> bool:
    if not forger.drop_one(forger.answer["trace"]):
        return False
    forger.renumber()
    return True


@corruption("firing_invented")
def a_silent_rule_is_told_to_have_fired(forger: Forger) -> bool:
    found = forger.called("silent")
    return found is not None and forger.forged_firing(*found)


@corruption("firing_invented")
def an_undetermined_rule_is_told_to_have_fired(forger: Forger) -> bool:
    found = forger.called("undetermined")
    return found is not None and forger.forged_firing(*found)


@corruption("firing_invented")
def a_suppressed_rule_is_told_to_have_fired(forger: Forger) -> bool:
    item = forger.one(forger.answer["suppressed"])
    if item is None:
        return False
    forger.answer["suppressed"].remove(item)
    row = next(row for row in forger.answer["ledger"] if row["rule"] == item["rule"])
    return forger.forged_firing(row, item)


@corruption("firing_invented")
def a_firing_is_moved_to_the_other_side(forger: Forger) -> bool:
    firing = forger.one(f for f in forger.answer["trace"] if "side" in f)
    told = [(f["rule"], f.get("side")) for f in forger.answer["trace"]]
    if firing is None or (firing["rule"], OTHER[firing["side"]]) in told:
        return False
    return change(firing, "side", OTHER[firing["side"]])


@corruption("firing_invented")
def a_firing_is_told_twice(forger: Forger) -> bool:
    firing = forger.one(forger.answer["trace"])
    if firing is None:
        return False
    forger.answer["trace"].append(deepcopy(firing))
    forger.renumber()
    return True


@corruption("rule_version")
def a_rule_has_another_version(forger: Forger) -> bool:
    firing = forger.one(forger.answer["trace"])
    return firing is not None and change(firing, "rule_version", firing["rule_version"] + 1)


@corruption("rule_id")
def a_rule_has_another_name(forger: Forger) -> bool:
    firing, other = forger.one(forger.answer["trace"]), forger.one(forger.rulebase.rules)
    return change(firing, "rule_id", other.id)


@corruption("step")
def a_step_has_another_number(forger: Forger) -> bool:
    firing = forger.one(forger.answer["trace"])
    return firing is not None and change(firing, "step", firing["step"] + 1)


@corruption("firing_out_of_order")
def two_steps_are_swapped(forger: Forger) -> bool:
    trace = forger.answer["trace"]
    if len(trace) < 2:
        return False
    one, two = forger.random.sample(range(len(trace)), 2)
    trace[one], trace[two] = trace[two], trace[one]
    forger.renumber()
    return True


@corruption("sentence")
def the_sentence_of_a_firing_tells_another_value(forger: Forger) -> bool:
    firing = forger.one(
        f for f in forger.answer["trace"] if any(type(i["value"]) is int for i in f["inputs"])
    )
    if firing is None:
        return False
    item = forger.one(i for i in firing["inputs"] if type(i["value"]) is int)
    label = forger.rulebase.findings[item["finding"]].label
    told = f"{label}, {item['side']}: {item['value']}" if "side" in item else f"{label}: {item['value']}"
    return change(firing, "because", firing["because"].replace(told, f"{told}5"))


@corruption("sentence")
def the_rationale_of_a_firing_is_embellished(forger: Forger) -> bool:
    firing = forger.one(forger.answer["trace"])
    return firing is not None and change(firing, "because", f"{firing['because']} This is the cause.")


INVENTED = "Fracture of the tibia, left: yes; cancer history: yes;", "This proves the diagnosis beyond doubt."


def invent(forger: Forger, item: Json | None, key: str | int) -> bool:
    """Puts something invented into a text, at the beginning, at the end, or between two words."""
    if item is None:
        return False
    words = item[key].split(" ")
    words.insert(forger.random.randrange(len(words) + 1), forger.one(INVENTED))
    item[key] = " ".join(words)
    return True


def _invented_in(where: str, find: Callable[[Forger], Iterator[tuple[Json, str | int]]]) -> Falsify:
    def invented(forger: Forger) -> bool:
        item, key = forger.one(find(forger)) or (None, "")
        return invent(forger, item, key)

    invented.__name__ = f"something_is_invented_in_the_sentence_of_{where}"
    return invented


SENTENCES: dict[str, Callable[[Forger], Iterator[tuple[Any, str | int]]]] = {
    "a_firing": lambda forger: ((firing, "because") for firing in forger.answer["trace"]),
    "a_flag": lambda forger: ((f["because"], 0) for f in forger.answer["safety"]["flags"]),
    "another_explanation": lambda forger: ((a["because"], 0) for a in forger.alternatives()),
    "a_recommendation": lambda forger: (
        (offered, "because") for knee in forger.answer["knees"] for offered in knee["recommendations"]
    ),
}
for _where, _find in SENTENCES.items():
    corruption("sentence")(_invented_in(_where, _find))


@corruption("caution")
def a_caution_is_left_out(forger: Forger) -> bool:
    firing = forger.one(f for f in forger.answer["trace"] if "caution" in f)
    return firing is not None and bool(firing.pop("caution"))


@corruption("evidence")
def a_source_is_left_out(forger: Forger) -> bool:
    firing = forger.one(forger.answer["trace"])
    return firing is not None and forger.drop_one(firing["evidence"])


@corruption("evidence")
def evidence_is_told_to_be_better(forger: Forger) -> bool:
    firing = forger.one(forger.answer["trace"])
    return firing is not None and change(forger.one(firing["evidence"]), "level", "OCEBM 1")


@corruption("effects")
def a_score_has_more_points(forger: Forger) -> bool:
    score = forger.one(s for s in forger.scores() if s["strength"] != "strong")
    return change(score, "points", 3) and change(score, "strength", "strong")


@corruption("effects")
def a_loser_of_its_cluster_is_told_to_count(forger: Forger) -> bool:
    score = forger.one(s for s in forger.scores() if "without_effect" in s)
    return score is not None and bool(score.pop("without_effect"))


@corruption("effects")
def a_score_that_counts_is_told_not_to(forger: Forger) -> bool:
    score = forger.one(s for s in forger.scores() if "without_effect" not in s)
    return change(score, "without_effect", forger.rulebase.wording["not_strongest"])


@corruption("effects")
def a_score_speaks_for_what_it_speaks_against(forger: Forger) -> bool:
    score = forger.one(s for s in forger.scores() if "opposes" in s)
    if score is None:
        return False
    score["supports"] = score.pop("opposes")
    return True


@corruption("effects")
def a_score_is_put_into_another_cluster(forger: Forger) -> bool:
    return change(forger.one(forger.scores()), "cluster", "another")


@corruption("effects")
def an_effect_is_left_out(forger: Forger) -> bool:
    firing = forger.one(forger.firings("effects"))
    return firing is not None and forger.drop_one(firing["effects"])


@corruption("effects")
def a_refused_recommendation_is_told_to_be_offered(forger: Forger) -> bool:
    effect = forger.one(e for e in forger.effects("recommend") if "without_effect" in e)
    return effect is not None and bool(effect.pop("without_effect"))


@corruption("premises")
def a_premise_is_invented(forger: Forger) -> bool:
    firing, state = forger.one(forger.answer["trace"]), forger.one(forger.rulebase.states)
    if firing is None or any(p.get("state") == state for p in firing["premises"]):
        return False
    firing["premises"].append({"state": state, "is": "present"})
    return True


@corruption("premises")
def a_premise_is_left_out(forger: Forger) -> bool:
    firing = forger.one(forger.firings("premises"))
    return firing is not None and forger.drop_one(firing["premises"])


@corruption("premises")
def a_premise_names_a_better_class(forger: Forger) -> bool:
    found = (p for f in forger.answer["trace"] for p in f["premises"] if "class" in p)
    return change(forger.one(found), "is", "supported")


@corruption("assumption_left_out")
def an_assumption_is_left_out(forger: Forger) -> bool:
    firing = forger.one(forger.firings("assumed"))
    return firing is not None and forger.drop_one(firing["assumed"])


@corruption("assumption_invented")
def an_assumption_is_invented(forger: Forger) -> bool:
    firing, gap = (
        forger.one(forger.answer["trace"]),
        forger.one(g for r in forger.gapped() for g in r["gaps"]),
    )
    if firing is None or gap is None or gap in firing["assumed"]:
        return False
    firing["assumed"].append(gap)
    return True


# -- rules that did not fire ---------------------------------------------------------------------


@corruption("gap_left_out")
def a_gap_is_left_out(forger: Forger) -> bool:
    row = forger.one(forger.gapped())
    return row is not None and forger.drop_one(row["gaps"])


@corruption("gap_invented")
def a_gap_is_invented(forger: Forger) -> bool:
    row = forger.one(forger.answer["undetermined"])
    finding = forger.one(f.id for f in forger.rulebase.findings.values() if not f.sided)
    if row is None or any(gap["finding"] == finding for gap in row["gaps"]):
        return False
    row["gaps"].append({"finding": finding, "status": "not_assessed"})
    return True


@corruption("gap_status")
def a_refusal_is_told_as_not_asked(forger: Forger) -> bool:
    gap = forger.one(g for r in forger.gapped() for g in r["gaps"] if g["status"] != "not_assessed")
    return change(gap, "status", "not_assessed")


@corruption("gap_any_of")
def one_of_several_ways_to_close_a_gap_is_left_out(forger: Forger) -> bool:
    gap = forger.one(g for r in forger.gapped() for g in r["gaps"] if len(g.get("any_of", ())) > 2)
    return gap is not None and forger.drop_one(gap["any_of"])


@corruption("undetermined_left_out")
def an_open_rule_is_told_to_be_settled(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["undetermined"])


@corruption("undetermined_invented")
def a_silent_rule_is_told_to_be_open(forger: Forger) -> bool:
    found = forger.called("silent")
    if found is None:
        return False
    row, verdict = found
    sided = {"side": verdict["side"]} if "side" in verdict else {}
    forger.answer["undetermined"].append({**sided, "rule": row["rule"], "gaps": []})
    return True


@corruption("suppressed_left_out")
def a_suppressed_rule_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["suppressed"])


@corruption("suppressed_by")
def a_rule_is_told_to_be_suppressed_by_something_else(forger: Forger) -> bool:
    return change(forger.one(forger.answer["suppressed"]), "by", ["age_years"])


@corruption("stale_left_out")
def a_stale_finding_is_told_to_be_fresh(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["stale"])


@corruption("input_invented")
def a_stale_value_is_used(forger: Forger) -> bool:
    item, firing = forger.one(forger.answer["stale"]), forger.one(forger.answer["trace"])
    if item is None or firing is None:
        return False
    firing["inputs"].append(item)
    return True


# -- the ledger ----------------------------------------------------------------------------------


@corruption("verdict")
def a_verdict_is_flipped(forger: Forger) -> bool:
    _, verdict = forger.one(forger.verdicts())
    return change(verdict, "outcome", "silent" if verdict["outcome"] == "fires" else "fires")


@corruption("verdict")
def an_unknown_verdict_is_turned_to_normal(forger: Forger) -> bool:
    found = forger.called("undetermined")
    return found is not None and change(found[1], "outcome", "silent")


@corruption("criterion_truth")
def an_unknown_criterion_is_turned_to_normal(forger: Forger) -> bool:
    return change(forger.one(c for c in forger.criteria() if c["truth"] == "unknown"), "truth", "false")


@corruption("criterion_truth")
def a_criterion_that_fails_is_told_to_hold(forger: Forger) -> bool:
    return change(forger.one(c for c in forger.criteria() if c["truth"] == "false"), "truth", "true")


@corruption("criterion_seen")
def a_criterion_saw_another_value(forger: Forger) -> bool:
    criterion = forger.one(c for c in forger.criteria() if isinstance(c["seen"], int | float))
    return criterion is not None and change(criterion, "seen", criterion["seen"] + 1)


@corruption("criterion_seen")
def a_criterion_saw_what_nobody_looked_at(forger: Forger) -> bool:
    return change(forger.one(c for c in forger.criteria() if c["seen"] is None), "seen", "no")


@corruption("criterion_left_out")
def a_criterion_is_left_out(forger: Forger) -> bool:
    _, verdict = forger.one(forger.verdicts())
    return forger.drop_one(verdict["criteria"])


@corruption("criterion_invented")
def a_criterion_needs_another_limit(forger: Forger) -> bool:
    return change(forger.one(forger.criteria()), "needed", "at most 999 mm")


@corruption("ledger_row_left_out")
def a_rule_is_left_out_of_the_ledger(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["ledger"])


@corruption("verdict_left_out")
def a_side_is_left_out_of_the_ledger(forger: Forger) -> bool:
    row = forger.one(row for row in forger.answer["ledger"] if len(row["verdicts"]) == 2)
    return row is not None and forger.drop_one(row["verdicts"])


# -- contributors --------------------------------------------------------------------------------


@corruption("class")
def a_class_is_raised(forger: Forger) -> bool:
    return change(
        forger.one(c for c in forger.contributors() if c["class"] != "supported"), "class", "supported"
    )


@corruption("class")
def what_was_not_examined_is_called_argued_against(forger: Forger) -> bool:
    found = (c for c in forger.contributors() if c["class"] == "insufficient_data")
    return change(forger.one(found), "class", "argued_against")


@corruption("class_words")
def a_class_is_put_in_stronger_words(forger: Forger) -> bool:
    return change(forger.one(forger.contributors()), "class_words", "proven")


@corruption("link_certainty")
def the_link_certainty_is_raised(forger: Forger) -> bool:
    contributor = forger.one(forger.contributors())
    return contributor is not None and change(contributor["link_certainty"], "shown_as", "high")


@corruption("support")
def support_is_raised_and_the_net_with_it(forger: Forger) -> bool:
    contributor = forger.one(forger.contributors())
    if contributor is None:
        return False
    contributor["support"] += 2
    contributor["net"] += 2
    return True


@corruption("against")
def what_speaks_against_is_hushed_up(forger: Forger) -> bool:
    contributor = forger.one(c for c in forger.contributors() if c["against"])
    return change(contributor, "against", 0) and change(contributor, "net", contributor["support"])


@corruption("net")
def the_net_does_not_add_up(forger: Forger) -> bool:
    contributor = forger.one(forger.contributors())
    return contributor is not None and change(contributor, "net", contributor["net"] + 1)


@corruption("coverage")
def coverage_is_raised(forger: Forger) -> bool:
    found = [c["coverage"] for c in forger.contributors() if c["coverage"]["assessed"] < c["coverage"]["of"]]
    coverage = forger.one(found)
    return coverage is not None and change(coverage, "assessed", coverage["assessed"] + 1)


@corruption("rank")
def two_ranks_are_swapped(forger: Forger) -> bool:
    ranked = [c for c in forger.contributors() if c["rank"]]
    if not ranked:
        return False
    one, two = forger.one(ranked), forger.one(ranked)
    one["rank"], two["rank"] = two["rank"], one["rank"]
    return one["rank"] != two["rank"]


@corruption("contributor_out_of_order")
def two_contributors_are_swapped(forger: Forger) -> bool:
    knee = forger.one(knee for knee in forger.answer["knees"] if len(knee["contributors"]) > 1)
    if knee is None:
        return False
    listed = knee["contributors"]
    one, two = forger.random.sample(range(len(listed)), 2)
    listed[one], listed[two] = listed[two], listed[one]
    return True


@corruption("contributor_left_out")
def a_contributor_is_left_out(forger: Forger) -> bool:
    knee = forger.one(forger.answer["knees"])
    return forger.drop_one(knee["contributors"])


@corruption("mechanism_left_out")
def a_mechanism_is_left_out(forger: Forger) -> bool:
    contributor = forger.one(c for c in forger.contributors() if c["mechanisms"])
    return contributor is not None and forger.drop_one(contributor["mechanisms"])


@corruption("supporting_rules")
def a_supporting_rule_is_invented(forger: Forger) -> bool:
    contributor = forger.one(forger.contributors())
    if contributor is None:
        return False
    contributor["supporting_rules"].append(forger.one(forger.rulebase.rules).code)
    return True


@corruption("opposing_rules")
def an_opposing_rule_is_left_out(forger: Forger) -> bool:
    contributor = forger.one(c for c in forger.contributors() if c["opposing_rules"])
    return contributor is not None and forger.drop_one(contributor["opposing_rules"])


@corruption("noted_rules")
def what_a_rule_notes_is_hushed_up(forger: Forger) -> bool:
    contributor = forger.one(c for c in forger.contributors() if c["noted_rules"])
    return contributor is not None and forger.drop_one(contributor["noted_rules"])


@corruption("shared_findings")
def a_shared_finding_is_hushed_up(forger: Forger) -> bool:
    contributor = forger.one(c for c in forger.contributors() if c["shared_findings"])
    return contributor is not None and forger.drop_one(contributor["shared_findings"])


@corruption("less_specific")
def what_is_the_same_on_the_side_without_pain_is_hushed_up(forger: Forger) -> bool:
    item = forger.one(c for c in forger.with_mechanisms() if c["less_specific"])
    return item is not None and forger.drop_one(item["less_specific"])


@corruption("less_specific")
def a_finding_is_told_to_be_the_same_on_the_side_without_pain(forger: Forger) -> bool:
    item, seen = forger.one(forger.with_mechanisms()), forger.one(i for i in forger.inputs() if "side" in i)
    if item is None or seen is None or seen["finding"] in item["less_specific"]:
        return False
    item["less_specific"].append(seen["finding"])
    return True


# -- other explanations --------------------------------------------------------------------------


def forged_alternative(forger: Forger, knee: Json | None, **changed: Any) -> bool:
    """One that is not shown, in its own words, in the clothes of one that is where there is one."""
    defined = forger.one(forger.rulebase.alternatives.values())
    if knee is None or any(shown["id"] == defined.id for shown in knee["alternatives"]):
        return False
    model = forger.one(forger.alternatives()) or {"rules": ["X01"], "because": [""], "caution": None}
    words = {"label": defined.label, "text": defined.text, "evidence": list(defined.cites)}
    origin = {"verification": defined.verification, "origin": list(defined.origin)}
    knee["alternatives"].append(deepcopy(model) | {"id": defined.id, **words, **origin} | changed)
    return True


@corruption("alternative_left_out")
def another_explanation_is_hushed_up(forger: Forger) -> bool:
    return forger.drop_one(forger.one(knee["alternatives"] for knee in forger.answer["knees"]))


@corruption("alternative_invented")
def another_explanation_is_invented(forger: Forger) -> bool:
    return forged_alternative(forger, forger.one(k for k in forger.answer["knees"] if k["contributors"]))


@corruption("alternative_invented")
def another_explanation_is_shown_although_the_knee_is_withheld(forger: Forger) -> bool:
    return forged_alternative(forger, forger.one(k for k in forger.answer["knees"] if not k["contributors"]))


@corruption("alternative_invented")
def another_explanation_rests_on_a_rule_that_is_open(forger: Forger) -> bool:
    """The rule that points to it is undetermined: what was not observed is read as if it was."""
    rules = forger.rulebase.rule_by_code
    pointing = (
        (row, effect.alternative)
        for row in forger.answer["undetermined"]
        for effect in rules[row["rule"]].effects
        if isinstance(effect, ShowAlternative)
    )
    row, id_ = forger.one(pointing) or ({}, None)
    knee = forger.one(k for k in forger.answer["knees"] if k["side"] == row.get("side"))
    if knee is None or any(shown["id"] == id_ for shown in knee["alternatives"]):
        return False
    return forged_alternative(forger, knee, id=id_, rules=[row["rule"]])


@corruption("alternative_invented")
def another_explanation_is_told_of_the_other_knee(forger: Forger) -> bool:
    shown = {knee["side"]: knee["alternatives"] for knee in forger.answer["knees"]}
    side = forger.one(side for side, items in shown.items() if items)
    item = forger.one(shown[side]) if side and OTHER[side] in shown else None
    if item is None or any(other["id"] == item["id"] for other in shown[OTHER[side]]):
        return False
    shown[side].remove(item)
    shown[OTHER[side]].append(item)
    return True


@corruption("alternative_out_of_order")
def another_explanation_is_put_first(forger: Forger) -> bool:
    shown = forger.one(k["alternatives"] for k in forger.answer["knees"] if len(k["alternatives"]) > 1)
    if shown is None:
        return False
    shown.insert(0, shown.pop())
    return True


@corruption("alternative_rules")
def another_explanation_rests_on_a_rule_that_did_not_fire(forger: Forger) -> bool:
    return change(forger.one(forger.alternatives()), "rules", ["Z01"])


@corruption("alternative_rules")
def another_explanation_rests_on_a_rule_that_fired_for_something_else(forger: Forger) -> bool:
    item, firing = forger.one(forger.alternatives()), forger.one(forger.answer["trace"])
    if item is None or firing["rule"] in item["rules"]:
        return False
    item["rules"].append(firing["rule"])
    item["because"].append(firing["because"])
    return True


@corruption("alternative_rules")
def a_rule_behind_another_explanation_is_hushed_up(forger: Forger) -> bool:
    item = forger.one(a for a in forger.alternatives() if len(a["rules"]) > 1)
    return item is not None and bool(item["rules"].pop() and item["because"].pop())


@corruption("alternative_rules")
def the_reasons_for_another_explanation_are_told_of_each_other(forger: Forger) -> bool:
    item = forger.one(a for a in forger.alternatives() if len(a["rules"]) > 1)
    return item is not None and item["rules"].reverse() is None


@corruption("alternative_words")
def another_explanation_is_called_a_diagnosis(forger: Forger) -> bool:
    return change(forger.one(forger.alternatives()), "text", "This is the diagnosis.")


@corruption("sentence")
def another_explanation_is_embellished(forger: Forger) -> bool:
    item = forger.one(forger.alternatives())
    return item is not None and change(item, "because", [f"{said} It is proof." for said in item["because"]])


@corruption("caution")
def the_caution_of_another_explanation_is_left_out(forger: Forger) -> bool:
    return change(forger.one(a for a in forger.alternatives() if a["caution"]), "caution", None)


@corruption("evidence")
def another_explanation_cites_another_source(forger: Forger) -> bool:
    source = forger.one(forger.rulebase.sources)
    return change(forger.one(forger.alternatives()), "evidence", [source])


@corruption("effects")
def a_firing_points_to_another_explanation(forger: Forger) -> bool:
    effect = forger.one(forger.effects("alternative"))
    return change(effect, "alternative", forger.one(forger.rulebase.alternatives))


@corruption("effects")
def a_firing_hides_what_it_points_to(forger: Forger) -> bool:
    firing = forger.one(f for f in forger.answer["trace"] if any("alternative" in e for e in f["effects"]))
    if firing is None:
        return False
    return change(firing, "effects", [effect for effect in firing["effects"] if "alternative" not in effect])


# -- two knees, two methods ----------------------------------------------------------------------


@corruption("merged_recommendation_left_out")
def an_option_for_two_knees_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["merged_recommendations"])


@corruption("merged_recommendation_invented")
def options_of_knees_that_are_not_merged_are_merged(forger: Forger) -> bool:
    knee = forger.one(knee for knee in forger.answer["knees"] if knee["recommendations"])
    if knee is None or forger.answer["merged_recommendations"]:
        return False
    merged = [{"code": o["code"], "id": o["id"], "sides": [knee["side"]]} for o in knee["recommendations"]]
    return change(forger.answer, "merged_recommendations", merged)


@corruption("merged_recommendation_out_of_order")
def options_for_two_knees_are_put_in_another_order(forger: Forger) -> bool:
    merged = forger.answer["merged_recommendations"]
    if len(merged) < 2:
        return False
    merged.reverse()
    return True


@corruption("merged_sides")
def an_option_for_both_knees_is_told_to_be_for_one(forger: Forger) -> bool:
    option = forger.one(o for o in forger.answer["merged_recommendations"] if len(o["sides"]) == 2)
    return option is not None and change(option, "sides", [forger.one(option["sides"])])


@corruption("merged_sides")
def an_option_is_told_to_be_for_the_other_knee(forger: Forger) -> bool:
    option = forger.one(o for o in forger.answer["merged_recommendations"] if len(o["sides"]) == 1)
    return option is not None and change(option, "sides", [OTHER[side] for side in option["sides"]])


COMPARING = (
    "each_knee_by_itself", "different_signs_at_both_knees", "only_on_pain_free_side",
    "same_on_pain_free_side", "better_method_counts",
)  # fmt: skip
"""The conventions that speak of two knees, two sides or two methods."""


def _left_out(convention: str) -> Falsify:
    def left_out(forger: Forger) -> bool:
        note = forger.one(forger.notes(convention))
        return note is not None and not forger.answer["notes"].remove(note)

    left_out.__name__ = f"what_{convention}_says_is_left_out"
    return left_out


for _convention in COMPARING:
    corruption("note_left_out")(_left_out(_convention))


@corruption("note_invented")
def two_knees_are_told_to_be_judged_where_there_is_one(forger: Forger) -> bool:
    said = forger.rulebase.conventions["each_knee_by_itself"]
    if forger.notes("each_knee_by_itself"):
        return False
    forger.answer["notes"].append({"rule": said.code, "about": "exam", "text": said.text})
    return True


@corruption("note_invented")
def what_is_beside_a_side_without_pain_is_told_of_the_other_knee(forger: Forger) -> bool:
    note = forger.one(forger.notes("only_on_pain_free_side", "same_on_pain_free_side"))
    return note is not None and change(note, "side", OTHER[note["side"]])


@corruption("note_invented")
def what_is_less_specific_is_noted_of_another_contributor(forger: Forger) -> bool:
    note = forger.one(forger.notes("same_on_pain_free_side"))
    return change(note, "about", forger.one(forger.rulebase.contributors))


@corruption("note_invented")
def the_worse_method_is_told_to_count(forger: Forger) -> bool:
    """The two of a note change places."""
    note = forger.one(forger.notes("better_method_counts"))
    if note is None:
        return False
    text = forger.rulebase.conventions["better_method_counts"].text
    before, between, after = text.replace("{beside}", "{counts}").split("{counts}")
    counts, beside = note["text"].removeprefix(before).removesuffix(after).split(between)
    return change(note, "text", text.format(counts=beside, beside=counts))


# -- states, chains, regions ---------------------------------------------------------------------


@corruption("state_invented")
def a_state_is_invented(forger: Forger) -> bool:
    knee = forger.one(knee for knee in forger.answer["knees"] if knee["contributors"])
    state = forger.one(forger.rulebase.states.values())
    if knee is None or any(shown["id"] == state.id for shown in knee["states"]):
        return False
    knee["states"].append({"id": state.id, "label": state.label, "basis": state.basis, "rules": ["H01"]})
    return True


@corruption("state_left_out")
def a_state_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.one(knee["states"] for knee in forger.answer["knees"]))


@corruption("state_rules")
def a_state_is_set_by_another_rule(forger: Forger) -> bool:
    state = forger.one(state for knee in forger.answer["knees"] for state in knee["states"])
    return change(state, "rules", ["Z01"])


@corruption("state_basis")
def an_inferred_state_is_called_observed(forger: Forger) -> bool:
    states = (state for knee in forger.answer["knees"] for state in knee["states"])
    return change(forger.one(s for s in states if s["basis"] == "inferred"), "basis", "observed")


@corruption("arrow_assumed")
def an_assumed_arrow_is_called_seen(forger: Forger) -> bool:
    chains = (chain for knee in forger.answer["knees"] for chain in knee["chains"])
    return change(
        forger.one(a for chain in chains for a in chain["arrows"] if a["assumed"]), "assumed", False
    )


@corruption("arrow_rules")
def an_arrow_is_carried_by_a_rule_that_did_not_fire(forger: Forger) -> bool:
    chains = (chain for knee in forger.answer["knees"] for chain in knee["chains"])
    return change(forger.one(a for chain in chains for a in chain["arrows"]), "rules", ["Z01"])


@corruption("arrow_left_out")
def an_arrow_is_left_out(forger: Forger) -> bool:
    chain = forger.one(chain for knee in forger.answer["knees"] for chain in knee["chains"])
    return chain is not None and forger.drop_one(chain["arrows"])


@corruption("chain_left_out")
def a_chain_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.one(knee["chains"] for knee in forger.answer["knees"]))


@corruption("regions_not_assessed")
def a_region_left_out_is_hushed_up(forger: Forger) -> bool:
    return forger.drop_one(forger.one(knee["regions_not_assessed"] for knee in forger.answer["knees"]))


# -- what is suggested ---------------------------------------------------------------------------


@corruption("recommendation_invented")
def a_refused_recommendation_is_shown(forger: Forger) -> bool:
    """Under a referral, an open screen, a class that does not allow it."""
    refused = [e["recommend"] for e in forger.effects("recommend") if "without_effect" in e]
    knee = forger.one(knee for knee in forger.answer["knees"] if knee["contributors"])
    code = forger.one(refused)
    if knee is None or code is None or any(shown["code"] == code for shown in knee["recommendations"]):
        return False
    offered = forger.rulebase.recommendations[code]
    knee["recommendations"].append(
        {
            "code": code, "id": offered.id, "target": offered.target, "text": offered.text, "because": "",
            "label": offered.label, "dose": offered.dose, "support": offered.support,
            "limits": offered.limits, "evidence": list(offered.cites), "verification": offered.verification,
        }
    )  # fmt: skip
    return True


@corruption("recommendation_left_out")
def a_recommendation_or_referral_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.one(knee["recommendations"] for knee in forger.answer["knees"]))


@corruption("recommendation_out_of_order")
def recommendations_are_put_in_another_order(forger: Forger) -> bool:
    knee = forger.one(knee for knee in forger.answer["knees"] if len(knee["recommendations"]) > 1)
    if knee is None:
        return False
    knee["recommendations"].reverse()
    return True


@corruption("recommendation_words")
def a_recommendation_promises_more(forger: Forger) -> bool:
    offered = (r for knee in forger.answer["knees"] for r in knee["recommendations"] if "limits" in r)
    return change(forger.one(offered), "limits", "None.")


@corruption("recommendation_target")
def a_recommendation_aims_at_something_else(forger: Forger) -> bool:
    offered = (r for knee in forger.answer["knees"] for r in knee["recommendations"] if r["target"])
    return change(forger.one(offered), "target", None)


@corruption("next_test_left_out")
def a_next_test_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.one(knee["next_tests"] for knee in forger.answer["knees"]))


@corruption("next_test_findings")
def a_test_nobody_asked_for_is_added(forger: Forger) -> bool:
    test = forger.one(test for knee in forger.answer["knees"] for test in knee["next_tests"])
    if test is None:
        return False
    test["findings"].append(forger.one(forger.rulebase.findings))
    return True


@corruption("headline")
def the_headline_says_less(forger: Forger) -> bool:
    summary = forger.answer["summary"]
    first, _, rest = summary["headline"].partition(". ")
    return change(summary, "headline", rest or first[1:])


@corruption("headline")
def the_headline_names_another_side(forger: Forger) -> bool:
    summary = forger.answer["summary"]
    return change(summary, "headline", summary["headline"].replace("Left", "Right"))


@corruption("ask_next")
def what_to_ask_next_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["summary"]["ask_next"])


@corruption("note_left_out")
def a_note_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["notes"])


@corruption("note_invented")
def a_note_is_put_in_other_words(forger: Forger) -> bool:
    return change(forger.one(forger.answer["notes"]), "text", "All is well.")


# -- the screen ----------------------------------------------------------------------------------


@corruption("safety_status")
def a_hold_is_called_clear(forger: Forger) -> bool:
    safety = forger.answer["safety"]
    return safety["status"] == "hold" and change(safety, "status", "clear")


@corruption("safety_status")
def an_open_screen_is_called_clear(forger: Forger) -> bool:
    safety = forger.answer["safety"]
    if safety["status"] != "incomplete":
        return False
    safety |= {"status": "clear", "not_screened": []}
    forger.answer["summary"]["safety_left"] = 0
    return True


@corruption("withheld_reason")
def why_all_is_withheld_is_hushed_up(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["safety"]["withheld_reason"])


@corruption("contributor_invented")
def a_contributor_is_shown_although_the_knee_is_withheld(forger: Forger) -> bool:
    knee = forger.one(knee for knee in forger.answer["knees"] if not knee["contributors"])
    defined = next(iter(forger.rulebase.contributors.values()))
    if knee is None:
        return False
    knee["contributors"].append({"id": defined.id, "label": defined.label, "class": "possible", "net": 2})
    return True


@corruption("flag_left_out")
def a_flag_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["safety"]["flags"])


@corruption("urgency")
def a_flag_is_told_to_be_less_urgent(forger: Forger) -> bool:
    return change(forger.one(forger.answer["safety"]["flags"]), "urgency", "NEVER")


@corruption("flag_words")
def what_to_do_about_a_flag_is_played_down(forger: Forger) -> bool:
    return change(forger.one(forger.answer["safety"]["flags"]), "text", "Wait and see.")


@corruption("clearance")
def a_clearance_is_forged(forger: Forger) -> bool:
    flag = forger.one(flag for flag in forger.answer["safety"]["flags"] if "cleared" not in flag)
    at = forger.answer["performed_at"]
    by = {"by": "Dr B. Example", "role": "physician", "reason": "seen", "evidence": "radiograph", "at": at}
    return change(flag, "cleared", by)


@corruption("clearance")
def a_clearance_is_told_to_be_by_someone_else(forger: Forger) -> bool:
    flag = forger.one(flag for flag in forger.answer["safety"]["flags"] if "cleared" in flag)
    return flag is not None and change(flag["cleared"], "by", "Dr C. Example")


@corruption("due_question_left_out")
def a_due_question_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["safety"]["not_screened"])


@corruption("safety_left")
def fewer_questions_are_told_to_be_open(forger: Forger) -> bool:
    summary = forger.answer["summary"]
    return summary["safety_left"] > 0 and change(summary, "safety_left", summary["safety_left"] - 1)


@corruption("referral_first")
def a_referral_is_put_off(forger: Forger) -> bool:
    safety = forger.answer["safety"]
    return safety["referral_first"] and change(safety, "referral_first", False)


@corruption("secondary")
def what_comes_second_is_told_to_come_first(forger: Forger) -> bool:
    return change(forger.one(k for k in forger.answer["knees"] if k["secondary"]), "secondary", False)


@corruption("provisional")
def a_provisional_knee_is_told_to_be_final(forger: Forger) -> bool:
    return change(forger.one(k for k in forger.answer["knees"] if k["provisional"]), "provisional", False)


@corruption("scope")
def a_knee_out_of_scope_is_told_to_be_in_it(forger: Forger) -> bool:
    return change(forger.one(k for k in forger.answer["knees"] if k["scope"] == "out"), "scope", "in")


@corruption("outside_intended_use")
def an_age_outside_the_intended_use_is_hushed_up(forger: Forger) -> bool:
    return forger.answer["outside_intended_use"] and change(forger.answer, "outside_intended_use", False)


# -- values of another type that are equal to many a reader ---------------------------------------


def retyped(item: Json | None, key: str, type_: type) -> bool:
    if item is None:
        return False
    item[key] = type_(item[key])
    return True


@corruption("provisional")
def yes_or_no_is_told_as_a_number(forger: Forger) -> bool:
    return retyped(forger.one(forger.answer["knees"]), "provisional", int)


@corruption("support")
def a_whole_number_is_told_with_a_point(forger: Forger) -> bool:
    return retyped(forger.one(forger.with_mechanisms()), "support", float)


@corruption("net")
def a_number_is_told_as_yes_or_no(forger: Forger) -> bool:
    return retyped(forger.one(c for c in forger.with_mechanisms() if c["net"] in (0, 1)), "net", bool)


@corruption("effects")
def a_bonus_is_told_as_a_number(forger: Forger) -> bool:
    return retyped(forger.one(forger.scores()), "combination", int)


# -- the answer as a whole -----------------------------------------------------------------------


@corruption("rule_base_digest")
def the_digest_of_the_rules_is_another(forger: Forger) -> bool:
    return change(forger.answer["rule_base"], "digest", f"sha256:{forger.random.getrandbits(256):064x}")


@corruption("rule_base_version")
def the_version_of_the_rules_is_another(forger: Forger) -> bool:
    return change(forger.answer["rule_base"], "version", "9.9.9")


@corruption("rule_base_approval")
def a_draft_is_told_to_be_approved(forger: Forger) -> bool:
    return change(forger.answer["rule_base"], "status", "reviewed")


@corruption("disabled_rules")
def a_rule_in_force_is_told_to_be_switched_off(forger: Forger) -> bool:
    off = {"rule": forger.one(forger.rulebase.rules).code, "by": "me", "on": "2026-01-01", "reason": "so"}
    forger.answer["rule_base"]["disabled"].append(off)
    return True


@corruption("disabled_cluster_invented")
def a_cluster_in_force_is_told_to_be_silent(forger: Forger) -> bool:
    contributor = forger.one(forger.contributors())
    if contributor is None:
        return False
    contributor["disabled_clusters"].append({"cluster": "er", "speaks": "for", "rules": ["H01"]})
    return True


@corruption("trace_format")
def the_trace_has_another_format(forger: Forger) -> bool:
    return change(forger.answer, "trace_format", "kneechain.trace.v0")


@corruption("firing_left_out")
def the_whole_trace_is_left_out(forger: Forger) -> bool:
    return bool(forger.answer.pop("trace"))


@corruption("trace_format")
def the_reasoning_is_left_out_as_if_a_brief_answer_was_asked_for(forger: Forger) -> bool:
    return all(forger.answer.pop(part) for part in ("trace_format", "trace", "undetermined", "ledger"))


@corruption("recorded")
def an_answer_is_told_to_be_recorded_by_a_number(forger: Forger) -> bool:
    return change(forger.answer, "recorded", 1)


@corruption("recorded")
def whether_an_answer_is_recorded_is_told_in_words(forger: Forger) -> bool:
    return change(forger.answer, "recorded", "yes")


@corruption("recorded")
def an_answer_does_not_tell_whether_it_is_recorded(forger: Forger) -> bool:
    return forger.answer.pop("recorded") is not None


@corruption("assessment_id")
def a_diagnosis_is_put_into_the_id_of_the_answer(forger: Forger) -> bool:
    return invent(forger, forger.answer, "assessment_id")


@corruption("assessed_at")
def an_answer_tells_no_time(forger: Forger) -> bool:
    return change(forger.answer, "assessed_at", "yesterday")


@corruption("software")
def other_software_answered(forger: Forger) -> bool:
    return change(forger.answer["software"], "name", "another")


@corruption("software")
def a_diagnosis_is_put_into_the_name_of_the_engine(forger: Forger) -> bool:
    return invent(forger, forger.answer["software"], "engine")


@corruption("undetermined_left_out")
def all_that_is_open_is_left_out(forger: Forger) -> bool:
    return bool(forger.answer.pop("undetermined"))


@corruption("exam_reference")
def the_exam_took_place_at_another_time(forger: Forger) -> bool:
    at = forger.answer["performed_at"]
    return change(forger.answer, "performed_at", later(at, timedelta(days=-1)))


@corruption("exam_reference")
def the_answer_is_told_to_be_about_someone_else(forger: Forger) -> bool:
    return change(forger.answer, "subject", "someone-else")


@corruption("knee_left_out")
def a_knee_is_left_out(forger: Forger) -> bool:
    return forger.drop_one(forger.answer["knees"])


@corruption("unknown_part")
def something_is_said_that_no_rule_says(forger: Forger) -> bool:
    return change(forger.one(forger.answer["knees"]), "diagnosis", "patellofemoral pain")
