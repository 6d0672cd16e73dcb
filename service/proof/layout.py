"""The layout of an answer: every part, how it is compared, and the kind of a discrepancy in it.

A new part of the answer needs a line here, and a function that gives the right one in `check`.
"""

import re

from service.proof.shapes import Bag, Each, Form, Members, Plain, Record, YesOrNo

SIDED: Members = {"side": Plain("side"), "finding": Plain("finding")}
INPUT: Members = {
    **SIDED,
    "value": Plain("input_value"),
    "unit": Plain("input_unit"),
    "observed_at": Plain("input_time"),
    "through_gate": Plain("through_gate"),
    "derived_from": Plain("derived_from"),
    "painful": Plain("input_painful"),
}
GAPS: Members = {**SIDED, "status": Plain("gap_status"), "any_of": Bag("gap_any_of")}
TOLD: Members = {"side": Plain("side"), "rule": Plain("rule")}

FIRING: Members = {
    **TOLD,
    "step": Plain("step"),
    "rule_id": Plain("rule_id"),
    "rule_version": Plain("rule_version"),
    "effects": Plain("effects"),
    "because": Plain("sentence"),
    "inputs": Each("input", ("finding", "side"), INPUT),
    "premises": Bag("premises"),
    "assumed": Each("assumption", ("finding", "side"), GAPS),
    "evidence": Plain("evidence"),
    "caution": Plain("caution"),
}

MECHANISM: Members = {
    "id": Plain("contributor"),
    "label": Plain("contributor_words"),
    "class": Plain("class"),
    "class_words": Plain("class_words"),
    "net": Plain("net"),
    "support": Plain("support"),
    "against": Plain("against"),
    "coverage": Plain("coverage"),
    "link_certainty": Plain("link_certainty"),
    "origin": Plain("origin"),
    "rank": Plain("rank"),
    "supporting_rules": Bag("supporting_rules"),
    "opposing_rules": Bag("opposing_rules"),
    "noted_rules": Bag("noted_rules"),
    "shared_findings": Bag("shared_findings"),
    "less_specific": Bag("less_specific"),
    "disabled_clusters": Each(
        "disabled_cluster",
        ("cluster", "speaks"),
        {
            "cluster": Plain("disabled_cluster"),
            "speaks": Plain("disabled_cluster"),
            "rules": Bag("disabled_rules"),
        },
    ),
}
CONTRIBUTOR: Members = {
    **MECHANISM,
    "mechanisms": Each("mechanism", ("id",), {**MECHANISM, "mechanisms": Plain("mechanism_left_out")}),
}
ALTERNATIVE: Members = {
    "id": Plain("alternative"),
    "rules": Plain("alternative_rules"),
    "because": Plain("sentence"),
    "evidence": Plain("evidence"),
    "caution": Plain("caution"),
    **dict.fromkeys(("label", "text", "verification", "origin"), Plain("alternative_words")),
}
ARROW: Members = {
    "from": Plain("arrow"), "to": Plain("arrow"), "assumed": Plain("arrow_assumed"), "level": Plain("arrow"),
    "rules": Bag("arrow_rules"), "says": Plain("arrow"),
}  # fmt: skip
RECOMMENDATION: Members = {
    "code": Plain("recommendation"),
    "id": Plain("recommendation"),
    "target": Plain("recommendation_target"),
    "because": Plain("sentence"),
    **dict.fromkeys(
        ("text", "label", "dose", "support", "limits", "evidence", "verification"),
        Plain("recommendation_words"),
    ),
}
KNEE: Members = {
    "side": Plain("side"),
    "scope": Plain("scope"),
    "provisional": Plain("provisional"),
    "secondary": Plain("secondary"),
    "contributors": Each("contributor", ("id",), CONTRIBUTOR, ordered=True),
    "alternatives": Each("alternative", ("id",), ALTERNATIVE, ordered=True),
    "states": Each(
        "state",
        ("id",),
        {
            "id": Plain("state"), "label": Plain("state"), "basis": Plain("state_basis"),
            "rules": Bag("state_rules"),
        },
    ),
    "chains": Each(
        "chain",
        ("id",),
        {
            "id": Plain("chain"), "label": Plain("chain"),
            "arrows": Each("arrow", ("from", "to"), ARROW, ordered=True),
        },
    ),
    "recommendations": Each("recommendation", ("code",), RECOMMENDATION, ordered=True),
    "next_tests": Each(
        "next_test",
        ("code",),
        {"code": Plain("next_test"), "findings": Plain("next_test_findings"), "why": Plain("next_test")},
        ordered=True,
    ),
    "regions_not_assessed": Bag("regions_not_assessed"),
}  # fmt: skip

