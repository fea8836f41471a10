# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse `service_settings` as 9.6 or later does: the first problem ends the parsing.

Sources: `ObjectParser`, `ConstructingObjectParser`, `RateLimitSettings` and `AnthropicChatCompletionServiceSettings`.
Derived: the messages of nested failures.
"""

from __future__ import annotations

from typing import Any

from .errors import ApiError, Cause, illegal_argument
from .jsontext import render
from .settings import LONGS, empty_text, missing, uri_problem

ERROR_TYPE = "x_content_parse_exception"
SCOPE = "service_settings"
TEXTS = ("model_id", "url")
LIMIT = "rate_limit"
PER_MINUTE = "requests_per_minute"


def parse_created(given: dict[str, Any]) -> tuple[str, str | None, int | None]:
    """Return the model, the URL and the rate limit of a create. Raises ApiError."""
    limit = None
    for name, value in given.items():
        if name == LIMIT:
            limit = rate_limit(given, value)
        elif name in TEXTS:
            _check_text(given, name, value)
        elif name != "api_key":
            raise unknown_field(given, name)
    model_id, url = given.get("model_id"), given.get("url")
    if model_id is None:
        raise illegal_argument(missing(SCOPE, "model_id"))
    for name in TEXTS:
        if given.get(name) == "":
            raise illegal_argument(empty_text(SCOPE, name))
    if url and (problem := uri_problem(url)):
        raise illegal_argument(problem)
    return model_id, url, limit


def parse_updated(given: dict[str, Any], *, default: int) -> int | None:
    """Return the rate limit of an update, None if not set. Null and {} mean the default. Raises ApiError."""
    for name in given:
        if name not in (LIMIT, "api_key"):
            raise unknown_field(given, name)
    if LIMIT not in given:
        return None
    limit = None if given[LIMIT] is None else rate_limit(given, given[LIMIT])
    return default if limit is None else limit


def rate_limit(given: dict[str, Any], value: object) -> int | None:
    """Return the number in `rate_limit`, None if it is empty. Raises ApiError."""
    if not isinstance(value, dict):
        raise wrong_token(given, LIMIT, value)
    outer = column_of(given, LIMIT) + len(render(LIMIT)) + 1
    for name in value:
        if name != PER_MINUTE:
            column = outer + column_of(value, name) - 1
            raise failed_field(column, LIMIT, Cause(ERROR_TYPE, f"[1:{column}] [{LIMIT}] unknown field [{name}]"))
    if PER_MINUTE not in value:
        return None
    column = outer + column_of(value, PER_MINUTE) + len(render(PER_MINUTE))
    return _per_minute(value[PER_MINUTE], column)


def _per_minute(value: object, column: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        words = f"[1:{column}] [{LIMIT}] {PER_MINUTE} doesn't support values of type: {_token(value)}"
        raise failed_field(column, LIMIT, Cause(ERROR_TYPE, words))
    try:
        number = int(float(value))
    except ValueError:
        below = Cause("illegal_argument_exception", f'For input string: "{value}"')
        raise failed_field(
            column,
            LIMIT,
            Cause(ERROR_TYPE, f"[1:{column}] [{LIMIT}] failed to parse field [{PER_MINUTE}]", caused_by=below),
        ) from None
    if number <= 0 or number not in LONGS:
        below = Cause("illegal_argument_exception", "requests per minute must be positive")
        words = f"Failed to build [{LIMIT}] after last required field arrived"
        raise failed_field(column, LIMIT, Cause(ERROR_TYPE, words, caused_by=below))
    return number


def _check_text(given: dict[str, Any], name: str, value: object) -> None:
    if not isinstance(value, str):
        raise wrong_token(given, name, value)


def unknown_field(given: dict[str, Any], name: str) -> ApiError:
    """Return the error for a name that the parser does not declare."""
    return ApiError(400, ERROR_TYPE, f"[1:{column_of(given, name)}] [{SCOPE}] unknown field [{name}]")


def wrong_token(given: dict[str, Any], name: str, value: object) -> ApiError:
    """Return the error for a value of a type that the parser does not accept."""
    column = column_of(given, name) + len(render(name)) + 1
    return ApiError(400, ERROR_TYPE, f"[1:{column}] [{SCOPE}] {name} doesn't support values of type: {_token(value)}")


def failed_field(column: int, name: str, cause: Cause) -> ApiError:
    """Return the error for a value that a nested parser or a builder rejects."""
    return ApiError(400, ERROR_TYPE, f"[1:{column}] [{SCOPE}] failed to parse field [{name}]", caused_by=cause)


def _token(value: object) -> str:
    if value is None:
        return "VALUE_NULL"
    names = {bool: "VALUE_BOOLEAN", str: "VALUE_STRING", list: "START_ARRAY", dict: "START_OBJECT"}
    return names.get(type(value), "VALUE_NUMBER")


def column_of(settings: dict[str, Any], name: str) -> int:
    """Return the column of a field name in the JSON that the server generates from the map."""
    column = 2
    for other, value in settings.items():
        if other == name:
            break
        column += len(render(other)) + len(render(value)) + 2
    return column
