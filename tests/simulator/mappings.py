# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mappings of an index, and their effect on documents.

The rules are those of `ObjectMapper`, `DocumentParser`, and the mappers of the field types in the server. Types that
the server supports and this simulator does not are a 501, never a guess. The messages for values that Jackson itself
rejects (a boolean for a number, a number that is too large, invalid base64) are not confirmed.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import jsontext
from .errors import ApiError, Cause, PlainError
from .jsontext import java_text
from .settings import INTEGERS, LONGS

COMMON = frozenset({"type", "index", "store", "meta"})
PARAMETERS = {
    "keyword": COMMON | {"doc_values", "ignore_above"},
    "text": COMMON | {"norms"},
    "date": COMMON | {"doc_values", "format"},
    "integer": COMMON | {"doc_values"},
    "long": COMMON | {"doc_values"},
    "float": COMMON | {"doc_values"},
    "boolean": COMMON | {"doc_values"},
    "binary": frozenset({"type", "doc_values", "store", "meta"}),
    "object": frozenset({"type", "dynamic", "enabled", "properties"}),
    "semantic_text": frozenset(
        {"type", "meta", "inference_id", "search_inference_id", "chunking_settings", "index_options"}
    ),
}
#: The default endpoint of a field (`SemanticTextFieldMapper`). Later servers may have a different one.
DEFAULT_ENDPOINT = ".elser-2-elasticsearch"
OTHER_TYPES = frozenset(
    {
        *("alias", "byte", "constant_keyword", "date_nanos", "dense_vector", "double", "flattened", "geo_point"),
        *("half_float", "ip", "join", "match_only_text", "nested", "scaled_float", "short"),
        *("sparse_vector", "unsigned_long", "version", "wildcard"),
    }
)
OTHER_PARAMETERS = frozenset(
    {
        *("analyzer", "coerce", "copy_to", "eager_global_ordinals", "fields", "ignore_malformed", "index_options"),
        *("locale", "normalizer", "null_value", "on_script_error", "script", "search_analyzer", "similarity"),
        *("split_queries_on_whitespace", "subobjects", "term_vector", "time_series_dimension", "time_series_metric"),
    }
)
OTHER_ROOT_PARAMETERS = frozenset(
    {
        *("_routing", "_size", "_source", "date_detection", "dynamic_date_formats", "dynamic_templates", "enabled"),
        *("numeric_detection", "runtime", "subobjects"),
    }
)
DYNAMIC: dict[type, str] = {bool: "boolean", int: "long", float: "float"}
DATE_FORMAT = "strict_date_optional_time||epoch_millis"
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(?:\d\d(?::\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?)?)?)?"
)
_MILLIS = re.compile(r"-?\d+(?:\.\d+)?")
_DECODER = json.JSONDecoder()


def checked_mappings(mappings: dict[str, Any]) -> dict[str, Any]:
    """Return the mappings of a new index, as the server prints them. Raises ApiError."""
    unknown = sorted(set(mappings) - {"dynamic", "properties", "_meta"})
    for name in unknown:
        _refuse_if_real(name, OTHER_ROOT_PARAMETERS)
    if unknown:
        listed = " ".join(f"[{name} : {java_text(mappings[name])}]" for name in unknown)
        raise _bad_mapping(f"Root mapping definition has unsupported parameters:  {listed}")
    found = dict(mappings)
    if "dynamic" in found:
        found["dynamic"] = _dynamic("_doc", found["dynamic"])
    if "properties" in found:
        found["properties"] = _properties(found["properties"])
    return found


def _properties(properties: Any) -> dict[str, Any]:
    if not isinstance(properties, dict):
        raise _bad_mapping("Expected map for property [properties]")
    return {name: _field(name, properties[name]) for name in sorted(properties)}


