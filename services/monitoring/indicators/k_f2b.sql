-- id:        K-F2b
-- version:   1
-- title:     Справились с диагностикой функциональной грамотности на 70 % и выше
--            Functional literacy of 70 % and more
-- clause:    S0 V.2 «…в том числе справившихся…»: той же совокупности (AM8)
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
    (coalesce(best >= 70.00, FALSE))::INTEGER AS num,
    1 AS den,
    CASE
        WHEN best >= 70.00 THEN 'лучший результат не ниже 70 % (S0 V.2)'
        WHEN best IS NOT NULL THEN 'лучший результат ниже 70 % (S0 V.2)'
        ELSE 'диагностика функциональной грамотности не пройдена (S0 V.2)'
    END AS why,
    CASE WHEN taken.event_id IS NULL THEN base.evidence
        ELSE list_append(base.evidence, taken.event_id) END AS evidence
FROM base
LEFT JOIN taken USING (person_id)
