-- id:        K-RR03
-- version:   1
-- title:     Педагоги, которым в этом году выдана карта дефицитов
--            Teachers whose deficit map was issued in the year
-- clause:    S1 D2.1 «…выданы карты профессиональных дефицитов не менее 20 %…»
-- aggregate: share
-- unit:      organisation
-- period:    year

WITH
base AS (FROM pedagogues($as_of, $known, $scope)),
-- под какими номерами записей их знают: своим и слитыми с ним (S1 7.2)
called AS (
    SELECT person_id, person_id AS called FROM base
    UNION ALL
    SELECT survivor_id, merged_id FROM merged($as_of, $known)
    SEMI JOIN base ON person_id = survivor_id
),

-- карта аннулированной диагностики и самодиагностики не считается (S1 4.4, AM39)
mapped AS (
    SELECT called.person_id, min(event_id) AS event_id
    FROM live_diagnostics_DeficitMapIssued($known) AS said
    JOIN called ON called = said.person_id
    ANTI JOIN void_sessions($as_of, $known) AS void USING (session_id)
    WHERE occurred_on BETWEEN date_trunc('year', $as_of::DATE) AND $as_of
    GROUP BY ALL
)

SELECT
    org_id AS unit,
    person_id AS subject,
    (mapped.person_id IS NOT NULL)::INTEGER AS num,
    1 AS den,
    CASE WHEN mapped.person_id IS NOT NULL THEN 'карта дефицитов выдана в этом году (S1 D2.1)'
        ELSE 'в этом году карта дефицитов не выдана (S1 D2.1)' END AS why,
    CASE WHEN event_id IS NULL THEN evidence ELSE list_append(evidence, event_id) END
        AS evidence
FROM base
LEFT JOIN mapped USING (person_id)
