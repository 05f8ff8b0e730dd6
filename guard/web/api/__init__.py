"""The JSON API, version 1: a route for each question and word of the desk, by a bearer token; described by OpenAPI."""

from __future__ import annotations

from fastapi import APIRouter

from guard.web.api import description, looking, money, words

router = APIRouter()
for module in (looking, money, words, description):
    router.include_router(module.router)

__all__ = ["router"]
