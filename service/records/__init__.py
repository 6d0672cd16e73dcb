"""What is done with assessments beside making them: kept, read again, reviewed."""
