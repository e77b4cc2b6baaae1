"""A secret of a laptop: made once, in a file that its owner alone can read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def kept(path: Path, made: bytes) -> bytes:
    """Return what a secret file holds; what was just made, when there was none.

    Written aside and linked, so that two processes that start together agree.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
    return path.read_bytes()
