-- id:        K-R5x.coverage
-- version:   1
-- title:     Педагоги, закреплённые за региональными методистами
--            Teachers attached to a regional methodist
-- clause:    S1 7.1 «…закреплённых за 1 региональным методистом»
-- aggregate: share
-- unit:      organisation
-- period:    stock

WITH
held AS (
    SELECT person_id, list(event_id ORDER BY event_id) AS chain
    FROM attached($as_of, $known)
    GROUP BY person_id
)

SELECT
    org_id AS unit,
    person_id AS subject,
    (held.person_id IS NOT NULL)::INTEGER AS num,
    1 AS den,
    CASE WHEN held.person_id IS NOT NULL THEN 'закреплён за методистом (S1 7.1)'
        ELSE 'ни за кем не закреплён (S1 7.1)' END AS why,
    list_concat(evidence, chain) AS evidence
FROM pedagogues($as_of, $known, $scope)
LEFT JOIN held USING (person_id)
