-- id:        K-RR09
-- version:   1
-- title:     Педагоги, для которых в этом году разработан ИОМ по диагностике
--            Teachers with a route designed on diagnostics in the year
-- clause:    S1 D2.3 «Разработано индивидуальных образовательных маршрутов… не менее 20 %»
-- aggregate: share
-- unit:      organisation
-- period:    year

WITH
-- «разработано»: согласовано с педагогом (AM32), по диагностике, не отменено
routed AS (
    SELECT coalesce(survivor_id, said.person_id) AS person_id, min(event_id) AS event_id
    FROM live_routes_RouteAgreed($known) AS said
    LEFT JOIN merged($as_of, $known) AS merged ON merged_id = said.person_id
    WHERE occurred_on BETWEEN date_trunc('year', $as_of::DATE) AND $as_of
      AND session_id IS NOT NULL
      AND session_id NOT IN (FROM self_sessions($as_of, $known))
      AND route_id NOT IN (FROM cancelled_routes($as_of, $known))
    GROUP BY ALL
)

SELECT
    org_id AS unit,
    person_id AS subject,
    (routed.person_id IS NOT NULL)::INTEGER AS num,
    1 AS den,
    CASE WHEN routed.person_id IS NOT NULL
        THEN 'маршрут по диагностике согласован в этом году (S1 D2.3)'
        ELSE 'в этом году маршрут по диагностике не согласован (S1 D2.3)' END AS why,
    CASE WHEN event_id IS NULL THEN evidence ELSE list_append(evidence, event_id) END
        AS evidence
FROM pedagogues($as_of, $known, $scope)
LEFT JOIN routed USING (person_id)
