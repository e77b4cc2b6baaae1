"""The words that indicators use, each a macro over what stands of the facts (contracts §5).

`as_of` is a day; `known` a vector {source: position}; `scope` a territory path.
"""

ORDER = "occurred_on, recorded_at, source, position"
"""The order of facts across logs (contracts §3)."""

# Parts of the words below: a word that calls a word binds and plans all of it again, and
# that is done by one core before the first row is read.

TOUCHED = """
-- чья работа когда-либо была внутри территории, под всеми номерами записей; для всей
-- страны — никто: там спрашивают обо всех
here AS (SELECT org_id FROM place(as_of, known, scope) WHERE scope <> ''),
same AS MATERIALIZED (FROM merged(as_of, known)),
worked AS (
    SELECT person_id FROM live_registry_EmploymentStarted(known)
    SEMI JOIN here USING (org_id)
    UNION ALL
    SELECT person_id FROM live_registry_EmploymentChanged(known)
    SEMI JOIN here USING (org_id)
),
people AS (
    SELECT coalesce(survivor_id, person_id) AS person_id
    FROM worked LEFT JOIN same ON merged_id = person_id
),
touched AS MATERIALIZED (
    FROM people
    UNION
    SELECT merged_id FROM same SEMI JOIN people ON survivor_id = person_id
)"""
CHANGED = """
-- последние условия каждой работы
changed AS (
    FROM live_registry_EmploymentChanged(known)
    WHERE occurred_on <= as_of AND (scope = '' OR person_id IN (FROM touched))
    QUALIFY row_number() OVER (PARTITION BY employment_id ORDER BY
        occurred_on DESC, recorded_at DESC, source DESC, position DESC) = 1
)"""
ENDED = """
-- какие работы окончены раньше этого дня
ended AS (
    SELECT employment_id FROM (
        SELECT employment_id, max(occurred_on) AS last_day
        FROM live_registry_EmploymentEnded(known)
        WHERE occurred_on <= as_of AND (scope = '' OR person_id IN (FROM touched))
        GROUP BY employment_id
    ) WHERE last_day < as_of
)"""
EMPLOYMENT = """
-- работа с её условиями
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
ANTI JOIN ended ON ended.employment_id = begun.employment_id
ANTI JOIN (
    SELECT org_id FROM live_registry_OrganisationClosed(known) WHERE occurred_on <= as_of
) AS closed ON closed.org_id = coalesce(changed.org_id, begun.org_id)
WHERE begun.occurred_on <= as_of
  AND (scope = '' OR begun.person_id IN (FROM touched))"""

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

-- работа и её условия в этот день; последний рабочий день — ещё работа, в закрытой
-- организации никто не работает (S0 I); все работы всех, у кого хоть одна внутри территории
CREATE OR REPLACE MACRO employment(as_of, known, scope) AS TABLE
    WITH {TOUCHED}, {CHANGED}, {ENDED}
    {EMPLOYMENT};

