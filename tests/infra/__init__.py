"""Real servers for tests: from the environment, from Docker, or started right here."""
