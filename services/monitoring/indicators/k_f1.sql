-- id:        K-F1
-- version:   1
-- title:     Освоившие программы Федерального реестра, подобранные по диагностике
--            Trained by Federal-register programmes chosen by diagnostics
-- clause:    S0 V.1 «Доля педагогических работников, освоивших программы
--            дополнительного профессионального образования, вошедшие в федеральный
--            реестр и подобранные с учетом диагностики профессиональных дефицитов»
-- aggregate: share
-- unit:      organisation
-- period:    cum

WITH
base AS (FROM pedagogues($as_of, $known, $scope)),
merged_into AS (FROM merged($as_of, $known)),

-- «…освоивших программы…»: с 06.08.2020, освоение не аннулировано
completed AS NOT MATERIALIZED (
    SELECT enrolment_id, event_id
    FROM live_routes_ProgramCompleted($known)
    WHERE occurred_on BETWEEN DATE '2020-08-06' AND $as_of
      AND enrolment_id NOT IN (
          SELECT enrolment_id FROM live_routes_CompletionAnnulled($known)
          WHERE occurred_on <= $as_of
      )
),

-- «…вошедшие в федеральный реестр…»: на день зачисления (AM7)
enrolled AS NOT MATERIALIZED (
    SELECT said.* REPLACE (coalesce(survivor_id, person_id) AS person_id)
    FROM live_routes_EnrolmentStarted($known) AS said
    LEFT JOIN merged_into ON merged_id = person_id
    WHERE occurred_on <= $as_of AND list_contains(register_status_at_start, 'FED')
),

-- «…и подобранные с учетом диагностики профессиональных дефицитов»: зачислен по пункту
-- назначенного и не отменённого маршрута, диагностика которого пройдена до зачисления,
-- не аннулирована и не самодиагностика, и программа учит тому, в чём она выявила
-- названный дефицит (AM6)
named AS (
    SELECT * EXCLUDE (deficit_ids), unnest(deficit_ids) AS deficit_id
    FROM enrolled SEMI JOIN base USING (person_id)
    WHERE route_item_id IS NOT NULL
),
chosen AS (
    SELECT named.enrolment_id, named.person_id,
        [session.event_id, deficit.event_id, route.event_id, named.event_id] AS chain
    FROM named
    JOIN live_diagnostics_DeficitIdentified($known) AS deficit USING (deficit_id)
    JOIN live_routes_RouteAssigned($known) AS route USING (route_id, session_id)
    JOIN live_diagnostics_DiagnosticCompleted($known) AS session USING (session_id)
    WHERE deficit.occurred_on <= $as_of AND route.occurred_on <= $as_of
      AND (session.occurred_on, session.recorded_at, session.source, session.position)
        < (named.occurred_on, named.recorded_at, named.source, named.position)
      AND list_contains(named.competencies, deficit.competency_id)
      AND list_contains([each.item_id FOR each IN route.items], named.route_item_id)
      AND session_id NOT IN (FROM void_sessions($as_of, $known))
      AND route_id NOT IN (FROM cancelled_routes($as_of, $known))
),

proven AS (
    SELECT person_id, min(list_append(chain, completed.event_id)) AS chain
    FROM chosen JOIN completed USING (enrolment_id)
    GROUP BY person_id
),
unproven AS (
    SELECT person_id, min([enrolled.event_id, completed.event_id]) AS chain
    FROM enrolled JOIN completed USING (enrolment_id)
    GROUP BY person_id
)

SELECT
    org_id AS unit,
    person_id AS subject,
    (proven.person_id IS NOT NULL)::INTEGER AS num,
    1 AS den,
    CASE
        WHEN proven.person_id IS NOT NULL
            THEN 'освоена программа Федерального реестра, подобранная по диагностике (S0 V.1)'
        WHEN unproven.person_id IS NOT NULL
            THEN 'программа освоена, но связь с диагностикой не доказана (S0 V.1)'
        ELSE 'программа Федерального реестра не освоена (S0 V.1)'
    END AS why,
    list_concat(base.evidence, coalesce(proven.chain, unproven.chain)) AS evidence
FROM base
LEFT JOIN proven USING (person_id)
LEFT JOIN unproven USING (person_id)
