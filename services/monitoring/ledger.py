"""The ledger: each fact in a table of its own, and the words that indicators use.

Text only; who runs it, and on which file, is not known here. `known` is a vector
{source: position}: of each log everything up to there, of any other log nothing.
`scope` is a territory path; everything at or below it, the empty path is the country.
"""

from collections.abc import Iterable
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.kernel import Kind, is_personal

SCALARS = {
    UUID: "UUID",
    str: "VARCHAR",
    int: "BIGINT",
    bool: "BOOLEAN",
    date: "DATE",
    Decimal: "DECIMAL(5, 2)",
}
ENVELOPE = {
    "source": "VARCHAR",
    "epoch": "UUID",
    "position": "BIGINT",
    "event_id": "UUID",
    "stream": "UUID",
    "version": "BIGINT",
    "schema": "BIGINT",
    "recorded_at": "TIMESTAMPTZ",
    "corrects": "UUID",
    "actor": "VARCHAR",
    "basis": "VARCHAR",
    "causation_id": "UUID",
}
"""Behind the fields of a fact, `occurred_on` among them (contracts §5)."""

ORDER = "occurred_on, recorded_at, source, position"
"""The order of facts across logs (contracts §3)."""


def table(kind: Kind) -> str:
    """Return the name of a fact's table: `routes_ProgramCompleted`."""
    return kind.name.replace(".", "_")


def columns(kind: Kind) -> dict[str, str]:
    """Return the fields of a fact, less what is sealed, and its envelope."""
    return shape(kind.fact) | ENVELOPE


def shape(of: Any) -> dict[str, str]:
    """Return the clear fields of a dataclass and their DuckDB types."""
    hints = get_type_hints(of)
    clear = (name for name in hints if not is_personal(hints[name]))
    return {name: column_type(hints[name]) for name in clear}


def column_type(hint: Any) -> str:
    """Return the DuckDB type of a field."""
    hint = getattr(hint, "__value__", getattr(hint, "__supertype__", hint))
    origin, arms = get_origin(hint), get_args(hint)
    if NoneType in arms:
        return column_type(next(arm for arm in arms if arm is not NoneType))
    if origin is Literal:
        return "VARCHAR"
    if origin is tuple:
        return f"{column_type(arms[0])}[]"
    if is_dataclass(hint):
        return f"STRUCT({listed(shape(hint))})"
    return SCALARS[hint]


def listed(of: dict[str, str]) -> str:
    """Return `name TYPE, name TYPE`."""
    return ", ".join(f"{name} {type_}" for name, type_ in of.items())


def create(kind: Kind) -> str:
    """Make the table of a fact.

    `replaced_at` is the position of the record that restated or withdrew this one: so
    to unknow what came later is a comparison, and not a join. A restated fact takes the
    place of its first record (`first_…`).
    """
    return f"""
CREATE TABLE {table(kind)} ({listed(columns(kind))}, replaced_at BIGINT,
    first_recorded_at TIMESTAMPTZ, first_position BIGINT);
"""


def live(kind: Kind) -> str:
    """Make the macro that reads what stands of a fact.

    The owner's first log is named, since a constant is compared faster than a map is
    searched.
    """
    first = f"{kind.owner}@0"
    vector = "(known::MAP(VARCHAR, BIGINT))"
    upto = f"CASE WHEN source = '{first}' THEN {vector}['{first}'] ELSE {vector}[source] END"
    return f"""
CREATE OR REPLACE MACRO live_{table(kind)}(known) AS TABLE
    SELECT * EXCLUDE (replaced_at, first_recorded_at, first_position) REPLACE (
        coalesce(first_recorded_at, recorded_at) AS recorded_at,
        coalesce(first_position, position) AS position
    )
    FROM {table(kind)}
    WHERE position <= {upto} AND (replaced_at IS NULL OR replaced_at > {upto});
"""


