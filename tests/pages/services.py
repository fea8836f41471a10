# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generator of the list of services in the guide "Manage endpoints of any service".

`python -m tests.pages.services` updates the page. A unit test fails if the page is out of date.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES
from ansible_collections.esops.inference.plugins.module_utils._services.service import FIRST_UPDATE, Service
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Version

PAGE = Path(__file__).parents[2] / "docs/docsite/rst/services.rst"

_BEGIN = ".. Begin of the part that python -m tests.pages.services writes.\n\n"
_END = "\n.. End of the part that python -m tests.pages.services writes."

_SERVICE = "service_settings."
_TASK = "task_settings."

#: Suffixes for credentials that are not plain strings, by type.
_KINDS = {"dict": ", a dictionary", "json": ", JSON as a string or a dictionary"}


def facts(service: Service) -> dict[str, str]:
    """Return the lines of a service, by their titles."""
    own = [row for row in service.settings if _is_own(row.path)]
    not_returned = [(_name(row.path), row.task_types) for row in own if row.write_only]
    found = {
        "Task types": ", ".join(map(_literal, service.task_types)),
        "Credentials": _credentials(service),
        "Required": _required(service),
        "Updated in place": _grouped(service, _updated(service)),
        "Task settings": _task_settings(service),
        "Set by Elasticsearch": _grouped(service, _set_by_elasticsearch(service)),
        "Not returned": _grouped(service, not_returned),
        "Stored as": _literal(service.stored_as) if service.stored_as else "",
        "Runs": "in the cluster" if service.is_local else "",
    }
    return {title: text for title, text in found.items() if text}


def _literal(text: str) -> str:
    return f"``{text}``"


def _is_own(path: str) -> bool:
    return path.startswith(_SERVICE)


def _name(path: str) -> str:
    """Return the name of a setting, without the group `service_settings`."""
    return _literal(path[len(_SERVICE) :] if _is_own(path) else path)


def _grouped(service: Service, items: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return the items, grouped by the task types to which they apply.

    :param items: texts and their task types. Without task types, an item applies to all.
    """
    task_types_by_text: dict[str, set[str]] = {}
    for text, task_types in items:
        task_types_by_text.setdefault(text, set()).update(task_types or service.task_types)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, applicable in task_types_by_text.items():
        groups.setdefault(tuple(name for name in service.task_types if name in applicable), []).append(text)
    return "; ".join(", ".join(texts) + _only(service, task_types) for task_types, texts in groups.items())


def _only(service: Service, task_types: Sequence[str]) -> str:
    """Return the task types in parentheses, or nothing if they are all task types of the service."""
    return "" if len(task_types) == len(service.task_types) else f" ({', '.join(map(_literal, task_types))})"


def _credentials(service: Service) -> str:
    kinds = {row.path: _KINDS.get(row.type, "") for row in service.settings}
    named = [" and ".join(_name(path) + kinds[path] for path in names) for names in service.credentials if names]
    if not named:
        return "none"
    return " or ".join(named) + ("; optional" if () in service.credentials else "")


def _required(service: Service) -> str:
    """Return the settings that a create requires in addition to credentials."""
    given = dict.fromkeys(service.secrets)
    needed = [(text, [kind]) for kind in service.task_types for text in service.missing_settings(given, kind)]
    names = {text for text, _task_types in needed}
    enough = [
        row.path
        for row in service.settings
        if row.path not in names
        and not any(service.missing_settings({**given, row.path: ""}, one) for one in service.task_types)
    ]
    named = _grouped(service, ((" or ".join(map(_name, text.split(" or "))), some) for text, some in needed))
    return " or only ".join([named, *map(_name, enough)])


def _updated(service: Service) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the service settings that an update changes, without credentials."""
    for row in service.settings:
        unit = next((unit for unit in service.units if row.path.startswith(f"{unit}.")), "")
        since = service.units[unit] if unit else row.changes_since
        if _is_own(row.path) and since is not None and not row.secret:
            name = f"{_name(unit)} as a whole" if unit else _name(row.path)
            yield name + _from(since), () if unit else row.task_types


def _from(since: Version) -> str:
    """Return the version from which an update changes a setting, or nothing if each version with updates does."""
    return f" (from {since[0]}.{since[1]})" if since > FIRST_UPDATE else ""


def _task_settings(service: Service) -> str:
    named = [
        (_literal(row.path[len(_TASK) :]), row.task_types) for row in service.settings if row.path.startswith(_TASK)
    ]
    update = "merges" if service.merges_task_settings else "replaces"
    return f"{_grouped(service, named)}. An update {update} them." if named else ""


def _set_by_elasticsearch(service: Service) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the settings that Elasticsearch adds to an endpoint, with the default if there is one."""
    for row in service.settings:
        if row.default not in (None, ""):
            value = str(row.default).lower() if isinstance(row.default, bool) else row.default
            yield f"{_name(row.path)} {value}", row.task_types
        elif row.read_only:
            yield f"{_name(row.path)} (cannot be set)", row.task_types
        elif row.computed:
            yield _name(row.path), row.task_types


def section(service: Service) -> str:
    """Return the section of a service."""
    head = [
        service.name,
        "~" * len(service.name),
        "",
        ".. list-table::",
        "   :stub-columns: 1",
        "   :widths: 22 78",
        "",
    ]
    rows = [f"   * - {title}\n{_cell(text)}" for title, text in facts(service).items()]
    return "\n".join([*head, *rows, ""])


def _cell(text: str) -> str:
    return textwrap.fill(
        text,
        120,
        initial_indent="     - ",
        subsequent_indent="       ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def sections() -> str:
    """Return the sections of all services."""
    return "\n".join(map(section, SERVICES.values()))


def updated(text: str) -> str:
    """Return the text of the page with the current list of services between the marks."""
    pattern = re.escape(_BEGIN) + r"(?s:.*?)" + re.escape(_END.lstrip())
    generated = (_BEGIN + sections() + _END).replace("\\", r"\\")
    text, times = re.subn(pattern, generated, text)
    if times != 1:
        raise ValueError(f"The page must have one pair of marks for the list of services, not {times}.")
    return text


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
