"""`python -m tests.infra up`: the three servers in the foreground, for running by hand.

Prints shell lines to source. Databases named after `up` are made as well, and each has
its URL in METODIKA_TEST_STORE_URL_<NAME>, `keys` in METODIKA_KEYS_URL:
`python -m tests.infra up registry routes keys`. Ctrl-C ends all of it.
"""

import signal
import sys
from typing import cast

from tests.infra.choice import Parts
from tests.infra.servers import Postgres


def main(arguments: list[str]) -> int:
    """Start, print, wait."""
    if not arguments or arguments[0] != "up":
        sys.stderr.write(f"usage: python -m tests.infra up [DATABASE …]\n{__doc__}")
        return 2
    parts = Parts()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _print(parts, arguments[1:])
        signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        parts.close()
    return 0


def _print(parts: Parts, databases: list[str]) -> None:
    kafka, postgres, mongo = map(parts.part, ("kafka", "postgres", "mongo"))
    lines = [
        f"export METODIKA_TEST_KAFKA={kafka.address}",
        f"export METODIKA_TEST_POSTGRES={postgres.address}",
        f"export METODIKA_TEST_MONGO={mongo.address}",
        f"export METODIKA_KAFKA_BOOTSTRAP={kafka.address}",
        f"export METODIKA_VIEWS_URL={mongo.address}",
    ]
    server = cast("Postgres", postgres)
    for name in databases:
        variable = "KEYS_URL" if name == "keys" else f"TEST_STORE_URL_{name.upper()}"
        lines.append(f"export METODIKA_{variable}={server.make(name)}")
    lines += [f"# {line}" for line in parts.report()]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
