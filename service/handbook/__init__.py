"""The rule base as a document for people: the handbook, and the source attributes of each rule."""
