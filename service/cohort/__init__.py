"""The rules over many people: so far the invented sample of people without knee pain."""