-- педагогические работники, кроме работников вузов, каждый один раз: по основной
-- работе, иначе (и из нескольких основных) по начатой раньше других (S0 I, AM33); `also` —
-- под какими ещё номерами записей его знают (S1 7.2)
CREATE OR REPLACE MACRO pedagogues_called(as_of, known, scope) AS TABLE
    WITH {TOUCHED}, {CHANGED}, {ENDED},
    jobs AS MATERIALIZED (
        SELECT coalesce(survivor_id, job.person_id) AS person_id, org_id, evidence,
            is_main, occurred_on, recorded_at, source, job.position
        FROM ({EMPLOYMENT}) AS job
        JOIN place(as_of, known, '') AS place USING (org_id)
        LEFT JOIN same ON merged_id = job.person_id
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
    SELECT person_id, org_id, evidence, also
    FROM chosen
    LEFT JOIN (
        SELECT survivor_id AS person_id, list(merged_id) AS also FROM same GROUP BY ALL
    ) USING (person_id)
    WHERE scope = '' OR org_id IN (FROM here);

-- они же, без прочих номеров
CREATE OR REPLACE MACRO pedagogues(as_of, known, scope) AS TABLE
    SELECT person_id, org_id, evidence FROM pedagogues_called(as_of, known, scope);

-- из них молодые: до 35 лет и в первые три года работы (S0 V.4, AM34)
CREATE OR REPLACE MACRO young(as_of, known, scope) AS TABLE
    WITH base AS (FROM pedagogues_called(as_of, known, scope)),
    called AS (
        SELECT person_id, person_id AS called FROM base
        UNION ALL
        SELECT person_id, unnest(also) FROM base WHERE also IS NOT NULL
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
    SELECT person_id, org_id, list_append(evidence, event_id) AS evidence, also
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

-- самодиагностика, по цели или по инструменту, показателей не касается (AM39); сессия может
-- быть здесь дважды: её только исключают
CREATE OR REPLACE MACRO self_sessions(as_of, known) AS TABLE
    SELECT session_id FROM live_diagnostics_DiagnosticCompleted(known)
    WHERE (instrument_kind = 'self' OR purpose = 'self') AND occurred_on <= as_of
    UNION ALL
    SELECT session_id FROM live_diagnostics_DiagnosticAssigned(known)
    WHERE (instrument_kind = 'self' OR purpose = 'self') AND occurred_on <= as_of;

-- и то, что аннулировано к этому дню (S1 4.4)
CREATE OR REPLACE MACRO void_sessions(as_of, known) AS TABLE
    SELECT session_id FROM live_diagnostics_DiagnosticAnnulled(known)
    WHERE occurred_on <= as_of
    UNION ALL
    FROM self_sessions(as_of, known);

-- отменённый маршрут не считается (S1 4.4)
CREATE OR REPLACE MACRO cancelled_routes(as_of, known) AS TABLE
    SELECT route_id FROM live_routes_RouteCancelled(known) WHERE occurred_on <= as_of;

-- вся работа, начатая к этому дню, где бы и кем бы ни была, и последний её день, если он
-- уже прошёл
CREATE OR REPLACE MACRO work(as_of, known) AS TABLE
    SELECT begun.person_id, begun.event_id, last_day
    FROM live_registry_EmploymentStarted(known) AS begun
    LEFT JOIN (
        SELECT employment_id, max(occurred_on) AS last_day
        FROM live_registry_EmploymentEnded(known) WHERE occurred_on <= as_of
        GROUP BY employment_id HAVING last_day < as_of
    ) AS ended USING (employment_id)
    WHERE begun.occurred_on <= as_of;

-- действующие региональные методисты: человек — один методист (S1 7.1), «педагогический
-- работник»: пока работает (S1 2), под любой записью; в закрытой организации никто (S0 I)
CREATE OR REPLACE MACRO methodists(as_of, known, scope) AS TABLE
    WITH active AS (
        SELECT coalesce(survivor_id, said.person_id) AS person_id, org_id, event_id
        FROM live_mentoring_MethodistActivated(known) AS said
        JOIN place(as_of, known, '') AS place USING (org_id)
        LEFT JOIN merged(as_of, known) AS merged ON merged.merged_id = said.person_id
        WHERE occurred_on <= as_of AND level = 'R'
        QUALIFY row_number() OVER (
            PARTITION BY coalesce(survivor_id, said.person_id) ORDER BY {ORDER}
        ) = 1 AND inside(path, scope)
    ),
    called AS (
        SELECT person_id, person_id AS called FROM active
        UNION ALL
        SELECT survivor_id, merged_id FROM merged(as_of, known)
        SEMI JOIN active ON person_id = survivor_id
    ),
    working AS (
        SELECT called.person_id, list(job.evidence[1] ORDER BY job.evidence[1]) AS jobs
        FROM employment(as_of, known, '') AS job JOIN called ON called = job.person_id
        GROUP BY ALL
    )
    SELECT person_id, org_id, list_prepend(event_id, jobs) AS evidence
    FROM active JOIN working USING (person_id);

-- кто за кем закреплён в этот день: методист (человек) → педагог, который, как известно,
-- когда-либо работал, под любой записью (S1 7.1)
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
    ),
    worked AS (
        SELECT coalesce(survivor_id, job.person_id) AS person_id
        FROM work(as_of, known) AS job
        LEFT JOIN merged(as_of, known) AS merged ON merged.merged_id = job.person_id
    )
    SELECT methodists.person_id AS methodist, last.person_id, min(last.event_id) AS event_id
    FROM last SEMI JOIN worked USING (person_id)
    JOIN live_mentoring_MethodistActivated(known) AS active USING (methodist_id)
    LEFT JOIN merged(as_of, known) AS merged ON merged.merged_id = active.person_id
    JOIN methodists(as_of, known, '') AS methodists
      ON methodists.person_id = coalesce(survivor_id, active.person_id)
    WHERE holds AND active.occurred_on <= as_of AND level = 'R'
    GROUP BY ALL;
"""
