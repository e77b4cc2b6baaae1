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
    SELECT person_id, unnest(also) FROM base WHERE also IS NOT NULL
),

-- «…в различных формах поддержки и сопровождения…»
pairs AS (
    SELECT pair_id, mentor_id, mentee_id, event_id, occurred_on
    FROM live_mentoring_MentorshipPairFormed($known)
    SEMI JOIN called ON called = mentee_id
    WHERE occurred_on <= $as_of
),
ended AS (
    SELECT id, max(occurred_on) AS ended_on
    FROM (
        SELECT support_id AS id, occurred_on FROM live_mentoring_SupportFormEnded($known)
        UNION ALL
        SELECT pair_id, occurred_on FROM live_mentoring_MentorshipPairClosed($known)
    )
    WHERE occurred_on <= $as_of
    GROUP BY id
),

-- маршрут ведёт тьютор, назначенный последним…
named AS (
    SELECT said.*, lead(occurred_on) OVER (PARTITION BY route_id ORDER BY
        occurred_on, recorded_at, source, position) AS replaced_on
    FROM (
        SELECT route_id, person_id, tutor_id, event_id,
            occurred_on, recorded_at, source, position
        FROM live_routes_RouteAssigned($known) WHERE tutor_id IS NOT NULL
        UNION ALL
        SELECT route_id, person_id, tutor_id, event_id,
            occurred_on, recorded_at, source, position
        FROM live_routes_TutorAppointed($known)
    ) AS said
    SEMI JOIN called ON called = said.person_id
    ANTI JOIN cancelled_routes($as_of, $known) AS cancelled USING (route_id)
    WHERE occurred_on <= $as_of
),
completed AS (
    SELECT route_id, max(occurred_on) AS completed_on
    FROM live_routes_RouteCompleted($known)
    WHERE occurred_on <= $as_of
    GROUP BY route_id
),
-- …пока его работа не окончена: «тьютор» — педагогический работник (S1 2), под любой записью
same AS MATERIALIZED (FROM merged($as_of, $known)),
tutors AS (
    SELECT DISTINCT tutor_id, coalesce(survivor_id, tutor_id) AS human
    FROM named LEFT JOIN same ON merged_id = tutor_id
),
records AS (
    SELECT tutor_id, human AS record FROM tutors
    UNION ALL
    SELECT tutor_id, merged_id FROM same JOIN tutors ON survivor_id = human
),
worked AS (
    SELECT tutor_id,
        CASE WHEN bool_and(last_day IS NOT NULL) THEN max(last_day) + 1 END AS gone_on
    FROM work($as_of, $known) AS job JOIN records ON record = job.person_id
    GROUP BY tutor_id
),
led AS (
    SELECT person_id, event_id, occurred_on,
        least(replaced_on, completed_on, gone_on) AS ended_on
    FROM named LEFT JOIN worked USING (tutor_id) LEFT JOIN completed USING (route_id)
),

-- и пара — двух педагогов (S4 3.2.7): наставник, как известно, когда-либо работал, под любой
-- записью
mentors AS (
    SELECT mentor_id, coalesce(survivor_id, mentor_id) AS record
    FROM pairs LEFT JOIN same ON merged_id = mentor_id
    UNION ALL
    SELECT mentor_id, other.merged_id
    FROM pairs LEFT JOIN same ON same.merged_id = mentor_id
    JOIN same AS other ON other.survivor_id = coalesce(same.survivor_id, mentor_id)
),
at_work AS (
    SELECT mentor_id
    FROM live_registry_EmploymentStarted($known) JOIN mentors ON record = person_id
    WHERE occurred_on <= $as_of
),
begun AS (
    SELECT support_id AS id, person_id, 'в форме поддержки (S0 V.4)' AS form,
        event_id, occurred_on
    FROM live_mentoring_SupportFormStarted($known)
    WHERE occurred_on <= $as_of
    UNION ALL
    SELECT pair_id, mentee_id, 'есть наставник (S0 V.4)', event_id, occurred_on
    FROM pairs SEMI JOIN at_work USING (mentor_id)
),

-- «…участвующих…»: в этот день, или участие окончено в этом году; что окончено в день, в
-- который начато, не длилось ни дня
each_form AS (
    SELECT person_id, form, event_id, occurred_on, ended_on
    FROM begun LEFT JOIN ended USING (id)
    UNION ALL
    SELECT person_id, 'маршрут ведёт тьютор (S0 V.4)', event_id, occurred_on, ended_on FROM led
),
supported AS (
    SELECT called.person_id,
        min(form) AS form, list(event_id ORDER BY event_id) AS chain
    FROM each_form JOIN called ON called = each_form.person_id
    WHERE coalesce(ended_on >= date_trunc('year', $as_of::DATE), TRUE)
      AND coalesce(ended_on > occurred_on, TRUE)
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
