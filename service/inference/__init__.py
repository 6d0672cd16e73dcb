"""From an exam to its conclusions, twice: durable_rules infers, a plain evaluator judges, they must agree."""
