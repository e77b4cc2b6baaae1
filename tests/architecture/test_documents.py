"""What is written by hand agrees with the code, what is generated is fresh."""

import ast
import csv
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from metodika.cli import metodika
from metodika.documents import documents
from shared.kernel import Kind, catalogue

ROOT = Path(__file__).parents[2]
ADR = sorted((ROOT / "docs/adr").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HEADINGS = ["## Context", "## Decision", "## What it costs"]
LONGEST_ADR = 60
TEXT = {".csv", ".json", ".md", ".py", ".sh", ".sql", ".toml", ".txt", ".xml", ".yaml", ".yml"}
MACHINE = re.compile(
    r"(?<![\w.$}/:])/(?:home|root|Users|work)/[\w.-]+"
    r"|(?:index-url|--index|find-links)[ =]+\S*https?://"
    r"|https?://[^\s\"'<>)]*(?:artifactory|nexus|/simple/|/pypi/|proxy\.)"
)
CALL = re.compile(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?metodika (.+)$", re.MULTILINE)
MAKE = re.compile(r"\bmake ([a-z]+)\b")


def test_every_clause_that_code_cites_has_a_test() -> None:
    """§8: docs/traceability.md leads from a clause to its test, whatever the clause."""
    rows = re.findall(
        r"^\| ([^|]+) \| .* \| (.+) \|$", documents()["docs/traceability.md"], re.MULTILINE
    )

    assert len(rows) > 60
    assert [clause for clause, tests in rows[1:] if tests == "–"] == []


def test_every_cited_clause_of_a_founding_document_has_its_row() -> None:
    """Who comes with a row of the catalogue finds the rule by it."""
    cited = re.findall(
        r"^\| (S[0-4] [^|]+) \|", documents()["docs/traceability.md"], re.MULTILINE
    )
    with (ROOT / "metodika/clauses.csv").open(encoding="utf-8") as file:
        rows = {each["cited"] for each in csv.DictReader(file)}

    assert cited
    assert set(cited) == rows


# ── The glossary ────────────────────────────────────────────────────────────


def rows() -> list[list[str]]:
    lines = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line[:1] == "|"
    ]
    return [row for row in cells if row[0] not in {"рус.", "---"}]


def named_in(row: list[str]) -> list[str]:
    return re.findall(r"`([^`]+)`", row[2])


@cache
def said_in_code() -> set[str]:
    """Return every name and every word that the code of the system has."""
    found: set[str] = set()
    for folder in ("shared", "services", "metodika"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)):
                found |= set(_names(node))
    return found


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name):
            yield name
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            yield name
        case ast.Constant(value=str(text)):
            yield text
            yield from re.findall(r"MACRO (\w+)", text)
        case _:
            pass


def test_the_glossary_is_a_table_of_four_columns() -> None:
    wrong = [row for row in rows() if len(row) != 4 or not all(row)]

    assert not wrong
    assert len(rows()) >= 70


@pytest.mark.parametrize("kind", catalogue.values(), ids=lambda it: it.name)
def test_each_fact_has_its_row(kind: Kind) -> None:
    said = {name for row in rows() for name in named_in(row)}

    assert kind.fact.__name__ in said


@pytest.mark.parametrize("row", rows(), ids=lambda it: it[1])
def test_each_name_of_the_glossary_is_in_the_code(row: list[str]) -> None:
    names = named_in(row)

    assert names
    assert set(names) <= said_in_code()


# ── Decisions ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", ADR, ids=lambda it: it.stem)
def test_a_decision_is_a_short_page_of_three_parts(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("## ")] == HEADINGS
    assert lines[0].startswith(f"# {page.stem[:4]} · ")
    assert len(lines) <= LONGEST_ADR


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [page.stem[:4] for page in ADR] == [f"{n:04}" for n in range(len(ADR))]


def test_each_library_is_in_the_log() -> None:
    """A dependency that nobody chose is nobody's to mend."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.findall(r'^  "([a-z][\w-]+)(?:\[[^\]]*\])?[>=<]', text, re.MULTILINE)
    log = (ROOT / "docs/adr/0000-libraries.md").read_text(encoding="utf-8")
    known = set(re.findall(r"[a-z][\w-]+", log))

    assert wanted
    assert {name for name in wanted if _family(name) not in known} == set()


def _family(name: str) -> str:
    return "opentelemetry" if name.startswith("opentelemetry-") else name


# ── What is generated, and what is promised ─────────────────────────────────


@pytest.mark.parametrize("name", documents())
def test_a_generated_document_is_fresh(name: str) -> None:
    """Stale? `make docs` writes them."""
    path = ROOT / name

    assert path.exists()
    assert path.read_text(encoding="utf-8") == documents()[name]


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]

    assert {"demo", "test"} <= set(MAKE.findall(opening))


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_what_a_page_tells_to_make_can_be_made(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    asked = {target for code in code_of(page) for target in MAKE.findall(code)}

    assert asked <= targets


def calls() -> list[tuple[str, str]]:
    found = (
        (page.name, line.partition("#")[0].strip())
        for page in PAGES
        for code in code_of(page)
        for line in CALL.findall(code.replace("\\\n", " "))
    )
    return list(dict.fromkeys(found))


def code_of(page: Path) -> list[str]:
    """Return what stands in blocks of shell and between backticks."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    shell = [code for language, code in blocks if language == "sh"]
    return [*shell, *re.findall(r"`([^`\n]+)`", prose)]


@pytest.mark.parametrize(("page", "call"), calls())
def test_what_a_page_tells_to_type_is_understood(page: str, call: str) -> None:
    """Each command exists with each option that a page gives it."""
    del page
    command: click.Command = metodika
    words = [word for word in call.split() if word != "…"]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found
        command = found
    options = {opt for it in command.params for opt in (*it.opts, *it.secondary_opts)}
    asked = {word.partition("=")[0] for word in words if word.startswith("--")}

    assert asked <= options | {"--help", "--version"}


@pytest.mark.parametrize("page", [*PAGES, *ADR], ids=lambda it: it.name)
def test_a_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


# ── No machine of ours ──────────────────────────────────────────────────────


def tracked() -> list[Path]:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        said = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as why:
        pytest.skip(f"no git here: {why}")
    paths = (ROOT / name for name in said.stdout.split("\0") if name)
    named = {"Makefile", "Dockerfile"}
    return [it for it in paths if (it.suffix in TEXT or it.name in named) and it.exists()]


def test_no_file_names_a_machine_or_an_index() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {hit}"
        for path in tracked()
        if path != Path(__file__)
        for hit in MACHINE.findall(path.read_text(encoding="utf-8"))
    ]

    assert found == []


@pytest.mark.parametrize(
    "line",
    ["see /home/somebody/x", "--index-url https://mirror.example", "https://nexus.a/b"],
)
def test_a_machine_would_be_noticed(line: str) -> None:
    assert MACHINE.search(line)
