"""Answers that are not what was hoped for: `application/problem+json`, RFC 9457."""

import errno
import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from shared.runtime.logs import log, where

MEDIA = "application/problem+json"
TYPE = "urn:metodika:problem:"

TITLES = {
    400: "Запрос не прочитан",
    401: "Нужен действительный токен доступа",
    403: "Нет права",
    404: "Не найдено",
    405: "Так сюда не обращаются",
    409: "Отказано",
    410: "Уничтожено",
    412: "Версия уже другая",
    413: "Слишком длинно",
    415: "Нужен application/json",
    422: "Запрос составлен неверно",
    500: "Внутренняя ошибка",
    503: "Сейчас ответа нет, повторите позже",
    507: "Нет места для записи",
}
"""What a status means, as a person reads it."""

MOST = 20
"""How many wrong fields are told at once."""

PLAIN_NAME = re.compile(r"\w{1,60}", re.ASCII)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "clause": {
            "type": "string",
            "description": "пункт документа, по которому отказано",
        },
        "version": {"type": "integer", "description": "текущая версия"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {
                    "field": {"type": "string"},
                    "reason": {"type": "string"},
                },
            },
        },
    },
}


class Problem(Exception):  # noqa: N818 - it is an answer
    """End the request with this answer. `said` are members beside the standard ones."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        said: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {
            "type": TYPE + kind,
            "title": TITLES[status],
            "status": status,
            **({"detail": detail} if detail else {}),
            **(said or {}),
        }

    def response(self) -> Response:
        """Return it as bytes on their way."""
        return Response(
            msgspec.json.encode(self.body), self.status, self.headers, media_type=MEDIA
        )


def malformed(*errors: tuple[str, str]) -> Problem:
    """Say which fields are wrong and why, never what they held."""
    said = [{"field": field, "reason": reason} for field, reason in errors]
    return Problem(422, "malformed", said={"errors": said})


MOMENT = "нужен момент с часовым поясом, ГГГГ-ММ-ДДTчч:мм:ссZ"
REASONS = {
    "missing": "поля нет, а оно нужно",
    "extra_forbidden": "такого поля нет",
    "json_invalid": "это не JSON",
    "literal_error": "нет такого значения в перечне",
    "uuid_parsing": "нужен UUID",
    "uuid_type": "нужен UUID",
    "date_from_datetime_parsing": "нужен день, ГГГГ-ММ-ДД",
    "date_from_datetime_inexact": "нужен день, ГГГГ-ММ-ДД",
    "date_parsing": "нужен день, ГГГГ-ММ-ДД",
    "value_error": "вне допустимого",
    "model_type": "нужен объект JSON",
    "dict_type": "нужен объект JSON",
    "tuple_type": "нужен список",
    "too_long": "слишком много",
    "union_tag_not_found": "поля `type` нет, а оно нужно",
    "union_tag_invalid": "в `type` не факт этой службы",
    "date_type": "нужен день, ГГГГ-ММ-ДД",
    "string_type": "нужна строка",
    "string_too_long": "слишком длинно",
    "string_too_short": "пусто",
    "string_pattern_mismatch": "не той формы",
    "int_type": "нужно целое число",
    "int_parsing": "нужно целое число",
    "int_parsing_size": "вне допустимого",
    "float_parsing": "нужно число",
    "int_from_float": "нужно целое число",
    "bool_type": "нужно true или false",
    "bool_parsing": "нужно true или false",
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "datetime_type": MOMENT,
    "greater_than": "меньше допустимого",
    "greater_than_equal": "меньше допустимого",
    "less_than": "больше допустимого",
    "less_than_equal": "больше допустимого",
}
"""What pydantic's kinds of errors mean; its own texts may quote what was sent."""


def unreadable(wrong: ValidationError | RequestValidationError) -> Problem:
    """Say what pydantic found, without input and context: they may name a person."""
    if isinstance(wrong, ValidationError):
        found: Any = wrong.errors(include_url=False, include_context=False, include_input=False)
    else:
        found = wrong.errors()
    reasons = ((each["loc"], each["type"]) for each in found[:MOST])
    return malformed(
        *((_field(at), REASONS.get(kind, f"не годится: {kind}")) for at, kind in reasons)
    )


def twice(places: Sequence[tuple[int | str, ...]]) -> Problem:
    """Say which fields a body names more than once."""
    return malformed(*((_field(at), "поле названо дважды") for at in places[:MOST]))


def _field(loc: tuple[int | str, ...]) -> str:
    """Name a field; an unknown one is the sender's own text, so only if it is ASCII."""
    names = (str(each) for each in loc)
    return ".".join(each if PLAIN_NAME.fullmatch(each) else "?" for each in names)


def retry(after: int, kind: str, detail: str = "") -> Problem:
    """Say that a later try may do better; `after` in seconds."""
    return Problem(503, kind, detail, headers={"Retry-After": str(after)})


def of_failure(error: BaseException) -> Problem:
    """Say what a failure of the world means: no room, not there now, or a mistake."""
    match error:
        case psycopg.errors.DiskFull():
            return Problem(507, "no-room")
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Problem(507, "no-room")
        case sqlite3.OperationalError() if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            return Problem(507, "no-room")
        case psycopg.OperationalError() | sqlite3.OperationalError() | ConnectionError():
            return retry(2, "away")
        case _:
            return Problem(500, "failed")


def answer_problems(app: Starlette) -> None:
    """Give every unhappy end of a request the one form."""

    async def told(_: Request, error: Exception) -> Response:
        match error:
            case Problem():
                return error.response()
            case RequestValidationError() | ValidationError():
                return unreadable(error).response()
            case HTTPException():
                return _plain(error)
            case _:
                log.error("request failed", error=type(error).__name__, at=where(error))
                return of_failure(error).response()

    for kind in (Problem, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, told)


def _plain(error: HTTPException) -> Response:
    status = error.status_code if error.status_code in TITLES else 400
    return Problem(status, "http", headers=error.headers).response()
