"""What holds for every test."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # a slow second proves nothing
settings.load_profile("any machine")

pytest_plugins = ["tests.infra.fixtures"]
