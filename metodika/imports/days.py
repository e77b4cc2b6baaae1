"""Which day it is where a package comes from (contracts §7)."""

from datetime import date, timedelta

from services.registry.domain.territory import Region
from services.registry.policies import REGIONS
from shared.kernel.ids import named
from shared.runtime.engine import Engine


def today_in(registry: Engine, region: str | None) -> date:
    """Return the day by the clocks of a region (RegionAdded says its offset); else of UTC."""
    place = registry.known().of(REGIONS, named("region", region)) if region else None
    offset = place.added.utc_offset_minutes if isinstance(place, Region) else 0
    return (registry.clock() + timedelta(minutes=offset)).date()
