"""Where the documents of a service are at home."""

from metodika.services import doors, service
from shared.runtime.doors import Reading
from shared.runtime.settings import Settings
from shared.runtime.views import Views
from shared.runtime.views_sqlite import SqliteViews


def views_of(settings: Settings, name: str) -> Views:
    """Return the home of a service's documents."""
    projections = [each.name for each in service(name).projections]
    asked_by = {
        each.projection.name: {*each.by, each.sort}
        for each in doors(name)
        if isinstance(each, Reading)
    }
    if settings.views_url:
        from shared.runtime.views_mongo import MongoViews  # noqa: PLC0415 - only where it is

        return MongoViews.of(settings, f"{settings.prefix}_{name}", projections, asked_by)
    return SqliteViews(str(settings.world / f"{name}.documents.sqlite"), projections, asked_by)
