"""A therapist's questions about one exam, answered from the case that the assessment is made of."""
