-- id:        K-F0
-- version:   1
-- title:     Субъекты РФ, в которых открыт ЦНППМ
--            Regions with an open centre
-- clause:    S0 III «…в 2021 году… охватить деятельность всех субъектов Российской Федерации»
-- aggregate: share
-- unit:      region
-- period:    stock

WITH
-- «…центры непрерывного повышения профессионального мастерства…»: последнее, что
-- сказано о центре к этому дню, — что он открыт
said AS (
    SELECT centre_id, region, TRUE AS is_open, event_id,
        occurred_on, recorded_at, source, position
    FROM live_registry_RegionalCentreOpened($known)
    UNION ALL
    SELECT centre_id, region, FALSE, event_id, occurred_on, recorded_at, source, position
    FROM live_registry_RegionalCentreClosed($known)
),
last AS (
    FROM said
    WHERE occurred_on <= $as_of
    QUALIFY row_number() OVER (PARTITION BY centre_id ORDER BY
        occurred_on DESC, recorded_at DESC, source DESC, position DESC) = 1
),
centres AS (
    SELECT region, min(event_id) AS event_id FROM last WHERE is_open GROUP BY region
)

-- «…всех субъектов Российской Федерации»: включённых в систему к этому дню
SELECT
    added.region AS unit,
    added.region AS subject,
    (centres.region IS NOT NULL)::INTEGER AS num,
    1 AS den,
    CASE WHEN centres.region IS NOT NULL THEN 'ЦНППМ открыт (S0 III)'
        ELSE 'открытого ЦНППМ нет (S0 III)' END AS why,
    list_filter([min(added.event_id), any_value(centres.event_id)], lambda x: x IS NOT NULL)
        AS evidence
FROM live_registry_RegionAdded($known) AS added
LEFT JOIN centres USING (region)
WHERE occurred_on <= $as_of AND inside(added.region, $scope)
GROUP BY added.region, centres.region
