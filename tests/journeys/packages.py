"""Small OneRoster packages, written by hand."""

import io
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path

from metodika import imports
from shared.runtime.bulk import Report
from tests.journeys.telling import Telling, day

EXAMPLE = Path(__file__).parents[2] / "examples" / "roster"

ORGS = "sourcedId,name,type,metadata.kind,metadata.region,metadata.oktmo,metadata.genEd\n"
USERS = "sourcedId,givenName,familyName,middleName,metadata.snils,metadata.birthDate\n"
ROLES = (
    "sourcedId,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "metadata.positionClass,metadata.isMain,metadata.isTeacher,metadata.subject\n"
)


def package(region: str, oktmo: str, *people: tuple[str, str, str]) -> dict[str, bytes]:
    """Return a package of one school and its teachers: (name, СНИЛС, birth date) each."""
    users = "".join(
        f"u-{n},{name},Вымыслова,,{snils},{born}\n"
        for n, (name, snils, born) in enumerate(people)
    )
    roles = "".join(
        f"r-{n},u-{n},primary,teacher,2021-09-01,,o-1,PED,true,true,MATH\n"
        for n in range(len(people))
    )
    return {
        "orgs.csv": f"{ORGS}o-1,Школа {region},school,school,{region},{oktmo},true\n".encode(),
        "users.csv": (USERS + users).encode(),
        "roles.csv": (ROLES + roles).encode(),
    }


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a package as it is sent."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def taken(
    story: Telling,
    files: dict[str, bytes],
    system: str,
    region: str,
    on: date | None = None,
) -> Report:
    """Import a package as `metodika import` does on its day."""
    engine, of = story.world.engines["registry"], on or day("02.09.2021")
    story.clock.moment = max(story.clock.moment, datetime.combine(of, time(12), UTC))
    plan = imports.roster_plan(engine, files, system=system, region=region, on=of)
    report = imports.take(engine, plan, actor=f"import:{system}", home=region)
    story.settle()
    return report
