"""Which logs must go on in a new epoch before their hearers go back (contracts §2)."""

from typing import cast

import pytest

from metodika.restored import Astray, AtHand, unannounced
from metodika.world import World
from shared.runtime.store_log import LogStore
from tests.runtime.made import record


@pytest.mark.parametrize(("common", "named"), [(4, []), (5, []), (6, ["registry"])])
def test_an_epoch_that_began_before_what_was_heard_is_not_enough(
    log: LogStore, common: int, named: list[str]
) -> None:
    """A log whose new epoch begins below what a hearer has in common with it begins another."""
    record(log, 5)
    heard_in = log.head().epoch
    log.new_epoch(heard_in)
    here = AtHand(world=cast("World", None), logs={"registry": log})
    lost = Astray(
        log="registry",
        hearer="routes",
        epoch=heard_in,
        heard=8,
        common=common,
        again=0,
        because=0,
        parked=0,
    )

    assert unannounced(here, [lost]) == named
