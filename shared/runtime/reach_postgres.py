"""A PostgreSQL that is not there as the settings say, told to a person in one line."""

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.runtime.reach import Unreachable, told
from shared.runtime.settings import PREFIX

PATIENCE = 10
"""Seconds within which a database must let a connection in, unless its URL says more."""

NOT_WAITED_FOR = 0
"""Seconds that a pool's threads are waited for while a connection keeps them waiting."""


def connected(url: str, setting: str, **options: Any) -> psycopg.Connection[Any]:
    """Connect to a database; `setting` is its variable. Raises `Unreachable`."""
    try:
        return psycopg.connect(patient(url), **options)
    except psycopg.Error as error:
        raise Unreachable(f"{PREFIX}{setting}: {told(error)}") from error


def patient(url: str, seconds: int = PATIENCE) -> str:
    """Return a connection string that says how long to wait, if the URL does not say it."""
    if "connect_timeout" in conninfo_to_dict(url):
        return url
    return make_conninfo(url, connect_timeout=seconds)


def postgres_away(url: str, setting: str) -> Unreachable:
    """Return why a database cannot be spoken to, once a pool has waited in vain."""
    try:
        connected(patient(url, seconds=5), setting).close()
    except Unreachable as why:
        return why
    return Unreachable(f"{PREFIX}{setting}: it answers too slowly")
