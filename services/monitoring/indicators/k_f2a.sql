-- id:        K-F2a
-- version:   1
-- title:     Прошли диагностику функциональной грамотности
--            Took functional-literacy diagnostics
-- clause:    S0 V.2 «Доля педагогических работников и выпускников…, принявших участие
--            в диагностике функциональной грамотности…»
-- aggregate: share
-- unit:      organisation
-- period:    cum

WITH
-- «…педагогических работников и… выпускников»: один человек — один раз (AM9)
base AS (
    FROM pedagogues($as_of, $known, $scope)
    UNION ALL
    FROM graduates($as_of, $known, $scope)
),
-- под какими номерами записей их знают: своим и слитыми с ним (S1 7.2)
called AS (
    SELECT person_id, person_id AS called FROM base
    UNION ALL
    SELECT survivor_id, merged_id FROM merged($as_of, $known)
    SEMI JOIN base ON person_id = survivor_id
),

-- «…принявших участие в диагностике функциональной грамотности»: есть результат (AM31),
-- с 06.08.2020, не аннулирован, не самодиагностика (AM39); лучший из нескольких (RU10)
taken AS (
    SELECT called.person_id,
        max(score_pct) AS best, arg_max(event_id, (score_pct, event_id)) AS event_id
    FROM live_diagnostics_DiagnosticCompleted($known) AS said
    JOIN called ON called = said.person_id
    ANTI JOIN void_sessions($as_of, $known) AS void USING (session_id)
    WHERE instrument_kind = 'functional_literacy'
      AND occurred_on BETWEEN DATE '2020-08-06' AND $as_of
    GROUP BY ALL
)

SELECT
    org_id AS unit,
    person_id AS subject,
    (taken.person_id IS NOT NULL)::INTEGER AS num,
    1 AS den,
    CASE
        WHEN taken.person_id IS NOT NULL
            THEN 'диагностика функциональной грамотности пройдена (S0 V.2)'
        ELSE 'диагностика функциональной грамотности не пройдена (S0 V.2)'
    END AS why,
    CASE WHEN taken.event_id IS NULL THEN base.evidence
        ELSE list_append(base.evidence, taken.event_id) END AS evidence
FROM base
LEFT JOIN taken USING (person_id)
