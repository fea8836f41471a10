# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, read and delete indices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import jsontext
from .errors import ApiError, Cause, PlainError, illegal_argument
from .index_store import Index, IndexStore, invalid_name
from .jsontext import java_text
from .mappings import checked_mappings
from .messages import Answer
from .privileges import authorize_index
from .routes import TIMES, Call, Route
from .versions import Version

FORBIDDEN = (" ", '"', "*", ",", "/", "<", ">", "?", "\\", "|")
LONGEST_NAME = 255
BOOLEANS = ("true", "false")
WHOLE = re.compile(r"\d+")
EXPANSION = re.compile(r"\d+-(?:\d+|all)|false")
SHARDS = ("index.number_of_shards", "index.number_of_replicas")
# Each supported setting, and whether serverless supports it (Elastic's "Serverless index settings list").
SETTINGS = {
    "index.number_of_shards": False,
    "index.number_of_replicas": False,
    "index.auto_expand_replicas": False,
    "index.hidden": True,
    "index.blocks.write": True,
    "index.refresh_interval": True,
}
CREATE_PARAMETERS = TIMES
READ_PARAMETERS = frozenset({"master_timeout"})
DELETE_PARAMETERS = TIMES | {"ignore_unavailable"}
OF_EXPRESSIONS = frozenset({"allow_no_indices", "expand_wildcards", "ignore_unavailable", "local"})


