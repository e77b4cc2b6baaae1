"""A OneRoster package of people who never were, as large as wanted."""

from datetime import date, timedelta

PEOPLE_OF_A_SCHOOL = 40
ORGS = "sourcedId,name,type,metadata.kind,metadata.region,metadata.genEd\n"
USERS = (
    "sourcedId,givenName,familyName,middleName,metadata.snils,metadata.birthDate,"
    "metadata.education,metadata.educationFrom,metadata.educationPedagogical\n"
)
ROLES = (
    "sourcedId,userSourcedId,roleType,role,beginDate,orgSourcedId,"
    "metadata.positionClass,metadata.isMain,metadata.isTeacher,metadata.subject\n"
)


def package(people: int, region: str) -> dict[str, bytes]:
    """Return the files of a package: each person one job and one diploma."""
    schools = -(-people // PEOPLE_OF_A_SCHOOL)
    orgs = "".join(f"o-{n},Школа № {n},school,school,{region},true\n" for n in range(schools))
    users = "".join(
        f"u-{n},Имя{n},Вымыслова,,{snils(n)},{born(n)},higher,2015-06-30,true\n"
        for n in range(people)
    )
    roles = "".join(
        f"r-{n},u-{n},primary,teacher,2021-09-01,o-{n % schools},PED,true,true,MATH\n"
        for n in range(people)
    )
    return {
        "orgs.csv": (ORGS + orgs).encode(),
        "users.csv": (USERS + users).encode(),
        "roles.csv": (ROLES + roles).encode(),
    }


def snils(n: int) -> str:
    """Return a number whose check digits are right."""
    digits = f"{200_000_000 + n:09}"
    control = sum(int(each) * (9 - place) for place, each in enumerate(digits)) % 101 % 100
    return f"{digits}{control:02}"


def born(n: int) -> date:
    """Return a birth date between 1960 and 1999."""
    return date(1960, 1, 1) + timedelta(days=n * 7919 % 14_600)
