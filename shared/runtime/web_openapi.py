"""What doors say of themselves in OpenAPI, and the one document of a service."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.runtime.problems import SCHEMA
from shared.runtime.schemas import Accepted, Opened

ANSWER: dict[str, Any] = {
    "type": "object",
    "title": "Answer",
    "required": ["version", "position", "event_ids"],
    "properties": {
        "version": {"type": "integer", "description": "версия после команды"},
        "position": {"type": "integer", "description": "для чтения с min_position"},
        "event_ids": {
            "type": "array",
            "items": {"type": "string", "format": "uuid"},
            "description": "что сказано; пусто, если так уже и было",
        },
    },
}
ANSWERED: dict[str, Any] = {
    "type": "object",
    "title": "Answered",
    "required": ["status", *ANSWER["required"]],
    "properties": {
        "status": {"enum": ["accepted", "unchanged", "refused", "conflict"]},
        **ANSWER["properties"],
        "clause": {"type": ["string", "null"]},
        "reason": {"type": ["string", "null"]},
    },
}
COMPONENTS = {"Answer": ANSWER, "Answered": ANSWERED, "Problem": SCHEMA}

VERSION = {"type": "string", "pattern": r'^"\d{1,9}"$'}
ETAG: dict[str, Any] = {
    "ETag": {"description": "версия; её же ждёт `If-Match` команды", "schema": VERSION}
}
COMMAND_ID: dict[str, Any] = {
    "name": "command_id",
    "in": "path",
    "required": True,
    "description": "тот же Idempotency-Key",
    "schema": {"type": "string", "pattern": r"^[\w.~-]{1,200}$"},
}
COMMAND_HEADERS: list[dict[str, Any]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "номер команды: повтор с ним даст тот же ответ",
        "schema": {"type": "string", "pattern": r"^[!#-~]{1,200}$"},
    },
    {
        "name": "If-Match",
        "in": "header",
        "description": "версия, которую видел проситель",
        "schema": VERSION,
    },
]


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare problems for OpenAPI."""
    ref = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": "", "content": {"application/problem+json": ref}}
        for status in statuses
    }


def found(name: str, description: str) -> dict[int | str, dict[str, Any]]:
    """Declare a good answer for OpenAPI."""
    ref = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return {200: {"description": description, "content": {"application/json": ref}}}


def done() -> dict[int | str, dict[str, Any]]:
    """Declare the good answer to a command for OpenAPI."""
    said = found("Answer", "Исполнено, либо так уже и было")
    return {status: each | {"headers": ETAG} for status, each in said.items()}


def path_parameters(accepted: Accepted) -> list[dict[str, Any]]:
    """Declare for OpenAPI the fields of a command that stand in its path."""
    return [
        {"name": name, "in": "path", "required": True, "schema": _bare(adapter)}
        for name, adapter in accepted.in_path.items()
    ]


def _bare(adapter: Any) -> dict[str, Any]:
    said = adapter.json_schema()
    inner = said.pop("$defs", {})
    if "$ref" in said:
        return inner[said["$ref"].rpartition("/")[2]]
    return said


def describe(app: FastAPI, doors: Sequence[Opened], public: Collection[str]) -> None:
    """Let `/openapi.json` tell all: bodies, examples, problems, tokens.

    `public` are the paths that want no token. It is made when it is first asked for, and
    then ValueError says that two shapes have one name; `docs/openapi` is made of it too.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, doors, public)
        return app.openapi_schema

    app.openapi = openapi


def _document(app: FastAPI, doors: Sequence[Opened], public: Collection[str]) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    for name, schema in _shapes(doors):
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two shapes are called {name}")
    schemas |= COMPONENTS
    for door in (each.door for each in doors if each.door.example):
        # said here, for FastAPI would leave the nulls of an example out
        body = document["paths"][door.path]["post"]["requestBody"]
        body["content"]["application/json"]["example"] = door.example
    components["securitySchemes"] = {
        "oidc": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in public else [{"oidc": []}]
    return document


def _shapes(doors: Sequence[Opened]) -> Iterable[tuple[str, dict[str, Any]]]:
    for each in doors:
        schema = each.accepted.body.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        yield from schema.pop("$defs", {}).items()
        yield each.door.command.__name__, schema
