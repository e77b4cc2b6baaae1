-- id:        K-F4
-- version:   1
-- title:     Молодые педагоги в формах поддержки
--            Young teachers in support
-- clause:    S0 V.4 «Доля педагогических работников в возрасте до 35 лет, участвующих
--            в различных формах поддержки и сопровождения в первые 3 года работы»
-- aggregate: share
-- unit:      organisation
-- period:    stock

WITH
-- «…в возрасте до 35 лет… в первые 3 года работы»
base AS (FROM young($as_of, $known, $scope)),
-- под какими номерами записей их знают: своим и слитыми с ним (S1 7.2)
called AS (
    SELECT person_id, person_id AS called FROM base
    UNION ALL
    SELECT survivor_id, merged_id FROM merged($as_of, $known)
    SEMI JOIN base ON person_id = survivor_id
),

-- «…в различных формах поддержки и сопровождения…»
begun AS (
    SELECT support_id AS id, person_id, 'в форме поддержки (S0 V.4)' AS form,
        event_id, occurred_on
    FROM live_mentoring_SupportFormStarted($known)
    UNION ALL
    SELECT pair_id, mentee_id, 'есть наставник (S0 V.4)', event_id, occurred_on
    FROM live_mentoring_MentorshipPairFormed($known)
    UNION ALL
    SELECT route_id, person_id, 'маршрут ведёт тьютор (S0 V.4)', event_id, occurred_on
    FROM live_routes_RouteAssigned($known) WHERE tutor_id IS NOT NULL
    UNION ALL
    SELECT route_id, person_id, 'маршрут ведёт тьютор (S0 V.4)', event_id, occurred_on
    FROM live_routes_TutorAppointed($known)
),
ended AS (
    SELECT id, max(occurred_on) AS ended_on
    FROM (
        SELECT support_id AS id, occurred_on FROM live_mentoring_SupportFormEnded($known)
        UNION ALL
        SELECT pair_id, occurred_on FROM live_mentoring_MentorshipPairClosed($known)
        UNION ALL
        SELECT route_id, occurred_on FROM live_routes_RouteCompleted($known)
    )
    WHERE occurred_on <= $as_of
    GROUP BY id
),

-- «…участвующих…»: в этот день, или участие окончено в этом году
supported AS (
    SELECT called.person_id,
        min(form) AS form, list(event_id ORDER BY event_id) AS chain
    FROM begun
    LEFT JOIN ended USING (id)
    JOIN called ON called = begun.person_id
    ANTI JOIN cancelled_routes($as_of, $known) AS cancelled ON route_id = id
    WHERE begun.occurred_on <= $as_of
      AND coalesce(ended_on >= date_trunc('year', $as_of::DATE), TRUE)
    GROUP BY ALL
)

SELECT
    org_id AS unit,
    person_id AS subject,
    (supported.person_id IS NOT NULL)::INTEGER AS num,
    1 AS den,
    coalesce(form, 'ни формы поддержки, ни наставника, ни тьютора (S0 V.4)') AS why,
    list_concat(base.evidence, chain) AS evidence
FROM base
LEFT JOIN supported USING (person_id)
