# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract the settings of the inference services from Elastic's API specification.

    npm pack @elastic/request-converter && tar xzf elastic-request-converter-*.tgz
    python -m tests.pages.specification package/dist/schema.json

Tests compare the catalog of services with the extract.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

EXTRACT = Path(__file__).parent.parent / "unit" / "specification" / "services.json"

#: Groups of settings in the body of a create request.
_GROUPS = ("service_settings", "task_settings")

#: The types of settings by their names in the specification.
_TYPES = {"string": "str", "integer": "int", "long": "int", "float": "float", "double": "float", "boolean": "bool"}


class Specification:
    """The machine-readable specification.

    :param schema: the contents of its file C(schema.json).
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._types = {_name(kind["name"]): kind for kind in schema["types"]}
        self._creates = [
            self._types[_name(endpoint["request"])]
            for endpoint in schema["endpoints"]
            if endpoint["name"].startswith("inference.put_")
        ]

    def services(self) -> dict[str, Any]:
        """Return the task types and the settings of the services, by name."""
        found = dict(map(self._service, self._creates))
        return {name: found[name] for name in sorted(found)}

    def _service(self, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        body = {member["name"]: member for member in request["body"]["properties"]}
        path = {member["name"]: member for member in request["path"]}
        name = self._members(body["service"]["type"])[0]
        groups = {group: self._settings(body[group]["type"]) for group in _GROUPS if group in body}
        task_types = sorted(self._members(path["task_type"]["type"]))
        return name, {"task_types": task_types, **groups, "chunking_settings": "chunking_settings" in body}

    def _settings(self, kind: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        """Return the settings of an object by their dotted names."""
        found: dict[str, Any] = {}
        for member in sorted(self._types[_name(kind["type"])].get("properties", ()), key=lambda member: member["name"]):
            name, inner = prefix + member["name"], self._type(member["type"])
            if inner == "object":
                found.update(self._settings(member["type"], f"{name}."))
                continue
            found[name] = {"type": inner, "required": member["required"]}
            choices = self._members(member["type"])
            if choices:
                found[name]["choices"] = sorted(choices)
        return found

    def _type(self, kind: dict[str, Any]) -> str:
        if kind["kind"] == "array_of":
            return "list"
        if kind["kind"] == "dictionary_of":
            return "dict"
        if kind["kind"] != "instance_of":
            return "any"
        name = kind["type"]["name"]
        if name in _TYPES:
            return _TYPES[name]
        found = self._types.get(_name(kind["type"]), {})
        if found.get("kind") == "type_alias":
            return self._type(found["type"])
        return {"enum": "str", "interface": "object"}.get(found.get("kind", ""), "any")

    def _members(self, kind: dict[str, Any]) -> list[str]:
        """Return the values of an enumeration, or an empty list for other types."""
        found = self._types.get(_name(kind["type"]), {}) if kind["kind"] == "instance_of" else {}
        return [member["name"] for member in found.get("members", ())]


def _name(name: dict[str, str]) -> tuple[str, str]:
    return name["namespace"], name["name"]


def main() -> None:
    """Write the extract of the file on the command line."""
    schema = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    extract = json.dumps(Specification(schema).services(), indent=1)
    EXTRACT.write_text(extract + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