FLAG: Members = {
    "code": Plain("flag"),
    "title": Plain("flag_words"),
    "side": Plain("side"),
    "urgency": Plain("urgency"),
    "withholds": Plain("withholds"),
    "text": Plain("flag_words"),
    "because": Plain("sentence"),
    "rules": Plain("flag_rules"),
    "rule_version": Plain("rule_version"),
    "evidence": Plain("evidence"),
    "cleared": Plain("clearance"),
}
SAFETY: Members = {
    "status": Plain("safety_status"),
    "referral_first": Plain("referral_first"),
    "flags": Each("flag", ("code", "side"), FLAG, ordered=True),
    "not_screened": Each("due_question", ("finding", "side"), SIDED, ordered=True),
    "withheld_reason": Plain("withheld_reason"),
    "disabled": Bag("disabled_rules"),
}
CRITERIA: Members = {
    "side": Plain("criterion"),
    "part": Plain("criterion"),
    "reads": Plain("criterion"),
    "needed": Plain("criterion"),
    "truth": Plain("criterion_truth"),
    "seen": Plain("criterion_seen"),
    "through_gate": Plain("through_gate"),
}
VERDICT: Members = {
    "side": Plain("side"),
    "outcome": Plain("verdict"),
    "criteria": Each("criterion", ("part", "reads", "side", "needed"), CRITERIA, ordered=True),
}
RULE_BASE: Members = {
    "name": Plain("rule_base_name"),
    "version": Plain("rule_base_version"),
    "digest": Plain("rule_base_digest"),
    **dict.fromkeys(
        ("status", "approved_by", "approved_on", "review_by", "intended_use", "notice"),
        Plain("rule_base_approval"),
    ),
    "disabled": Plain("disabled_rules"),
}

VERSION = r"[0-9][0-9A-Za-z.+-]{0,63}"
SOFTWARE: Members = {
    "name": Plain("software"),
    "version": Form("software", re.compile(VERSION)),
    "engine": Form("software", re.compile(rf"[A-Za-z0-9_.-]{{1,64}} {VERSION}")),
}
NOT_SETTLED: Members = {
    "assessment_id": Form("assessment_id", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    "recorded": YesOrNo("recorded"),
    "assessed_at": Form("assessed_at", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)),
    "software": Record("software", SOFTWARE),
}
"""What neither rules nor findings settle: only the form is checked."""
REASONING = ("trace_format", "trace", "undetermined")
"""What a brief answer leaves out, all together."""

ANSWER = Record(
    "answer",
    {
        "rule_base": Record("rule_base_name", RULE_BASE),
        **dict.fromkeys(
            ("exam_id", "subject", "encounter", "corrects", "performed_at"), Plain("exam_reference")
        ),
        "outside_intended_use": Plain("outside_intended_use"),
        "summary": Record(
            "summary",
            {
                "headline": Plain("headline"),
                "ask_next": Plain("ask_next"),
                "safety_left": Plain("safety_left"),
            },
        ),
        "safety": Record("safety_status", SAFETY),
        "knees": Each("knee", ("side",), KNEE, ordered=True),
        "merged_recommendations": Each(
            "merged_recommendation",
            ("code",),
            {
                "code": Plain("merged_recommendation"),
                "id": Plain("merged_recommendation"),
                "sides": Plain("merged_sides"),
            },
            ordered=True,
        ),
        "trace_format": Plain("trace_format"),
        "trace": Each("firing", ("rule", "side"), FIRING, ordered=True),
        "suppressed": Each("suppressed", ("rule", "side"), {**TOLD, "by": Bag("suppressed_by")}),
        "undetermined": Each(
            "undetermined",
            ("rule", "side"),
            {**TOLD, "disabled": Bag("disabled_rules"), "gaps": Each("gap", ("finding", "side"), GAPS)},
        ),
        "notes": Each(
            "note",
            ("rule", "side", "about", "text"),
            {**TOLD, "about": Plain("note"), "text": Plain("note")},
        ),
        "stale": Each("stale", ("finding", "side"), INPUT),
        "ledger": Each(
            "ledger_row",
            ("rule",),
            {
                "rule": Plain("rule"),
                "rule_id": Plain("rule_id"),
                "rule_version": Plain("rule_version"),
                "verdicts": Each("verdict", ("side",), VERDICT),
            },
        ),
        **NOT_SETTLED,
    },
)
