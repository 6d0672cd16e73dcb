"""The words of the field as plain values: exam, rule, verdict, assessment. Standard library only."""
