"""Doors for what was said wrong: restate a fact in full, or withdraw it (S1 7.2)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union
from uuid import UUID

from fastapi import APIRouter
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    RootModel,
    TypeAdapter,
    ValidationError,
    create_model,
)

from shared.events.registry import Role
from shared.kernel import Kind, kind_of
from shared.kernel.ids import EventId, Territory
from shared.runtime.asking import Asked, May, Outcome
from shared.runtime.codec import Basis
from shared.runtime.doors import Door
from shared.runtime.engine import Correct, Withdraw
from shared.runtime.problems import Problem, unreadable
from shared.runtime.schemas import BasisBody, built, key_of, shape
from shared.runtime.service import Service
from shared.runtime.web_commands import Commands

WHO: tuple[Role, ...] = ("federal", "region", "municipality", "organisation")
CORRECT = Door(
    command=Correct,
    path="/facts/{event_id}/correct",
    roles=WHO,
    summary="Исправить факт: сказать его заново целиком.",
)
WITHDRAW = Door(
    command=Withdraw,
    path="/facts/{event_id}/withdraw",
    roles=WHO,
    summary="Отозвать факт: этого не было.",
    example={"reason": "внесено по ошибке", "withdrawn_on": "2026-09-01"},
)
