# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of the guide to services that shows what the catalog knows of each of them.

`python -m tests.pages.services` writes it anew; a unit test fails where it is old.
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

_BEGIN = ".. What python -m tests.pages.services writes begins here.\n\n"
_END = "\n.. What python -m tests.pages.services writes ends here."

_SERVICE = "service_settings."
_TASK = "task_settings."

#: How credentials that are no plain text are declared.
_KINDS = {"dict": ", a dictionary", "json": ", JSON as a text or as a dictionary"}


def facts(service: Service) -> dict[str, str]:
    """Return what is shown of a service, by the titles of the lines."""
    unseen = [(_name(row.path), row.task_types) for row in service.settings if row.write_only and _is_own(row.path)]
    found = {
        "Task types": ", ".join(map(_literal, service.task_types)),
        "Credentials": _credentials(service),
        "Required": _required(service),
        "Changed in place": _grouped(service, _changed(service)),
        "Task settings": _task_settings(service),
        "Filled in": _grouped(service, _filled_in(service)),
        "Not shown": _grouped(service, unseen),
        "Stored as": _literal(service.stored_as) if service.stored_as else "",
        "Runs": "in the cluster" if service.is_local else "",
    }
    return {title: text for title, text in found.items() if text}


def _literal(text: str) -> str:
    return f"``{text}``"


def _is_own(path: str) -> bool:
    return path.startswith(_SERVICE)


def _name(path: str) -> str:
    """Return a setting without its group if it is one of the service."""
    return _literal(path[len(_SERVICE) :] if _is_own(path) else path)


def _grouped(service: Service, items: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return texts with the task types that they hold for: those that hold for the same ones together.

    :param items: texts with task types; with none if they hold for all.
    """
    held: dict[str, set[str]] = {}
    for text, task_types in items:
        held.setdefault(text, set()).update(task_types or service.task_types)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, some in held.items():
        groups.setdefault(tuple(name for name in service.task_types if name in some), []).append(text)
    return "; ".join(", ".join(texts) + _only(service, task_types) for task_types, texts in groups.items())


def _only(service: Service, task_types: Sequence[str]) -> str:
    """Return task types in brackets, unless they are all of the service."""
    return "" if len(task_types) == len(service.task_types) else f" ({', '.join(map(_literal, task_types))})"


def _credentials(service: Service) -> str:
    kinds = {row.path: _KINDS.get(row.type, "") for row in service.settings}
    named = [" and ".join(_name(path) + kinds[path] for path in names) for names in service.credentials if names]
    if not named:
        return "none"
    return " or ".join(named) + ("; optional" if () in service.credentials else "")


def _required(service: Service) -> str:
    """Return what a create needs beside credentials."""
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


def _changed(service: Service) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the service settings that updates change, without credentials."""
    for row in service.settings:
        unit = next((unit for unit in service.units if row.path.startswith(f"{unit}.")), "")
        since = service.units[unit] if unit else row.changes_since
        if _is_own(row.path) and since is not None and not row.secret:
            name = f"{_name(unit)} as a whole" if unit else _name(row.path)
            yield name + _from(since), () if unit else row.task_types


def _from(since: Version) -> str:
    """Return the version that an update needs, unless it is the first that has updates."""
    return f" (from {since[0]}.{since[1]})" if since > FIRST_UPDATE else ""


def _task_settings(service: Service) -> str:
    named = [
        (_literal(row.path[len(_TASK) :]), row.task_types) for row in service.settings if row.path.startswith(_TASK)
    ]
    update = "merges" if service.merges_task_settings else "replaces"
    return f"{_grouped(service, named)}. An update {update} them." if named else ""


def _filled_in(service: Service) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what the server adds to an endpoint, with the value if it is always the same."""
    for row in service.settings:
        if row.default not in (None, ""):
            value = str(row.default).lower() if isinstance(row.default, bool) else row.default
            yield f"{_name(row.path)} {value}", row.task_types
        elif row.read_only:
            yield f"{_name(row.path)} (cannot be set)", row.task_types
        elif row.computed:
            yield _name(row.path), row.task_types


def section(service: Service) -> str:
    """Return what the page shows of a service."""
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


def part() -> str:
    """Return the part of the page that is made."""
    return "\n".join(map(section, SERVICES.values()))


def updated(text: str) -> str:
    """Return the text of the page with the services of today between their marks."""
    pattern = re.escape(_BEGIN) + r"(?s:.*?)" + re.escape(_END.lstrip())
    made = (_BEGIN + part() + _END).replace("\\", r"\\")
    text, times = re.subn(pattern, made, text)
    if times != 1:
        raise ValueError(f"the page has {times} places for the services, not one")
    return text


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
