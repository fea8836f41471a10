# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the secrets of a create and of an `_update`.

Sources: `DefaultSecretSettings`, `common/amazon/AwsSecretSettings`, `OpenAiSecretSettings`,
`AzureOpenAiSecretSettings`, `SecretSettings.updateExactlyOneField`, `CustomSecretSettings`, `EmptySecretSettings`.
"""

from __future__ import annotations

from typing import Any

from ..errors import invalid
from ..jsontext import java_text
from ..settings import SettingsReader, missing
from ..versions import Version
from .rows import Service

SERVICE, SECRET = "service_settings", "secret_settings"


def created_secrets(
    service: Service, reader: SettingsReader, version: Version, *, needed: bool = False
) -> dict[str, Any]:
    """Read the secrets of a create. `needed`: whether to require optional ones. Raises ApiError."""
    if service.name == "custom":
        return _parameters(reader)
    given = _given(service, reader, version)
    if not service.credentials or (service.secret_optional and not given and not needed):
        return {}
    if len(service.credentials) > 1:
        _check_one_kind(service, given)
    else:
        absent = [name for name in service.credentials[0] if name not in given]
        if absent:
            raise invalid([missing(_scope(service, version), name) for name in absent])
    return given


def updated_secrets(service: Service, held: dict[str, Any], reader: SettingsReader, version: Version) -> dict[str, Any]:
    """Return the secrets after an `_update` of service settings. Raises ApiError.

    Up to 9.4, the new secrets are read as in a create, so they are required (`newSecretSettings`). An endpoint without
    secrets does not get any.
    """
    if not held and service.name != "custom":
        return held
    if version.needs_key_on_update:
        return created_secrets(service, reader, version, needed=True)
    if service.name == "custom":
        return _parameters(reader) or held
    given = _given(service, reader, version)
    if not given:
        return held
    if len(service.credentials) > 1:
        _check_same_kind(service, held, given)
    else:
        absent = [name for name in service.credentials[0] if name not in given]
        if absent:
            names = " and ".join(f"[{name}]" for name in service.credentials[0])
            raise invalid([f"[{SERVICE}] {names} must be updated together; missing: {java_text(absent)}"])
    return {**held, **given}


def _scope(service: Service, version: Version) -> str:
    """Return the scope in an error. The AWS pair belongs to the service settings in 9.6 or later."""
    return SERVICE if version.parses_service_settings and len(service.credentials[0]) > 1 else SECRET


def _given(service: Service, reader: SettingsReader, version: Version) -> dict[str, Any]:
    names = service.secret_names
    scope = _scope(service, version) if names else SECRET
    taken = SettingsReader({name: reader.left.pop(name, None) for name in names}, scope)
    given = {name: taken.text(name) for name in names}
    taken.check()
    return {name: value for name, value in given.items() if value is not None}


def _check_one_kind(service: Service, given: dict[str, Any]) -> None:
    if len(given) == 1:
        return
    *first, last = (f"[{name}]" for name in service.secret_names)
    scope = SERVICE if service.name == "openai" else SECRET
    listed = f"{', '.join(first)}, or {last}" if len(first) > 1 else f"{first[0]} or {last}"
    received = f", received: {java_text(list(given))}" if given else ""
    raise invalid([f"[{scope}] must have exactly one of {listed} field set{received}"])


def _check_same_kind(service: Service, held: dict[str, Any], given: dict[str, Any]) -> None:
    kinds = list(held)
    if list(given) != kinds:
        scope = SECRET if service.name == "openai" else SERVICE
        others = [name for name in given if name not in kinds] or list(given)
        raise invalid(
            [f"[{scope}] only the field [{kinds[0]}] can be updated for this secret, received: {java_text(others)}"]
        )


def _parameters(reader: SettingsReader) -> dict[str, Any]:
    """Read the map of the custom service. Values are strings, and null is ignored."""
    name = "secret_parameters"
    taken = SettingsReader({name: reader.left.pop(name, None)}, SECRET)
    given = taken.map(name) or {}
    kept = {key: value for key, value in given.items() if value is not None}
    if not all(isinstance(value, str) for value in kept.values()):
        raise invalid([f"Map field [{name}] has an entry that is not valid. Value type is not one of [String]."])
    return {name: kept} if kept else {}
