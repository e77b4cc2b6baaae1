"""Segments beside the logs that they were made of: what they hold is what those say."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from shared.runtime.log import Mark
from shared.runtime.marked import differs, without_log
from shared.runtime.segments import Manifest, NoSegments
from shared.runtime.store_log import LogStore
from shared.runtime.tree import Tree

type Logs = Mapping[str, LogStore]
"""The logs at hand, by their names."""
type Roots = Callable[[str, int], bytes | None]
"""Return the root of a log's tree over its first records, if its leaves are at hand."""


def roots_of(logs: Logs) -> Roots:
    """Return what gives the roots of the logs at hand."""
    return lambda log, position: root_at(logs[log], position) if log in logs else None


def root_at(log: LogStore, position: int) -> bytes | None:
    """Return the root of a log's tree over its first records; None if it has fewer."""
    smaller = [each for each in log.checkpoints() if each.size <= position]
    last = max(smaller, key=lambda each: each.size, default=None)
    tree = Tree(last.size, last.frontier) if last else Tree()
    for each in islice(log.walk(tree.size), position - tree.size):
        tree.append(each.leaf)
    return tree.root() if tree.size == position else None


def otherwise(manifest: Manifest, logs: Logs) -> Iterator[str]:
    """Name each log at hand that says something else than the segments know of it."""
    for each in manifest.logs:
        mark = Mark(each.log, each.epoch, each.position)
        if each.log not in logs or without_log(mark):
            continue
        log = logs[each.log]
        if wrong := differs(log, mark, each.event_id):
            yield f"{each.log}: {each.position} is in the segments, and {wrong}"
        elif each.root and (root := root_at(log, each.position)) and root.hex() != each.root:
            yield f"{each.log}: a record up to {each.position} is not what was written of it"


def require_of(manifest: Manifest, logs: Logs) -> None:
    """Raise `NoSegments` that names the first log that says something else."""
    if wrong := next(otherwise(manifest, logs), None):
        raise NoSegments(f"{wrong}; the segments are of before: write them again")