def replace(kind: Kind) -> str:
    """Mark what later records of the same log restate or withdraw.

    `amendments(source, position, first)` names them: the record at `position` ends all
    that says `first`, and was said before. What restates a withdrawn fact is dead born.
    """
    this, gone = table(kind), f"{kind.owner}_FactWithdrawn"
    return f"""
UPDATE {this} AS said SET replaced_at = ended.position
FROM (
    SELECT old.source, old.position AS at, min(amendments.position) AS position
    FROM {this} AS old JOIN amendments
      ON amendments.first = coalesce(old.corrects, old.event_id)
     AND amendments.source = old.source AND amendments.position > old.position
    WHERE old.replaced_at IS NULL
    GROUP BY ALL
) AS ended
WHERE said.source = ended.source AND said.position = ended.at;
UPDATE {this} AS said SET replaced_at = said.position
FROM {gone} AS gone, amendments
WHERE said.corrects = gone.withdraws AND gone.position < said.position
  AND said.source = amendments.source AND said.position = amendments.position;
UPDATE {this} AS said
SET first_recorded_at = origin.recorded_at, first_position = origin.position
FROM {this} AS origin, amendments
WHERE said.corrects = origin.event_id
  AND said.source = amendments.source AND said.position = amendments.position;
"""


WORDS = f"""
-- что внутри территории: сама она и всё ниже; пустой путь — вся страна
CREATE OR REPLACE MACRO inside(path, scope) AS
    scope = '' OR path = scope OR starts_with(path, scope || '/');

-- организация → субъект РФ и муниципалитет, если такой уровень есть (S4 2.1); она старше
-- своей записи: в ней работали и раньше
CREATE OR REPLACE MACRO place(as_of, known, scope) AS TABLE
    SELECT org_id, kind, region, oktmo AS municipality,
        concat(region, '/', coalesce(oktmo, '-'), '/', org_id) AS path
    FROM live_registry_OrganisationRegistered(known)
    WHERE (scope = '' OR region = split_part(scope, '/', 1)) AND inside(path, scope);

-- запись-дубль → основная запись, с дня слияния; по цепочке до конца (S1 7.2); цепочек
-- мало: если по ним идти со всеми, оценка числа записей растёт, и план ищет не с того конца
CREATE OR REPLACE MACRO merged(as_of, known) AS TABLE
    WITH RECURSIVE steps AS (
        SELECT merged_id, survivor_id FROM live_registry_PersonsMerged(known)
        WHERE occurred_on <= as_of
        QUALIFY row_number() OVER (PARTITION BY merged_id ORDER BY
            occurred_on DESC, recorded_at DESC, source DESC, position DESC) = 1
    ),
    gone AS (SELECT merged_id AS survivor_id FROM steps),
    chain AS (
        SELECT merged_id, survivor_id, [merged_id, survivor_id] AS seen
        FROM steps SEMI JOIN gone USING (survivor_id)
        UNION ALL
        SELECT chain.merged_id, steps.survivor_id, list_append(seen, steps.survivor_id)
        FROM chain JOIN steps ON steps.merged_id = chain.survivor_id
        WHERE NOT list_contains(seen, steps.survivor_id)
    )
    SELECT merged_id, survivor_id FROM steps ANTI JOIN gone USING (survivor_id)
    UNION ALL
    SELECT merged_id, arg_max(survivor_id, len(seen)) FROM chain GROUP BY merged_id;

-- чья работа когда-либо была внутри территории, под всеми номерами записей; для всей
-- страны — никто: там спрашивают обо всех
CREATE OR REPLACE MACRO touched(as_of, known, scope) AS TABLE
    WITH here AS (SELECT org_id FROM place(as_of, known, scope) WHERE scope <> ''),
    same AS MATERIALIZED (FROM merged(as_of, known)),
    worked AS (
        SELECT person_id FROM live_registry_EmploymentStarted(known)
        SEMI JOIN here USING (org_id)
        UNION
        SELECT person_id FROM live_registry_EmploymentChanged(known)
        SEMI JOIN here USING (org_id)
    ),
    people AS (
        SELECT coalesce(survivor_id, person_id) AS person_id
        FROM worked LEFT JOIN same ON merged_id = person_id
    )
    FROM people
    UNION
    SELECT merged_id FROM same JOIN people ON survivor_id = person_id;

-- работа и её условия в этот день; последний рабочий день — ещё работа (S0 I); все
-- работы всех, у кого хоть одна внутри территории
CREATE OR REPLACE MACRO employment(as_of, known, scope) AS TABLE
    WITH here AS MATERIALIZED (FROM touched(as_of, known, scope)),
    changed AS (
        FROM live_registry_EmploymentChanged(known)
        WHERE occurred_on <= as_of AND (scope = '' OR person_id IN (FROM here))
        QUALIFY row_number() OVER (PARTITION BY employment_id ORDER BY
            occurred_on DESC, recorded_at DESC, source DESC, position DESC) = 1
    )
    SELECT
        begun.person_id,
        coalesce(changed.org_id, begun.org_id) AS org_id,
        coalesce(changed.position_class, begun.position_class) AS position_class,
        coalesce(changed.is_main, begun.is_main) AS is_main,
        begun.occurred_on, begun.recorded_at, begun.source, begun.position,
        CASE WHEN changed.event_id IS NULL THEN [begun.event_id]
            ELSE [begun.event_id, changed.event_id] END AS evidence
    FROM live_registry_EmploymentStarted(known) AS begun
    LEFT JOIN changed
      ON changed.employment_id = begun.employment_id
     AND (changed.occurred_on, changed.recorded_at, changed.source, changed.position)
       > (begun.occurred_on, begun.recorded_at, begun.source, begun.position)
    ANTI JOIN (
        SELECT employment_id FROM (
            SELECT employment_id, max(occurred_on) AS last_day
            FROM live_registry_EmploymentEnded(known)
            WHERE occurred_on <= as_of AND (scope = '' OR person_id IN (FROM here))
            GROUP BY employment_id
        ) WHERE last_day < as_of
    ) AS ended ON ended.employment_id = begun.employment_id
    WHERE begun.occurred_on <= as_of
      AND (scope = '' OR begun.person_id IN (FROM here));

-- педагогические работники, кроме работников вузов, каждый один раз: по основной
-- работе, иначе (и из нескольких основных) по начатой раньше других (S0 I, AM33)
CREATE OR REPLACE MACRO pedagogues(as_of, known, scope) AS TABLE
    WITH jobs AS MATERIALIZED (
        SELECT coalesce(survivor_id, job.person_id) AS person_id, org_id, evidence,
            is_main, occurred_on, recorded_at, source, job.position
        FROM employment(as_of, known, scope) AS job
        JOIN place(as_of, known, '') AS place USING (org_id)
        LEFT JOIN merged(as_of, known) AS merged ON merged_id = job.person_id
        WHERE position_class = 'PED' AND kind <> 'HE'
    ),
    several AS (
        SELECT person_id FROM jobs GROUP BY person_id HAVING count(*) > 1
    ),
    chosen AS (
        SELECT person_id, org_id, evidence FROM jobs ANTI JOIN several USING (person_id)
        UNION ALL
        SELECT person_id, org_id, evidence FROM jobs SEMI JOIN several USING (person_id)
        QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY is_main DESC, {ORDER}) = 1
    )
    FROM chosen
    WHERE scope = '' OR org_id IN (SELECT org_id FROM place(as_of, known, scope));

-- из них молодые: до 35 лет и в первые три года работы (S0 V.4, AM34)
CREATE OR REPLACE MACRO young(as_of, known, scope) AS TABLE
    WITH base AS (FROM pedagogues(as_of, known, scope)),
    called AS (
        SELECT person_id, person_id AS called FROM base
        UNION ALL
        SELECT survivor_id, merged_id FROM merged(as_of, known)
    ),
    youth AS NOT MATERIALIZED (
        SELECT called.person_id, young_until, event_id,
            occurred_on, recorded_at, source, said.position
        FROM live_registry_YouthPeriodDetermined(known) AS said
        JOIN called ON called = said.person_id
        WHERE occurred_on <= as_of
    ),
    hopeful AS (SELECT DISTINCT person_id FROM youth WHERE as_of < young_until),
    latest AS (
        FROM youth SEMI JOIN hopeful USING (person_id)
        QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY
            occurred_on DESC, recorded_at DESC, source DESC, position DESC) = 1
    )
    SELECT person_id, org_id, list_append(evidence, event_id) AS evidence
    FROM base JOIN latest USING (person_id)
    WHERE as_of < young_until;

-- выпускники педвузов 2020 года и позже, не работающие педагогами (S0 V.2, AM9)
CREATE OR REPLACE MACRO graduates(as_of, known, scope) AS TABLE
    WITH latest AS (
        SELECT coalesce(survivor_id, said.person_id) AS person_id, org_id,
            [event_id] AS evidence
        FROM live_registry_GraduateRegistered(known) AS said
        JOIN place(as_of, known, '') AS place ON place.org_id = said.university_id
        LEFT JOIN merged(as_of, known) AS merged ON merged_id = said.person_id
        WHERE occurred_on <= as_of AND year(graduated_on) BETWEEN 2020 AND year(as_of)
        QUALIFY row_number() OVER (
            PARTITION BY coalesce(survivor_id, said.person_id)
            ORDER BY occurred_on DESC, recorded_at DESC, source DESC, said.position DESC
        ) = 1 AND inside(path, scope)
    ),
    called AS (
        SELECT person_id, person_id AS called FROM latest
        UNION ALL
        SELECT survivor_id, merged_id FROM merged(as_of, known)
        SEMI JOIN latest ON person_id = survivor_id
    ),
    working AS (
        SELECT called.person_id
        FROM employment(as_of, known, '') AS job
        JOIN called ON called = job.person_id
        JOIN place(as_of, known, '') AS place USING (org_id)
        WHERE position_class = 'PED' AND kind <> 'HE'
    )
    FROM latest ANTI JOIN working USING (person_id);

-- самодиагностика, по цели или по инструменту, показателей не касается (AM39)
CREATE OR REPLACE MACRO self_sessions(as_of, known) AS TABLE
    SELECT session_id FROM live_diagnostics_DiagnosticCompleted(known)
    WHERE (instrument_kind = 'self' OR purpose = 'self') AND occurred_on <= as_of
    UNION
    SELECT session_id FROM live_diagnostics_DiagnosticAssigned(known)
    WHERE (instrument_kind = 'self' OR purpose = 'self') AND occurred_on <= as_of;

-- и то, что аннулировано к этому дню (S1 4.4)
CREATE OR REPLACE MACRO void_sessions(as_of, known) AS TABLE
    SELECT session_id FROM live_diagnostics_DiagnosticAnnulled(known)
    WHERE occurred_on <= as_of
    UNION
    FROM self_sessions(as_of, known);

-- отменённый маршрут не считается (S1 4.4)
CREATE OR REPLACE MACRO cancelled_routes(as_of, known) AS TABLE
    SELECT route_id FROM live_routes_RouteCancelled(known) WHERE occurred_on <= as_of;

-- действующие региональные методисты: человек — один методист (S1 7.1)
CREATE OR REPLACE MACRO methodists(as_of, known, scope) AS TABLE
    SELECT coalesce(survivor_id, said.person_id) AS person_id, org_id, [event_id] AS evidence
    FROM live_mentoring_MethodistActivated(known) AS said
    JOIN place(as_of, known, '') AS place USING (org_id)
    LEFT JOIN merged(as_of, known) AS merged ON merged.merged_id = said.person_id
    WHERE occurred_on <= as_of AND level = 'R'
    QUALIFY row_number() OVER (
        PARTITION BY coalesce(survivor_id, said.person_id) ORDER BY {ORDER}
    ) = 1 AND inside(path, scope);

-- кто за кем закреплён в этот день: методист (человек) → педагог (S1 7.1)
CREATE OR REPLACE MACRO attached(as_of, known) AS TABLE
    WITH said AS (
        SELECT methodist_id, person_id, TRUE AS holds, event_id, {ORDER}
        FROM live_mentoring_TeacherAttached(known)
        UNION ALL
        SELECT methodist_id, person_id, FALSE, event_id, {ORDER}
        FROM live_mentoring_TeacherDetached(known)
    ),
    last AS (
        SELECT methodist_id, coalesce(survivor_id, said.person_id) AS person_id, holds, event_id
        FROM said LEFT JOIN merged(as_of, known) AS merged ON merged.merged_id = said.person_id
        WHERE occurred_on <= as_of
        QUALIFY row_number() OVER (
            PARTITION BY methodist_id, coalesce(survivor_id, said.person_id)
            ORDER BY occurred_on DESC, recorded_at DESC, source DESC, position DESC
        ) = 1
    )
    SELECT methodists.person_id AS methodist, last.person_id, min(last.event_id) AS event_id
    FROM last JOIN live_mentoring_MethodistActivated(known) AS active USING (methodist_id)
    LEFT JOIN merged(as_of, known) AS merged ON merged.merged_id = active.person_id
    JOIN methodists(as_of, known, '') AS methodists
      ON methodists.person_id = coalesce(survivor_id, active.person_id)
    WHERE holds AND active.occurred_on <= as_of AND level = 'R'
    GROUP BY ALL;
"""


