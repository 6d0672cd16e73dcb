"""What holds of a rule base for every exam: mistakes, each with an exam that shows it, and proofs.

`terms` is the only module that knows z3. `any_exam` makes one exam of unknown content, `encoding` says
what every rule makes of it. The analyses ask whether something can happen; a witness is an exam in which
it does, as it would be posted, and both evaluators must confirm it.
"""