@dataclass(frozen=True)
class Indices:
    """The handlers of `/{index}`."""

    version: Version
    indices: IndexStore

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of requests about indices."""
        path, mapping = "/{index}", "/{index}/_mapping"
        more = OF_EXPRESSIONS | {"features", "flat_settings", "include_defaults"}
        return (
            Route(
                "PUT",
                path,
                "",
                "",
                self.create,
                CREATE_PARAMETERS,
                takes_body=True,
                missing_body="",
                unsimulated=frozenset({"wait_for_active_shards"}),
            ),
            Route("GET", path, "", "", self.read, READ_PARAMETERS, unsimulated=more),
            Route("HEAD", path, "", "", self.exists, READ_PARAMETERS, unsimulated=more),
            Route("DELETE", path, "", "", self.delete, DELETE_PARAMETERS, unsimulated=OF_EXPRESSIONS),
            Route("GET", mapping, "", "", self.read_mappings, READ_PARAMETERS, unsimulated=OF_EXPRESSIONS),
        )

    def create(self, call: Call) -> Answer:
        """Answer `PUT /{index}`. Mappings, settings, and the body are optional (`CreateIndexRequest`)."""
        name, body = call.variables["index"], _body(call)
        settings = _flat_settings(body.get("settings", {}))
        if self.version.serverless:
            _refuse_unavailable(settings)
        authorize_index(call.identity, "indices:admin/create", name)
        check_name(name)
        self.indices.check_free(name)
        _check_settings(settings)
        self.indices.create(Index(name, checked_mappings(body.get("mappings", {})), settings))
        return Answer(200, {"acknowledged": True, "shards_acknowledged": True, "index": name})

    def read(self, call: Call) -> Answer:
        """Answer `GET /{index}` with aliases, mappings, and settings."""
        index = self._found(call, "indices:admin/get")
        body = {"aliases": {}, "mappings": index.mappings, "settings": {"index": self._settings(index)}}
        return Answer(200, {index.name: body})

    def exists(self, call: Call) -> Answer:
        """Answer `HEAD /{index}`: a 404 without a body if the index does not exist."""
        name = call.variables["index"]
        authorize_index(call.identity, "indices:admin/get", name)
        check_expression(name)
        return Answer(200 if self.indices.exists(name) else 404, b"", "text/plain")

    def read_mappings(self, call: Call) -> Answer:
        """Answer `GET /{index}/_mapping`."""
        index = self._found(call, "indices:admin/mappings/get")
        return Answer(200, {index.name: {"mappings": index.mappings}})

    def delete(self, call: Call) -> Answer:
        """Answer `DELETE /{index}` for one index, as with `action.destructive_requires_name`."""
        name, lenient = call.variables["index"], call.request.flag("ignore_unavailable")
        if "*" in name or name == "_all":
            raise illegal_argument("Wildcard expressions or all indices are not allowed")
        authorize_index(call.identity, "indices:admin/delete", name)
        check_expression(name)
        if self.indices.exists(name) or not lenient:
            self.indices.delete(name)
        return Answer(200, {"acknowledged": True})

    def _found(self, call: Call, action: str) -> Index:
        name = call.variables["index"]
        authorize_index(call.identity, action, name)
        check_expression(name)
        return self.indices.get(name)

    def _settings(self, index: Index) -> dict[str, Any]:
        nested: dict[str, Any] = {}
        given = dict(index.settings)
        if not self.version.serverless:
            given = {SHARDS[0]: "1", **given, SHARDS[1]: str(index.copies - 1)}
        for name, value in given.items():
            first, _dot, second = name.removeprefix("index.").partition(".")
            if second:
                nested.setdefault(first, {})[second] = value
            else:
                nested[first] = value
        return {**nested, "provided_name": index.name, "creation_date": str(index.created), "uuid": index.uuid}


def check_name(name: str) -> None:
    """Reject an invalid index name (`MetadataCreateIndexService.validateIndexName`). Raises ApiError.

    The characters are in the order of 9.x, which differs from that of 8.x.
    """
    problems = (
        (any(one in name for one in FORBIDDEN), f"must not contain the following characters {_listed(FORBIDDEN)}"),
        ("#" in name, "must not contain '#'"),
        (":" in name, "must not contain ':'"),
        (name[:1] in "_-+", "must not start with '_', '-', or '+'"),
        (_size(name) > LONGEST_NAME, f"index name is too long, ({_size(name)} > {LONGEST_NAME})"),
        (name in (".", ".."), "must not be '.' or '..'"),
        (name.lower() != name, "must be lowercase"),
    )
    for wrong, why in problems:
        if wrong:
            raise invalid_name(name, why)


def check_expression(name: str) -> None:
    """Reject expressions, and names of APIs (`IndexNameExpressionResolver`). Raises RejectedError."""
    if name.startswith("_"):
        raise invalid_name(name, "must not start with '_'.")
    if any(one in name for one in "*,<"):
        raise PlainError(501, f"this simulator does not support index expressions, got [{name}]")


def _listed(characters: tuple[str, ...]) -> str:
    return "[" + ",".join(f"'{one}'" for one in characters) + "]"


def _size(name: str) -> int:
    return len(name.encode())


def _body(call: Call) -> dict[str, Any]:
    if not call.request.content:
        return {}
    try:
        body = jsontext.parse(call.request.content)
    except jsontext.JsonError as error:
        cause = Cause("x_content_parse_exception", f"[{error.line}:{error.column}] {error.problem}")
        raise ApiError(400, "parse_exception", "Failed to parse content to map", caused_by=cause) from error
    if not isinstance(body, dict):
        raise ApiError(400, "parse_exception", "Failed to parse content to map")
    for name, value in body.items():
        if name == "aliases":
            raise PlainError(501, "this simulator does not support aliases")
        if name not in ("mappings", "settings"):
            raise ApiError(400, "parse_exception", f"unknown key [{name}] for create index")
        if not isinstance(value, dict):
            raise ApiError(400, "parse_exception", f"key [{name}] must be an object")
    return body


def _flat_settings(settings: dict[str, Any], above: str = "") -> dict[str, str]:
    """Return settings by their full names. They can be nested in the request, or lack the prefix `index.`."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        whole = above + name
        if isinstance(value, dict):
            flat.update(_flat_settings(value, f"{whole}."))
        else:
            flat[whole if whole.startswith("index.") else f"index.{whole}"] = java_text(value)
    return flat


def _refuse_unavailable(settings: dict[str, str]) -> None:
    unavailable = [name for name in settings if SETTINGS.get(name) is False]
    if unavailable:
        listed = ",".join(sorted(unavailable))
        raise illegal_argument(f"Settings [{listed}] are not available when running in serverless mode")


def _check_settings(settings: dict[str, str]) -> None:
    for name, value in settings.items():
        if name not in SETTINGS:
            raise PlainError(501, f"this simulator does not support the setting [{name}]")
        if name in SHARDS:
            least = 1 if name == SHARDS[0] else 0
            if not WHOLE.fullmatch(value):
                raise illegal_argument(f"Failed to parse value [{value}] for setting [{name}]")
            if int(value) < least:
                raise illegal_argument(f"Failed to parse value [{value}] for setting [{name}] must be >= {least}")
        elif name == "index.auto_expand_replicas":
            if not EXPANSION.fullmatch(value):
                place = value.find("-")
                raise illegal_argument(f"failed to parse [{name}] from value: [{value}] at index {place}")
        elif name != "index.refresh_interval" and value not in BOOLEANS:
            raise illegal_argument(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")
