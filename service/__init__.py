"""kneechain: declarative clinical rules about knee stress, answered with their reasoning."""
