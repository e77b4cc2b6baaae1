"""A file that is no such file is refused whole, before it costs anything."""

import io
import zipfile
from collections.abc import Mapping

import pytest

from shared.kernel.line import BEYOND
from shared.runtime.bulk import FREE_BYTES, MOST_FILES, Unreadable, rows, unzipped


def zipped(files: Mapping[str, bytes]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return into.getvalue()


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"users.csv": b"\n" * (FREE_BYTES + 1)}, "после распаковки больше 32 МиБ"),
        ({f"{n}.csv": b"\n" * (FREE_BYTES // 8) for n in range(9)}, "после распаковки"),
        ({f"{n}.csv": b"" for n in range(MOST_FILES + 1)}, "файлов больше 100"),
    ],
)
def test_a_package_that_unpacks_to_too_much_is_refused(
    files: Mapping[str, bytes], why: str
) -> None:
    """§3: bounded bodies, also when they come packed."""
    with pytest.raises(Unreadable, match=why):
        unzipped(zipped(files), "Пакет")


def test_a_package_is_unpacked_file_by_file() -> None:
    files = {"users.csv": b"sourcedId\n1\n", "roles.csv": b"sourcedId\n"}

    assert unzipped(zipped(files | {"readme.txt": b""}), "Пакет") == files


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"sourcedId;status\n1;active\n", "столбцы разделяет запятая"),
        (b"sourcedId\tstatus\n1\tactive\n", "столбцы разделяет запятая"),
        (b"", "нет строки заголовков"),
        ("имя\n".encode("cp1251"), "байт 0 — не UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_once(content: bytes, why: str) -> None:
    """§5: а не по разу за каждую строку."""
    with pytest.raises(Unreadable, match=why):
        rows(content, "users.csv")


def test_a_row_that_cannot_be_read_is_told_in_russian() -> None:
    """§5: строка, причина и пункт, как у прочих; чужих слов и самого значения нет."""
    with pytest.raises(Unreadable) as told:
        rows(b'a,b\n1,2\n3,"' + b"x\n" * 70_000, "users.csv")

    assert str(told.value) == (
        "users.csv, строка 3: не читается, значение длиннее 131072 знаков:"
        " возможно, кавычка не закрыта (S1 5.5)"
    )


def test_a_quote_that_is_not_closed_takes_no_row_with_it() -> None:
    """S1 5.5: иначе строки за ней пропали бы, а их работы окончились бы."""
    said = b'id,subject\nr1,MATH\nr2,"MATH\nr3,MATH\nr4,MATH\n'
    with pytest.raises(Unreadable, match="кавычка не закрыта"):
        rows(said, "roles.csv")


def test_what_stands_beyond_the_columns_is_seen() -> None:
    [whole, blank, more] = rows(b" id ,name\n1,a\n2,b,\n3,c,d\n", "users.csv")

    assert (whole, blank) == ({"id": "1", "name": "a"}, {"id": "2", "name": "b"})
    assert more[BEYOND]


def test_a_column_is_named_once() -> None:
    with pytest.raises(Unreadable, match="столбец id назван дважды"):
        rows(b"id,name, id\n1,a,2\n", "users.csv")


TABLE = b"id\n" + b"1\n" * 1000
WHOLE = zipped({"users.csv": TABLE})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (zipped({"a/users.csv": TABLE, "b/users.csv": TABLE}), "в двух папках"),
        (WHOLE.replace(b"\x14\x00\x00\x00\x08", b"\x14\x00\x01\x00\x08"), "зашифрован"),
        (WHOLE[:42] + b"\xff" * 6 + WHOLE[48:], "повреждён"),
    ],
)
def test_an_archive_that_cannot_be_unpacked_is_told(said: bytes, why: str) -> None:
    """S1 5.5: повреждённый, зашифрованный, двусмысленный архив — одна ясная строка."""
    with pytest.raises(Unreadable, match=why):
        unzipped(said, "roster.zip")
