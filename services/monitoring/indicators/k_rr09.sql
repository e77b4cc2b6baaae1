-- id:        K-RR09
-- version:   1
-- title:     Педагоги, для которых в этом году разработан ИОМ по диагностике
--            Teachers with a route designed on diagnostics in the year
-- clause:    S1 D2.3 «Разработано индивидуальных образовательных маршрутов… не менее 20 %»
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

-- «разработано»: впервые согласовано с педагогом (AM32), по его диагностике, в тот день
-- не аннулированной, и не отменено
routed AS (
    SELECT called.person_id, min([said.event_id, session.event_id]) AS chain
    FROM live_routes_RouteAgreed($known) AS said
    JOIN called ON called = said.person_id
    JOIN live_diagnostics_DiagnosticCompleted($known) AS session USING (session_id)
    JOIN called AS tested
      ON tested.called = session.person_id AND tested.person_id = called.person_id
    ANTI JOIN self_sessions($as_of, $known) AS own USING (session_id)
    ANTI JOIN cancelled_routes($as_of, $known) AS cancelled USING (route_id)
    ANTI JOIN (
        SELECT route_id FROM live_routes_RouteAgreed($known)
        WHERE occurred_on < date_trunc('year', $as_of::DATE)
    ) AS earlier USING (route_id)
    ANTI JOIN live_diagnostics_DiagnosticAnnulled($known) AS void
      ON void.session_id = said.session_id AND void.occurred_on <= said.occurred_on
    WHERE said.occurred_on BETWEEN date_trunc('year', $as_of::DATE) AND $as_of
      AND session.occurred_on <= $as_of
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
    list_concat(evidence, chain) AS evidence
FROM base
LEFT JOIN routed USING (person_id)
