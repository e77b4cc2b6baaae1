-- id:        K-R5x.max
-- version:   1
-- title:     Больше всего педагогов за одним региональным методистом
--            The most teachers attached to one regional methodist
-- clause:    S1 7.1 «…закреплённых за 1 региональным методистом»
-- aggregate: max
-- unit:      organisation
-- period:    stock

SELECT
    org_id AS unit,
    methodists.person_id AS subject,
    count(attached.person_id) AS num,
    1 AS den,
    concat('закреплено педагогов: ', count(attached.person_id), ' (S1 7.1)') AS why,
    list_concat(
        any_value(methodists.evidence),
        list(attached.event_id ORDER BY attached.event_id)
            FILTER (attached.event_id IS NOT NULL)
    ) AS evidence
FROM methodists($as_of, $known, $scope) AS methodists
LEFT JOIN attached($as_of, $known) AS attached ON methodist = methodists.person_id
GROUP BY org_id, methodists.person_id
