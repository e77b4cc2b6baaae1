"""A country made of thin air, straight into the ledger's columns, for benchmarks only.

Ids are hashes (no order helps), corrections, mergers, moves and annulments are there in
about the shares of population §6.1.
"""

import duckdb

from services.monitoring import ledger
from shared import events
from shared.kernel import catalogue

OWNERS = events.__all__
"""Who says facts; to name them is to fill the catalogue."""
REGIONS, MUNICIPALITIES, SCHOOLS = 89, 2_300, 42_000
DAY = "DATE '2020-08-06' + ({n} * 7919 % {span})::INTEGER"


def id_of(what: str, n: str) -> str:
    return f"md5('{what}' || ({n})::VARCHAR)::UUID"


def make(
    writer: duckdb.DuckDBPyConnection, name: str, rows: str, fields: dict[str, str]
) -> None:
    """Fill the table of a fact; `rows` is `FROM range(…) AS r(n)` with conditions."""
    kind = catalogue[name]
    owner, event = kind.owner, id_of(name, "n")
    envelope = {
        "source": f"'{owner}@0'",
        "epoch": "'00000000-0000-0000-0000-000000000001'::UUID",
        "position": "row_number() OVER () + $after",
        "event_id": event,
        "stream": event,
        "version": "1",
        "schema": "1",
        "recorded_at": f"({fields['occurred_on']})::TIMESTAMPTZ",
        "actor": "'bench'",
    }
    said = fields | envelope
    columns = ledger.columns(kind)
    values = ", ".join(
        f"CAST({said.get(each, 'NULL')} AS {type_}) AS {each}"
        for each, type_ in columns.items()
    )
    found = writer.execute(
        "SELECT coalesce(max(until), 0) FROM filled WHERE owner = ?", [owner]
    ).fetchall()
    after = found[0][0]
    writer.execute(
        f"INSERT INTO {ledger.table(kind)} ({', '.join(columns)}) SELECT {values} {rows}",
        {"after": after},
    )
    writer.execute(
        f"INSERT INTO filled SELECT '{owner}', coalesce(max(position), {after})"
        f" FROM {ledger.table(kind)}"
    )


