"""What the services share: a grammar, a language, a door to the world, words for tests."""
