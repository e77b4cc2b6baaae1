"""What holds for every test."""

import os

import psutil
import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # a slow second proves nothing
settings.load_profile("any machine")

pytest_plugins = ["tests.infra.fixtures"]

EACH = 3 * 2**30
"""Bytes of memory that a worker, its servers and their databases want."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return a worker more than there are cores: each waits a third of its time for servers."""
    cores = os.cpu_count() or 1
    return max(cores, min(cores + 1, psutil.virtual_memory().available // EACH))