def tables(kinds: Iterable[Kind]) -> str:
    """Make the tables of an empty ledger for these facts."""
    return "".join(map(create, kinds))


def words(kinds: Iterable[Kind]) -> str:
    """Make the words that indicators use, instead of those of an earlier release."""
    return "".join(map(live, kinds)) + WORDS


def by_level(members: str, unit: str, aggregate: str) -> str:
    """Sum the members of an indicator at every level of the tree of that date.

    By unit first: then the plan leaves out what only `why` and `evidence` ask for. A
    region without municipalities has no row at that level (S4 2.1). Of a region's
    indicator (`unit` is `region`) there is nothing below the region. Above the scope there
    is no row: what is known inside it is a part of those.
    """
    sums = "max(num)" if aggregate == "max" else "sum(num)"
    of_units = f"SELECT unit, {sums} AS num, sum(den) AS den FROM ({members}) GROUP BY unit"
    if unit == "region":
        return f"""
SELECT CASE grouping(unit) WHEN 1 THEN 'federation' ELSE 'region' END AS level,
    coalesce(unit, '') AS path, {sums}::BIGINT AS num, sum(den)::BIGINT AS den
FROM ({of_units}) GROUP BY GROUPING SETS ((), (unit))
HAVING sum(den) IS NOT NULL AND inside(path, $scope)
"""
    return f"""
SELECT
    CASE grouping(region, municipality, unit)
        WHEN 7 THEN 'federation' WHEN 3 THEN 'region'
        WHEN 1 THEN 'municipality' ELSE 'organisation'
    END AS level,
    CASE grouping(region, municipality, unit)
        WHEN 7 THEN '' WHEN 3 THEN region WHEN 1 THEN concat(region, '/', municipality)
        ELSE concat(region, '/', coalesce(municipality, '-'), '/', unit)
    END AS path,
    {sums}::BIGINT AS num, sum(den)::BIGINT AS den
FROM ({of_units}) JOIN place($as_of, $known, $scope) AS place ON place.org_id = unit
GROUP BY GROUPING SETS ((), (region), (region, municipality), (region, municipality, unit))
HAVING sum(den) IS NOT NULL AND inside(path, $scope)
    AND NOT (level = 'municipality' AND municipality IS NULL)
"""


def at_scope(members: str, aggregate: str) -> str:
    """Sum the members of an indicator inside one scope: one row (num, den)."""
    sums = "max(num)" if aggregate == "max" else "sum(num)"
    return f"""
SELECT coalesce({sums}, 0)::BIGINT AS num, coalesce(sum(den), 0)::BIGINT AS den
FROM ({members})
"""
