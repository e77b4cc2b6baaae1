-- id:        K-R5
-- version:   1
-- title:     Педагогов на одного регионального методиста
--            Teachers per regional methodist
-- clause:    S1 7.1 «Количество педагогических работников, закреплённых за 1 региональным методистом»
-- aggregate: ratio
-- unit:      organisation
-- period:    stock
-- guards:    K-R5x.max, K-R5x.coverage

-- «…из расчёта»: все педагогические работники к действующим методистам, к тем, кто
-- работает в этот день (AM16, S1 2)
SELECT org_id AS unit, person_id AS subject, 1 AS num, 0 AS den,
    'педагогический работник (S0 I)' AS why, evidence
FROM pedagogues($as_of, $known, $scope)
UNION ALL
SELECT org_id, person_id, 0, 1, 'действующий региональный методист (S1 7.1)', evidence
FROM methodists($as_of, $known, $scope)
