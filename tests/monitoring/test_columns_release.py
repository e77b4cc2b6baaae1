"""A ledger's file outlives the release that made it, and answers as the present one does."""

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from services.monitoring import ledger as language
from shared.events.routes import ProgramCompleted
from shared.kernel import Kind, kind_of
from shared.runtime.columns import Language, Ledger, Logless, Taken
from tests.monitoring.test_columns import COMPLETIONS, REGIONS, count

EARLIER = [*REGIONS, *COMPLETIONS]
PLACES = "SELECT inside('25/05701', '25')"


def release(**other: Any) -> Language:
    """Return the ledger's language as another release had it."""
    earlier = ModuleType("earlier")
    vars(earlier).update(vars(language) | other)
    return cast("Language", earlier)


def left_behind(folder: Path, by: Language) -> str:
    """Leave a ledger that a release made and filled; return its digest."""
    ledger = Ledger(folder, by)
    ledger.ingest(EARLIER)
    digest = ledger.digest()
    ledger.close()
    return digest


def with_a_word_that_was_wrong(kinds: Iterable[Kind]) -> str:
    wrong = "CREATE OR REPLACE MACRO inside(path, scope) AS FALSE;"
    return language.words(kinds) + wrong


def no_words(_: Iterable[Kind]) -> str:
    return ""


def without(left_out: str) -> Language:
    """Return a release that had no such column, or no such table."""

    def tables(kinds: Iterable[Kind]) -> str:
        whole = language.tables(kinds)
        assert left_out in whole
        return whole.replace(left_out, "")

    return release(tables=tables, words=no_words)


def said(ledger: Ledger, question: str) -> object:
    with ledger.reading() as cursor:
        return cursor.execute(question).fetchall()[0][0]


def test_its_words_become_those_of_this_release(tmp_path: Path) -> None:
    digest = left_behind(tmp_path, release(words=with_a_word_that_was_wrong))
    ledger = Ledger(tmp_path, language)

    assert said(ledger, PLACES) is True
    assert (ledger.generation, ledger.digest()) == ("1", digest)
    ledger.close()


def test_of_other_tables_it_is_begun_anew(tmp_path: Path) -> None:
    """The logs are read again: nothing is guessed of what an earlier release left out."""
    Ledger(tmp_path, without("doc_kind VARCHAR, ")).close()
    ledger = Ledger(tmp_path, language)

    assert (ledger.generation, ledger.positions(), count(ledger)) == ("2", {}, 0)
    assert [each.name for each in tmp_path.iterdir() if each.is_dir()] == ["2"]
    assert ledger.ingest(EARLIER) == Taken(applied=len(EARLIER))
    ledger.close()


def test_a_fact_that_the_earlier_release_did_not_know_is_read(tmp_path: Path) -> None:
    """It was counted and passed by then; now it must be in its table."""
    new = language.create(kind_of(ProgramCompleted))
    Ledger(tmp_path, without(new)).close()
    ledger = Ledger(tmp_path, language)
    ledger.ingest(EARLIER)

    assert count(ledger, "routes_ProgramCompleted") == len(COMPLETIONS)
    ledger.close()


def test_a_file_that_does_not_say_is_of_another_release(tmp_path: Path) -> None:
    left_behind(tmp_path, language)
    ledger = Ledger(tmp_path, language)
    with ledger._current.written() as writer:
        writer.execute("DROP TABLE made")
    ledger.close()

    again = Ledger(tmp_path, language)
    assert (again.generation, again.positions()) == ("2", {})
    again.close()


def test_what_was_made_without_logs_is_not_thrown_away(tmp_path: Path) -> None:
    """`generate --to ledger`: nothing could make it anew (ADR 0028)."""
    earlier = without("doc_kind VARCHAR, ")
    made = Ledger(tmp_path, earlier)
    made.ingest(REGIONS)
    made.close()
    with pytest.raises(Logless, match="made without these logs"):
        Ledger(tmp_path, language, ends=lambda: {REGIONS[0].source: 2})
    again = Ledger(tmp_path, earlier)

    assert (again.generation, count(again)) == ("1", len(REGIONS))
    again.close()


def test_a_rebuild_of_another_release_that_was_killed_is_no_obstacle(tmp_path: Path) -> None:
    earlier = without("doc_kind VARCHAR, ")
    Ledger(tmp_path, earlier).close()
    Ledger(tmp_path / "elsewhere", earlier).close()
    (tmp_path / "elsewhere" / "1").rename(tmp_path / "2")
    ledger = Ledger(tmp_path, language)

    assert (ledger.generation, ledger.positions()) == ("2", {})
    ledger.close()


def test_of_this_release_it_goes_on(tmp_path: Path) -> None:
    digest = left_behind(tmp_path, language)
    ledger = Ledger(tmp_path, language)

    assert (ledger.generation, ledger.digest()) == ("1", digest)
    ledger.close()
