"""An independent checker: what an answer claims, held against rules and findings alone.

It imports no engine. It takes a rule base as loaded, an exam as the reader made it, and an
answer as JSON, evaluates the rules by itself (by recursion, over values, with its own logic)
and says where the answer claims something else. Only `service.domain` is shared with what it
checks: the rule and the finding as plain data.

    counting   what of the exam counts: fresh, through a gate, by a formula of its own
    words      what the words of a test mean; `conditions` what the groups do
    sight      what one side sees: findings, formulas, tests, and what each test rests on
    book       which rules have a say in what; `switched_off` what disabled ones leave unknown
    outcomes   the rules from one side: outcomes, states, points, classes; `judgement` their reasons
    screen     flags, clearances, due questions, status, what may not be suggested
    case       all of these for one exam

    sentence   why a rule fired, word for word
    trace, ledger, screened, knee, beside, headline    the right parts of an answer, as `writing` writes them
    shapes, layout    how parts are compared, and what each discrepancy is called
    check             the whole
"""
