# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free-form options of endpoints of any service, checked and converted according to the service of each endpoint.

Private to the collection.
"""

from __future__ import annotations

import functools
import json
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible.module_utils.common.validation import check_type_bool

from .._elasticsearch.text import join_names
from .._inference.endpoint import SETTINGS_GROUPS, is_task_type
from .._reconcile.declaration import ABSENT, PRESENT, Desired
from .._services.catalog import SERVICES, services
from .._services.secret_names import find_secrets, is_secret
from .._services.service import Service
from .endpoint_options import build_desired, declared_settings, merge_defaults, validate_id, validate_settings
from .raw_options import MISSING, UNSUPPORTED, InvalidOption, find_invalid_options, parse_structures, remove_nulls

#: Options that can contain secrets of endpoints.
_WITH_SECRETS = (*SETTINGS_GROUPS, "endpoints", "defaults")

_PASSED_ON = "It is passed to Elasticsearch unchanged."


class Declaration(NamedTuple):
    """The options of one endpoint, converted to the types of its service.

    :ivar declared: the options, without values of a wrong type.
    :ivar errors: errors of the conversion, as sentences.
    """

    service: Service
    declared: Mapping[str, Any]
    errors: list[str]

    def validate(self, update_secrets: str) -> list[str]:
        """Return all validation errors."""
        errors = _validate_identity(self.declared) + self.errors
        return errors + validate_settings(self.service, self.declared, update_secrets)

    @property
    def warnings(self) -> list[str]:
        """Warnings about options that look wrong, but that Elasticsearch may accept."""
        found = [*_service_warnings(self.service), *_task_type_warnings(self.service, self.declared["task_type"])]
        found += _setting_warnings(self.service, declared_settings(self.service, self.declared))
        found += self.service.advise(declared_settings(self.service, self.declared))
        return [f"{self.declared['inference_id']}: {text}" for text in found]

    @property
    def desired(self) -> Desired:
        """Desired state. A setting without a row is treated as a secret if its name looks like one."""
        wanted = build_desired(self.service, self.declared)
        return wanted.with_secrets([path for path in wanted.settings if self._looks_secret(path)])

    def _looks_secret(self, path: str) -> bool:
        return self.service.row(path) is None and any(map(is_secret, path.split(".")[1:]))


def any_endpoint_options() -> dict[str, Any]:
    """Return the argument spec of one endpoint."""
    return {
        "inference_id": {"type": "str", "required": True},
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
        "service": {"type": "str"},
        **any_body_options(),
    }


def any_body_options() -> dict[str, Any]:
    """Return the part of the argument spec that is also valid in the defaults of a service."""
    return {"task_type": {"type": "str"}, **{group: {"type": "dict"} for group in SETTINGS_GROUPS}}


def parse_declaration(declared: Mapping[str, Any]) -> Declaration:
    """Convert and check the options of one endpoint according to the rows of its service."""
    service = services(declared["service"] or "")
    spec = _spec(service.name)
    groups = {group: declared[group] for group in SETTINGS_GROUPS if declared.get(group) is not None}
    given = parse_structures(spec, remove_nulls(spec, groups))
    wrong = [invalid for invalid in find_invalid_options(spec, given) if invalid.fault not in (UNSUPPORTED, MISSING)]
    for invalid in wrong:
        _remove(given, invalid.place.partition("[")[0])
    converted, unreadable = _convert(spec, given)
    errors = [*describe_errors(wrong), *unreadable, *_remove_dotted_names(converted)]
    return Declaration(service, {**declared, **converted}, errors)


def describe_errors(wrong: Sequence[InvalidOption]) -> list[str]:
    """Return error messages for options with a wrong type, name, or value."""
    if not wrong:
        return []
    # Imported lazily, since most runs have no errors to describe.
    from .option_errors import validation_errors  # noqa: PLC0415

    return validation_errors(wrong)


@functools.lru_cache(maxsize=None)
def _spec(service: str) -> dict[str, Any]:
    """Return the argument spec of the settings of a service."""
    return services(service).options()


def _remove_dotted_names(groups: dict[str, Any]) -> list[str]:
    """Remove settings whose names contain dots, and return an error for each."""
    errors = []
    for group, settings in groups.items():
        for name in [name for name in settings if "." in name]:
            del settings[name]
            errors.append(f"{group} contains the dotted name {name}. Hint: nest the setting, as the API does.")
    return errors


def _remove(groups: dict[str, Any], path: str) -> None:
    """Remove a value from nested groups."""
    *names, last = path.split(".")
    for name in names:
        groups = groups.get(name, {})
    groups.pop(last, None)


def _convert(spec: Mapping[str, Any], given: Mapping[str, Any], prefix: str = "") -> tuple[dict[str, Any], list[str]]:
    """Return the settings converted to the types of their rows, and errors for values that cannot be converted."""
    result, errors = {}, []
    for name, value in given.items():
        option = spec.get(name, {})
        result[name] = value
        if "options" in option:
            result[name], inner_errors = _convert(option["options"], value, f"{prefix}{name}.")
            errors += inner_errors
        elif option.get("type") == "float":
            result[name] = float(value)
        elif option.get("type") == "bool":
            result[name] = check_type_bool(value)
        elif option.get("type") == "json":
            result[name] = _normalize_json(value)
            if result[name] is None:
                del result[name]
                errors.append(f"{prefix}{name} must be a dictionary or a string with a JSON object.")
    return result, errors


def _normalize_json(value: Any) -> str | None:
    """Return a dictionary, or a string with a JSON object, as normalized JSON. Return None for other values."""
    try:
        read_value = json.loads(value) if isinstance(value, str) else value
        return json.dumps(read_value, sort_keys=True) if isinstance(read_value, dict) else None
    except (TypeError, ValueError):
        return None


def _validate_identity(declared: Mapping[str, Any]) -> list[str]:
    """Return validation errors for options other than settings."""
    # Built-in endpoints are accepted here, so that a list of all endpoints can be declared. Changes are rejected later.
    inference_id = declared["inference_id"]
    errors = validate_id(inference_id[1:] if inference_id.startswith(".") else inference_id)
    if declared["state"] == PRESENT and not declared["service"]:
        errors.append("service is required. Hint: set it to the name of an inference service, as in the API.")
    task_type = declared["task_type"]
    if task_type is not None and not is_task_type(task_type):
        errors.append(f"task_type {task_type!r} is not valid.")
    return errors


def _service_warnings(service: Service) -> Iterator[str]:
    near = _find_nearest(service.name, SERVICES, 0.75) if service.name not in SERVICES else ""
    if near:
        yield f"unknown service {service.name}. Did you mean {near}? {_PASSED_ON}"


def _task_type_warnings(service: Service, task_type: str | None) -> Iterator[str]:
    if task_type is not None and service.task_types and task_type not in service.task_types:
        yield (
            f"unknown task type {task_type} of the service {service.name}, which has {join_names(service.task_types)}. "
            f"{_PASSED_ON}"
        )


def _setting_warnings(service: Service, settings: Mapping[str, Any]) -> Iterator[str]:
    known = {row.path.rpartition(".")[2]: row.path for row in service.settings}
    for path in settings:
        # Services without rows are unknown, and so are their settings.
        if known and service.row(path) is None:
            near = _find_nearest(path.rpartition(".")[2], known)
            hint = f" Did you mean {known[near]}?" if near else ""
            yield f"unknown setting {path} of the service {service.name}.{hint} {_PASSED_ON}"


def _find_nearest(name: str, names: Iterable[str], similarity: float = 0.6) -> str:
    """Return the most similar name, or an empty string if no name is similar enough."""
    import difflib  # noqa: PLC0415

    return next(iter(difflib.get_close_matches(name, names, 1, similarity)), "")


def find_any_secrets(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the places and values of secrets in free-form options."""
    for name in _WITH_SECRETS:
        yield from find_secrets(params.get(name), name)


def merge_service_defaults(defaults: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a declaration into the defaults of its service. Its credentials replace those of another kind."""
    service = services(declared["service"] or "")
    common = defaults.get(service.name) or {}
    own = declared_settings(service, declared)
    replaced = {
        path
        for names in service.credentials
        for path in names
        if any(other in own for others in service.credentials if path not in others for other in others)
    }
    group = common.get("service_settings")
    if replaced and isinstance(group, dict):
        kept = {name: value for name, value in group.items() if f"service_settings.{name}" not in replaced}
        common = {**common, "service_settings": kept}
    return merge_defaults(common, declared)
