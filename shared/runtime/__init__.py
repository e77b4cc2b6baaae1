"""The one door to the world: every effect that Metodika has lives here."""