def fill(writer: duckdb.DuckDBPyConnection, teachers: int) -> dict[str, int]:
    """Make a ledger of a country; return the vector that knows all of it."""
    kinds = [*catalogue.values()]
    writer.execute(ledger.tables(kinds) + ledger.words(kinds))
    writer.execute("CREATE TABLE filled (owner VARCHAR, until BIGINT)")
    schools = max(SCHOOLS * teachers // 1_300_000, 100)
    everybody = f"FROM range({teachers}) AS r(n)"
    person, school = id_of("person", "n"), id_of("school", f"n * 31 % {schools}")
    hired, later = DAY.format(n="n", span=1000), "DATE '2023-06-01' + (n % 300)::INTEGER"
    make(
        writer,
        "registry.OrganisationRegistered",
        f"FROM range({schools}) AS r(n)",
        {
            "org_id": id_of("school", "n"),
            "kind": "CASE n % 400 WHEN 0 THEN 'HE' ELSE 'school' END",
            "name": "'' || n",
            "region": f"lpad((n % {REGIONS} + 1)::VARCHAR, 2, '0')",
            "oktmo": f"CASE WHEN n % {REGIONS} <> 76 THEN"
            f" lpad((n % {REGIONS} + 1)::VARCHAR, 2, '0') ||"
            f" lpad((n // {REGIONS} % {MUNICIPALITIES // REGIONS})::VARCHAR, 3, '0') END",
            "gen_ed": "TRUE",
            "occurred_on": "DATE '2019-01-01'",
        },
    )
    job = {
        "employment_id": id_of("job", "n"),
        "person_id": person,
        "org_id": school,
        "position_class": "'PED'",
        "is_teacher": "TRUE",
        "is_main": "TRUE",
    }
    make(writer, "registry.EmploymentStarted", everybody, job | {"occurred_on": hired})
    second = {"employment_id": id_of("second", "n"), "is_main": "FALSE", "occurred_on": later}
    make(writer, "registry.EmploymentStarted", f"{everybody} WHERE n % 25 = 3", job | second)
    moved = {"org_id": id_of("school", f"n * 37 % {schools}"), "occurred_on": later}
    make(writer, "registry.EmploymentChanged", f"{everybody} WHERE n % 20 = 7", job | moved)
    make(
        writer,
        "registry.EmploymentEnded",
        f"{everybody} WHERE n % 10 = 1",
        job | {"occurred_on": later},
    )
    young = "CASE WHEN n % 8 = 5 THEN DATE '2026-01-01' + (n % 500)::INTEGER END"
    make(
        writer,
        "registry.YouthPeriodDetermined",
        everybody,
        {"person_id": person, "young_until": young, "rule_version": "1", "occurred_on": hired},
    )
    merge(writer, f"{everybody} WHERE n % 2000 = 11")
    learning(writer, everybody)
    for name, key, field, modulus in (
        ("mentoring.SupportFormStarted", "support_id", "person_id", 16),
        ("mentoring.MentorshipPairFormed", "pair_id", "mentee_id", 24),
    ):
        make(
            writer,
            name,
            f"{everybody} WHERE n % 8 = 5 AND n // 8 % {modulus // 8} = 0",
            {
                key: id_of(key, "n"),
                field: person,
                "mentor_id": id_of("person", f"(n + 2) % {teachers}"),
                "occurred_on": later,
            },
        )
    return known(writer)


def known(writer: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the vector that knows all that was made."""
    found = writer.execute("SELECT owner || '@0', max(until) FROM filled GROUP BY owner")
    return dict(found.fetchall())


def merge(writer: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Merge the record of each next person into that of each of these."""
    make(
        writer,
        "registry.PersonsMerged",
        rows,
        {
            "survivor_id": id_of("person", "n"),
            "merged_id": id_of("person", "n + 1"),
            "occurred_on": "DATE '2023-06-01' + (n % 300)::INTEGER",
        },
    )


def learning(writer: duckdb.DuckDBPyConnection, everybody: str) -> None:
    """Nine of ten were diagnosed, had a route, studied; four of five of those finished."""
    most = f"{everybody} WHERE n % 10 <> 9"
    person, session = id_of("person", "n"), id_of("session", "n")
    route, item = id_of("route", "n"), id_of("item", "n")
    deficit, competency = id_of("deficit", "n"), id_of("competency", "n % 100")
    on = {
        each: DAY.format(n="n", span=700) + f" + {days}"
        for each, days in (
            ("diagnosed", 0),
            ("assigned", 20),
            ("enrolled", 40),
            ("completed", 140),
        )
    }
    kind = "CASE n % 3 WHEN 0 THEN 'functional_literacy' ELSE 'competence' END"
    tested = {
        "session_id": session,
        "person_id": person,
        "instrument_id": id_of("instrument", "n % 20"),
        "instrument_version": "1",
        "instrument_kind": kind,
        "purpose": "'initial'",
        "category": "'teacher'",
        "occurred_on": on["diagnosed"],
    }
    make(writer, "diagnostics.DiagnosticAssigned", most, tested)
    scored = {"score_pct": "n % 10000 / 100.0", "independent": "TRUE"}
    make(writer, "diagnostics.DiagnosticCompleted", most, tested | scored)
    make(
        writer,
        "diagnostics.DiagnosticAnnulled",
        f"{everybody} WHERE n % 500 = 7",
        {"session_id": session, "person_id": person, "occurred_on": on["completed"]},
    )
    for which in ("deficit", "other deficit"):
        make(
            writer,
            "diagnostics.DeficitIdentified",
            most,
            {
                "deficit_id": id_of(which, "n"),
                "person_id": person,
                "competency_id": competency,
                "severity": "2",
                "session_id": session,
                "occurred_on": on["diagnosed"],
            },
        )
    make(
        writer,
        "diagnostics.DeficitMapIssued",
        most,
        {
            "session_id": session,
            "person_id": person,
            "deficit_ids": f"[{deficit}]",
            "occurred_on": on["diagnosed"],
        },
    )
    day = on["assigned"]
    items = (
        f"{{'item_id': [{item}], 'kind': ['program'], 'ref_id': [{item}], 'form': ['очно'],"
        f" 'technology': [''], 'from_day': [{day}], 'to_day': [{day}], 'hours': [36]}}"
    )
    way = {
        "route_id": route,
        "person_id": person,
        "session_id": session,
        "deficit_ids": f"[{deficit}]",
        "items": items,
        "total_hours": "36",
        "tutor_id": "CASE WHEN n % 16 = 5 THEN md5('tutor')::UUID END",
        "occurred_on": day,
    }
    make(writer, "routes.RouteAgreed", most, way)
    make(writer, "routes.RouteAssigned", most, way)
    study = {
        "enrolment_id": id_of("enrolment", "n"),
        "person_id": person,
        "program_id": id_of("program", "n % 5000"),
        "program_version": "1",
        "register_status_at_start": "CASE WHEN n % 5 < 3 THEN ['FED'] ELSE ['REG'] END",
        "listed_by": "[]",
        "route_id": route,
        "route_item_id": f"CASE WHEN n % 7 <> 6 THEN {item} END",
        "deficit_ids": f"[{deficit}]",
        "competencies": f"[{competency}, {id_of('competency', 'n % 100 + 1')}]",
        "channel": "'federal_register'",
        "occurred_on": on["enrolled"],
    }
    make(writer, "routes.EnrolmentStarted", most, study)
    done = {"doc_kind": "'certificate'", "occurred_on": on["completed"]}
    make(writer, "routes.ProgramCompleted", f"{most} AND n % 5 <> 4", study | done)
    make(
        writer,
        "routes.CompletionAnnulled",
        f"{everybody} WHERE n % 500 = 3",
        study | {"occurred_on": "DATE '2024-06-01'"},
    )
