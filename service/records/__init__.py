"""What is done with recorded assessments."""