def _field(name: str, definition: Any) -> dict[str, Any]:
    if not isinstance(definition, dict):
        raise _bad_mapping(f"Expected map for property [fields] on field [{name}]")
    if "." in name:
        raise PlainError(501, f"this simulator does not support dots in field names, got [{name}]")
    kind = definition.get("type", "object" if "properties" in definition else None)
    if kind is None:
        raise _bad_mapping(f"No type specified for field [{name}]")
    _refuse_if_real(kind, OTHER_TYPES)
    if kind not in PARAMETERS:
        raise _bad_mapping(
            f"The mapper type [{java_text(kind)}] declared on field [{name}] does not exist. "
            "It might have been created within a future version or requires a plugin to be installed. "
            "Check the documentation."
        )
    for parameter in sorted(set(definition) - PARAMETERS[kind]):
        _refuse_if_real(parameter, OTHER_PARAMETERS)
        raise _bad_mapping(f"unknown parameter [{parameter}] on mapper [{name}] of type [{kind}]")
    if definition.get("format", DATE_FORMAT) != DATE_FORMAT:
        raise PlainError(501, f"this simulator supports only the date format [{DATE_FORMAT}]")
    if kind == "semantic_text":
        return {"type": kind, "inference_id": DEFAULT_ENDPOINT, **definition}
    return _object(name, definition) if kind == "object" else {"type": kind, **definition}


def inference_ids(mappings: dict[str, Any]) -> set[str]:
    """Return the endpoints that the fields of type `semantic_text` name (`InferenceFieldMetadata`)."""
    found = set()
    for definition in mappings.get("properties", {}).values():
        if definition.get("type") == "semantic_text":
            found |= {definition[name] for name in ("inference_id", "search_inference_id") if name in definition}
        found |= inference_ids(definition)
    return found


