"""The histories are logs as the contracts have them, and the oracle keeps its sums."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.kernel import Withdrawal
from tests.oracle.fold import INDICATORS, oracle
from tests.oracle.histories import History, deliveries, heads, histories

SHARES = set(INDICATORS) - {"K-R5", "K-R5x.max"}


@settings(max_examples=50)
@given(histories())
def test_a_log_is_gapless_and_its_time_never_runs_backwards(history: History) -> None:
    for source in {each.source for each in history.records}:
        log = [each for each in history.records if each.source == source]

        assert [each.position for each in log] == list(range(1, len(log) + 1))
        assert [each.recorded_at for each in log] == sorted(each.recorded_at for each in log)


@settings(max_examples=50)
@given(histories())
def test_a_restated_fact_is_of_one_kind_and_stands_in_one_stream(
    history: History,
) -> None:
    first = {each.event_id: each for each in history.records}
    withdrawn: set[object] = set()
    for each in history.records:
        root = each.corrects or each.withdraws
        if root:
            assert first[root].corrects is None
            assert first[root].stream == each.stream
            assert root not in withdrawn
            if isinstance(each.fact, Withdrawal):
                assert each.fact.name == first[root].name
                withdrawn.add(root)
            else:
                assert type(each.fact) is type(first[root].fact)


@settings(max_examples=50)
@given(histories(), st.data())
def test_every_record_is_delivered_each_log_in_its_order(
    history: History, data: st.DataObject
) -> None:
    batches = data.draw(deliveries(history))
    delivered = [each for batch in batches for each in batch]
    vector = heads(history.records)

    assert set(map(id, delivered)) == set(map(id, history.records))
    for question in history.questions:
        assert oracle(delivered, question.as_of, vector) == oracle(
            history.records, question.as_of, vector
        )


@settings(max_examples=50)
@given(histories())
def test_what_is_not_known_changes_nothing(history: History) -> None:
    for question in history.questions:
        known = [
            each
            for each in history.records
            if each.position <= question.vector.get(each.source, 0)
        ]
        assert oracle(known, question.as_of, question.vector) == oracle(
            history.records, question.as_of, question.vector
        )


@settings(max_examples=50)
@given(histories())
def test_units_add_up_and_shares_stay_below_one(history: History) -> None:
    """§2.1: one unit per person, numerator within denominator; §2.4.12: sums over P."""
    for question in history.questions:
        answers = oracle(history.records, question.as_of, question.vector)
        for kpi, answer in answers.items():
            regions = [part for path, part in answer.totals.items() if len(path) == 2]
            whole = answer.at("")
            summed = max if kpi == "K-R5x.max" else sum
            assert whole[1] == sum(den for _, den in regions)
            assert whole[0] == (summed(num for num, _ in regions) if regions else 0)
        assert all(num <= den for kpi in SHARES for num, den in [*answers[kpi].totals.values()])
        assert answers["K-F2b"].counted <= answers["K-F2a"].counted
        assert answers["K-R5"].at("")[0] == answers["K-F1"].at("")[1]
