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
base AS (FROM pedagogues_called($as_of, $known, $scope)),
-- под какими номерами записей их знают: своим и слитыми с ним (S1 7.2)
called AS (
    SELECT person_id, also, person_id AS called FROM base
    UNION ALL
    SELECT person_id, also, unnest(also) FROM base WHERE also IS NOT NULL
),

-- «…освоивших программы…»: с 06.08.2020, освоение не аннулировано; «…вошедшие в
-- федеральный реестр…»: на день зачисления (AM7)
finished AS MATERIALIZED (
    SELECT called.person_id, also, study.enrolment_id, study.route_id, study.route_item_id,
        study.deficit_ids, study.competencies, study.event_id, done.event_id AS done_id,
        study.occurred_on, study.recorded_at
    FROM live_routes_EnrolmentStarted($known) AS study
    JOIN called ON called = study.person_id
    JOIN live_routes_ProgramCompleted($known) AS done USING (enrolment_id)
    ANTI JOIN (
        SELECT enrolment_id FROM live_routes_CompletionAnnulled($known)
        WHERE occurred_on <= $as_of
    ) AS annulled USING (enrolment_id)
    WHERE list_contains(study.register_status_at_start, 'FED')
      AND study.occurred_on <= $as_of
      AND done.occurred_on BETWEEN DATE '2020-08-06' AND $as_of
),

-- «…и подобранные с учетом диагностики профессиональных дефицитов»: зачислен по пункту
-- назначенного ему и не отменённого маршрута, диагностику которого он сам прошёл до
-- зачисления; она не аннулирована и не самодиагностика, и программа учит тому, в чём она
-- выявила названный дефицит (AM6)
named AS (
    SELECT * EXCLUDE (deficit_ids), unnest(deficit_ids) AS deficit_id
    FROM finished WHERE route_item_id IS NOT NULL
),
chosen AS (
    SELECT named.person_id, min([
        session.event_id, deficit.event_id, route.event_id, named.event_id, named.done_id
    ]) AS chain
    FROM named
    JOIN live_diagnostics_DeficitIdentified($known) AS deficit USING (deficit_id)
    JOIN live_routes_RouteAssigned($known) AS route USING (route_id)
    JOIN live_diagnostics_DiagnosticCompleted($known) AS session
      ON session.session_id = deficit.session_id
    ANTI JOIN void_sessions($as_of, $known) AS void ON void.session_id = session.session_id
    ANTI JOIN cancelled_routes($as_of, $known) AS cancelled USING (route_id)
    WHERE deficit.occurred_on <= $as_of AND route.occurred_on <= $as_of
      -- порядок фактов (contracts §3): записанное в один миг решает имя журнала, а «diagnostics»
      -- стоит раньше, чем «routes»
      AND (session.occurred_on < named.occurred_on OR session.occurred_on = named.occurred_on
          AND session.recorded_at <= named.recorded_at)
      AND (session.person_id = named.person_id OR list_contains(also, session.person_id))
      AND (route.person_id = named.person_id OR list_contains(also, route.person_id))
      AND list_contains(named.competencies, deficit.competency_id)
      -- не ключом: по двум ключам маршруты читаются все, по одному — только нужные
      AND CASE WHEN route.session_id = session.session_id
          THEN list_contains(route.items.item_id, named.route_item_id) END
    GROUP BY named.person_id
),

studied AS (
    SELECT person_id, min([event_id, done_id]) AS unproven FROM finished GROUP BY person_id
)

SELECT
    org_id AS unit,
    person_id AS subject,
    (chosen.person_id IS NOT NULL)::INTEGER AS num,
    1 AS den,
    CASE
        WHEN chosen.person_id IS NOT NULL
            THEN 'освоена программа Федерального реестра, подобранная по диагностике (S0 V.1)'
        WHEN studied.person_id IS NOT NULL
            THEN 'программа освоена, но связь с диагностикой не доказана (S0 V.1)'
        ELSE 'программа Федерального реестра не освоена (S0 V.1)'
    END AS why,
    list_concat(base.evidence, coalesce(chain, unproven)) AS evidence
FROM base
LEFT JOIN chosen USING (person_id)
LEFT JOIN studied USING (person_id)