def _object(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    found = {parameter: value for parameter, value in definition.items() if parameter != "type"}
    if "dynamic" in found:
        found["dynamic"] = _dynamic(name, found["dynamic"])
    if "properties" not in found:
        return {"type": "object", **found}
    return {**found, "properties": _properties(found["properties"])}


def _dynamic(name: str, value: Any) -> str:
    text = java_text(value).lower()
    if text == "runtime":
        raise PlainError(501, "this simulator does not support runtime fields")
    if text not in ("true", "false", "strict"):
        reason = f"Could not convert [{name}.dynamic] to boolean"  # the words are not confirmed
        raise _bad_mapping(reason)
    return text


def _refuse_if_real(name: object, real: frozenset[str]) -> None:
    if name in real:
        raise PlainError(501, f"this simulator does not support the field type [{name}]")


def _bad_mapping(problem: str) -> ApiError:
    cause = Cause("mapper_parsing_exception", problem, own=True)
    return ApiError(400, "mapper_parsing_exception", f"Failed to parse mapping: {problem}", caused_by=cause)


@dataclass(frozen=True)
class Incoming:
    """A document that is being indexed. It keeps its bytes, because errors contain positions in them."""

    document_id: str
    content: bytes

    def parsed(self) -> dict[str, Any]:
        """Return the document. Raises ApiError for anything but a JSON object."""
        try:
            source = jsontext.parse(self.content)
        except jsontext.JsonError as error:
            place = f"[{error.line}:{error.column}]"
            below = Cause("json_parse_exception", error.problem)
            cause = _caused("x_content_parse_exception", f"{place} {error.problem}", below)
            raise _unparsable(f"{place} failed to parse: {place} {error.problem}", cause) from error
        if not isinstance(source, dict):
            raise _unparsable("[1:1] Malformed content, must start with an object")
        return source

    def mapped(self, mappings: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
        """Return the mappings with the new fields of the document. Raises ApiError."""
        return self._mapped_object(mappings, source, (), mappings.get("dynamic", "true"))

    def _mapped_object(
        self, mappings: dict[str, Any], source: dict[str, Any], path: tuple[str | int, ...], dynamic: str
    ) -> dict[str, Any]:
        known = dict(mappings.get("properties", {}))
        for name, value in source.items():
            if "." in name:
                raise PlainError(501, f"this simulator does not support dots in field names, got [{name}]")
            here = (*path, name)
            if name in known:
                known[name] = self._mapped_field(known[name], value, here, dynamic)
            elif dynamic == "strict":
                raise self._strict(here)
            elif dynamic == "true" and (definition := new_field(value)) is not None:
                known[name] = self._mapped_field(definition, value, here, dynamic)
        return {**mappings, "properties": {name: known[name] for name in sorted(known)}} if known else mappings

    def _mapped_field(
        self, definition: dict[str, Any], value: Any, path: tuple[str | int, ...], dynamic: str
    ) -> dict[str, Any]:
        for place, item in _items(value, path):
            if "properties" in definition or definition.get("type") == "object":
                if definition.get("enabled", True):
                    definition = self._mapped_inner(definition, item, place, dynamic)
            elif (problem := self._problem(definition["type"], item, place)) is not None:
                raise self._bad_value(definition["type"], item, place, problem)
        return definition

    def _mapped_inner(
        self, definition: dict[str, Any], value: Any, path: tuple[str | int, ...], dynamic: str
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            names = [part for part in path if isinstance(part, str)]
            start, _end = self._places(path)
            raise _unparsable(
                f"[{start}] object mapping for [{'.'.join(names)}] tried to parse field [{names[-1]}] as object, "
                "but found a concrete value"
            )
        return self._mapped_object(definition, value, path, definition.get("dynamic", dynamic))

    def _problem(self, kind: str, value: Any, path: tuple[str | int, ...]) -> Cause | None:
        if kind == "semantic_text":
            raise PlainError(501, "this simulator does not support inference for the fields of a document")
        if isinstance(value, dict):
            if kind in ("integer", "long", "float"):
                return Cause("illegal_argument_exception", "Cannot parse object as number")
            start, _end = self._places(path)
            return Cause("illegal_argument_exception", f"Expected text at {start} but found START_OBJECT")
        return CHECKS[kind](value) if kind in CHECKS else None

    def _strict(self, path: tuple[str | int, ...]) -> ApiError:
        start, _end = self._places(path)
        names = [part for part in path if isinstance(part, str)]
        reason = (
            f"[{start}] mapping set to strict, dynamic introduction of [{names[-1]}] "
            f"within [{'.'.join(names[:-1]) or '_doc'}] is not allowed"
        )
        return ApiError(400, "strict_dynamic_mapping_exception", reason)

    def _bad_value(self, kind: str, value: Any, path: tuple[str | int, ...], cause: Cause) -> ApiError:
        start, end = self._places(path)
        name = ".".join(part for part in path if isinstance(part, str))
        return _unparsable(
            f"[{end if isinstance(value, dict) else start}] failed to parse field [{name}] of type [{kind}] "
            f"in document with id '{self.document_id}'. Preview of field's value: '{java_text(value)}'",
            cause,
        )

    def _places(self, path: tuple[str | int, ...]) -> tuple[str, str]:
        """Return line and column of the first and of the last character of a value. Columns count bytes."""
        text = self.content.decode("utf-8")
        start = _start(text, path)
        _value, end = _DECODER.raw_decode(text, start)
        return _place(text, start), _place(text, end - 1)


def _caused(error_type: str, reason: str, below: Cause) -> Cause:
    return Cause(error_type, reason, (("caused_by", below.body()),))


def _unparsable(reason: str, cause: Cause | None = None) -> ApiError:
    return ApiError(400, "document_parsing_exception", reason, caused_by=cause)


def _items(value: Any, path: tuple[str | int, ...]) -> Iterable[tuple[tuple[str | int, ...], Any]]:
    """Return the values of a field. An array contains many values, null contains none."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _items(item, (*path, number))
    elif value is not None:
        yield path, value


def _start(text: str, path: tuple[str | int, ...]) -> int:
    """Return the start of the value at this path, in valid JSON."""
    position = _skip(text, 0)
    for step in path:
        position = _skip(text, position + 1)
        number = 0
        while True:
            name: Any = number
            if isinstance(step, str):
                name, position = _DECODER.raw_decode(text, position)
                position = _skip(text, _skip(text, position) + 1)
            if name == step:
                break
            _value, position = _DECODER.raw_decode(text, position)
            position = _skip(text, _skip(text, position) + 1)
            number += 1
    return position


def _skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n":
        position += 1
    return position


def _place(text: str, position: int) -> str:
    line_start = text.rfind("\n", 0, position) + 1
    return f"{text.count(chr(10), 0, position) + 1}:{len(text[line_start:position].encode()) + 1}"


def new_field(value: Any) -> dict[str, Any] | None:
    """Return the mapping that dynamic mapping derives from a value, or None (`DynamicFieldsBuilder`)."""
    if isinstance(value, list):
        return next((found for item in value if (found := new_field(item)) is not None), None)
    if isinstance(value, dict):
        return {"properties": {}} if value else {"type": "object"}
    if not isinstance(value, str):
        return {"type": DYNAMIC[type(value)]} if value is not None else None
    if _DATE.fullmatch(value) and len(value) > len("2026") and _problem_of_date(value) is None:
        return {"type": "date"}
    return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}


def _problem_of_number(kind: str, numbers: range) -> Callable[[Any], Cause | None]:
    error_type = "illegal_argument_exception" if kind == "long" else "number_format_exception"

    def problem(value: Any) -> Cause | None:
        if isinstance(value, bool):
            reason = f"Current token (VALUE_{str(value).upper()}) not numeric, can not use numeric value accessors"
            return Cause("x_content_parse_exception", reason)
        try:
            number = int(value) if isinstance(value, int) else int(float(value))
        except ValueError:
            return Cause(error_type, f'For input string: "{value}"')
        if number not in numbers:
            article = "an" if kind == "integer" else "a"
            return Cause("illegal_argument_exception", f"Value [{value}] is out of range for {article} {kind}")
        return None

    return problem


def _problem_of_float(value: Any) -> Cause | None:
    if isinstance(value, bool):
        return Cause("x_content_parse_exception", "Current token not numeric, can not use numeric value accessors")
    try:
        float(value)
    except ValueError:
        return Cause("number_format_exception", f'For input string: "{value}"')
    return None


def _problem_of_boolean(value: Any) -> Cause | None:
    if isinstance(value, bool) or value in ("true", "false", ""):
        return None
    reason = f"Failed to parse value [{java_text(value)}] as only [true] or [false] are allowed."
    return Cause("illegal_argument_exception", reason)


def _problem_of_date(value: Any) -> Cause | None:
    text = java_text(value)
    found = _DATE.fullmatch(text)
    if found and _is_day(int(found[1]), int(found[2] or 1), int(found[3] or 1)):
        return None
    if not isinstance(value, bool) and not found and _MILLIS.fullmatch(text):
        return None
    below = Cause("date_time_parse_exception", "Failed to parse with all enclosed parsers")
    reason = f"failed to parse date field [{text}] with format [{DATE_FORMAT}]"
    return _caused("illegal_argument_exception", reason, below)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def _problem_of_binary(value: Any) -> Cause | None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return Cause("x_content_parse_exception", "Failed to decode VALUE_STRING as base64 (MIME-NO-LINEFEEDS)")
    return None


CHECKS: Mapping[str, Callable[[Any], Cause | None]] = {
    "integer": _problem_of_number("integer", INTEGERS),
    "long": _problem_of_number("long", LONGS),
    "float": _problem_of_float,
    "boolean": _problem_of_boolean,
    "date": _problem_of_date,
    "binary": _problem_of_binary,
}
