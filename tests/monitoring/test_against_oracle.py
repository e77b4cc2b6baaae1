"""The ledger against a second fold, on histories that nobody thought of."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from tests.monitoring.telling import answered, heard
from tests.oracle.fold import oracle
from tests.oracle.histories import History, histories


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(histories())
def test_the_ledger_agrees_with_the_oracle(history: History) -> None:
    with TemporaryDirectory() as folder:
        answers = heard(Path(folder), history.records)
        for question in history.questions:
            expected = oracle(history.records, question.as_of, question.vector)
            for kpi, answer in expected.items():
                found = answered(answers, kpi, question.as_of, question.vector)
                assert found.members == answer.members, kpi
                assert found.totals == answer.totals, kpi
        answers.ledger.close()
