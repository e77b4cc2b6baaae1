"""What was ever stored can be read for ever, and means what it meant."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

import shared.events
from shared.kernel import Kind, catalogue
from shared.runtime import codec
from tests.contracts.corpus import CORPUS, name_of

FILES = sorted(CORPUS.glob("*.json"))

assert shared.events


@pytest.mark.parametrize("kind", catalogue.values(), ids=lambda it: it.name)
def test_each_fact_has_its_place_in_the_corpus(kind: Kind) -> None:
    assert (CORPUS / name_of(kind)).exists(), "python -m tests.contracts.corpus"


@pytest.mark.parametrize("file", FILES, ids=lambda it: it.stem)
@pytest.mark.parametrize("form", ["whole", "least"])
def test_what_was_stored_is_read_as_it_was_meant(file: Path, form: str) -> None:
    name, schema = file.stem.rsplit(".", 1)
    stored = json.loads(file.read_text(encoding="utf-8"))[form]

    fact = codec.decode(name, int(schema), stored["data"].encode())

    assert sha256(repr(fact).encode()).hexdigest() == stored["sha256"]


@pytest.mark.parametrize("file", FILES, ids=lambda it: it.stem)
def test_what_is_read_is_stored_with_the_same_bytes(file: Path) -> None:
    name, schema = file.stem.rsplit(".", 1)
    stored = json.loads(file.read_text(encoding="utf-8"))["whole"]
    if int(schema) != catalogue[name].schema:
        return  # an older schema is read, and never written again

    assert codec.encode(codec.decode(name, int(schema), stored["data"].encode())) == (
        stored["data"].encode()
    )
