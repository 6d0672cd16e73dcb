"""An independent checker: what an answer claims, held against rules and findings alone.

It imports no engine. It takes a rule base as loaded, an exam as the reader made it, and an
answer as JSON, evaluates the rules by itself (by recursion, over values, with its own logic)
and says where the answer claims something else. Only `service.domain` is shared with what it
checks: the rule and the finding as plain data.

    counting   what of the exam counts: fresh, through a gate, by a formula of its own
    sight      what one side sees: findings, formulas, tests, and what each test rests on
    judgement  the rules from one side: outcomes, states, points, classes, ranks, gaps
    screen     flags, clearances, due questions, status, what may not be suggested
    knee       the claims about one knee
    claims     every part of the right answer
    shapes     how parts are compared, and how each kind of discrepancy is called
    check      the whole
"""
