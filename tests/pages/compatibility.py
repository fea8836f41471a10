# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generator of the page "Compatibility matrix".

Its cells follow from the rows of the services, from the class C(Server), from the versions of the simulator, and from
C(tests/supported.yml). C(python -m tests.pages.compatibility) writes the page. A unit test fails if it is out of date.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import NEWEST as SERVERLESS
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Server
from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES
from ansible_collections.esops.inference.plugins.module_utils._services.service import FIRST_UPDATE, Service
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Version
from tests.pages.readme import SUPPORTED
from tests.simulator.versions import NEWEST, OLDEST
from tests.simulator.versions import Version as Simulated

PAGE = Path(__file__).parents[2] / "docs/docsite/rst/compatibility.rst"

YES, NO, NO_UPDATES = "yes", "no", "no updates"
IN_PLACE, RECREATE = "in place", "re-create"

#: The last minor version of each major version that has one.
_LAST_MINOR = {8: 19}

#: Patch releases to try for a change that came with one.
_PATCHES = range(100)

_ANTHROPIC = SERVICES["anthropic"]
_WITH_CHUNKING = SERVICES["cohere"]
_RATE_LIMIT = "service_settings.rate_limit.requests_per_minute"


class At(NamedTuple):
    """One version, as the modules and as the simulator know it."""

    server: Server
    simulated: Simulated


class Row(NamedTuple):
    """One row of a table.

    :ivar cell: returns the text for a version.
    """

    title: str
    cell: Callable[[At], str]


def at(minor: Version) -> At:
    """Return a numbered version."""
    return At(Server(minor, "Elasticsearch"), Simulated.parse(f"{minor[0]}.{minor[1]}"))


def serverless() -> At:
    """Return Elasticsearch Serverless."""
    return At(Server(SERVERLESS, "Elasticsearch Serverless"), Simulated.parse("serverless"))


def minor_versions(first: Version, last: Version) -> Iterator[Version]:
    """Yield all minor versions from the first to the last."""
    while first <= last:
        yield first
        first = (first[0] + 1, 0) if first[1] == _LAST_MINOR.get(first[0]) else (first[0], first[1] + 1)


#: The columns of the tables: minor versions that are shown together.
COLUMNS = [
    list(minor_versions(*ends))
    for ends in ((OLDEST, OLDEST), ((8, 17), (9, 3)), *((minor, minor) for minor in minor_versions((9, 4), NEWEST)))
]


def _text(minor: Version) -> str:
    return f"{minor[0]}.{minor[1]}"


def name_of(minors: Sequence[Version]) -> str:
    """Return consecutive minor versions as text."""
    return _text(minors[0]) if len(minors) == 1 else f"{_text(minors[0])} to {_text(minors[-1])}"


def combined(texts: Sequence[tuple[Version, str]]) -> str:
    """Return the text of a cell for several minor versions, given the text of each."""
    if len({text for _minor, text in texts}) == 1:
        return texts[0][1]
    runs: dict[str, list[str]] = {}
    for text, run in itertools.groupby(texts, key=lambda pair: pair[1]):
        runs.setdefault(text, []).append(name_of([minor for minor, _text in run]))
    runs.pop(NO, None)
    # A text with the number of a patch release names its version itself.
    named = (text if text.startswith("from ") else f"{text} in {' and '.join(names)}" for text, names in runs.items())
    return "; ".join(named)


def cells(row: Row) -> list[str]:
    """Return the cells of a row, Serverless last."""
    numbered = [combined([(minor, row.cell(at(minor))) for minor in minors]) for minors in COLUMNS]
    return [*numbered, row.cell(serverless())]


def _yes(holds: Callable[[At], bool]) -> Callable[[At], str]:
    return lambda version: YES if holds(version) else NO


def _changes_in_place(service: Service, path: str) -> Callable[[At], str]:
    return lambda version: IN_PLACE if service.changes_in_place(path, version.server) else RECREATE


def _rate_limit(version: At) -> str:
    if not _ANTHROPIC.changes_in_place(_RATE_LIMIT, version.server):
        return f"{RECREATE}: an update is ignored" if version.simulated.updates else RECREATE
    return f"{IN_PLACE}, with the API key" if _ANTHROPIC.needs_secrets([_RATE_LIMIT], version.server) else IN_PLACE


def _url(version: At) -> str:
    return RECREATE if version.simulated.knows_url else "not available"


def _top_k(version: At) -> str:
    if version.simulated.prints_top_k_as_top_p:
        return "do not set"
    return _changes_in_place(_ANTHROPIC, "task_settings.top_k")(version)


def _validation(version: At) -> str:
    if not version.server.supports_updates:
        return NO_UPDATES
    return YES if _ANTHROPIC.validates_updates(version.server) else NO


def _chunking_is_kept(version: At) -> str:
    server = version.server
    if not server.supports_updates:
        return NO_UPDATES
    first = next((patch for patch in _PATCHES if server._replace(patch=patch).keeps_chunking_settings), None)
    if first is None:
        return NO
    return YES if first == 0 else f"from {_text(server.version)}.{first}"


def _without_credentials(version: At) -> str:
    if not version.server.supports_updates:
        return NO_UPDATES
    return NO if _ANTHROPIC.needs_secrets([_RATE_LIMIT], version.server) else YES


def _seconds(version: At) -> str:
    return f"{version.simulated.provider_timeout:.0f} s"


FEATURES = (
    Row("Create, read, run and delete endpoints", lambda _version: YES),
    Row("Update endpoints in place", _yes(lambda version: version.server.supports_updates)),
    Row("Update service settings without the provider credentials", _without_credentials),
    Row("Elasticsearch validates a new API key before it updates it", _validation),
    Row("An update keeps ``chunking_settings``", _chunking_is_kept),
    Row("``chat_completion`` with ``anthropic``", _yes(lambda version: version.simulated.chats)),
    Row("Task type ``embedding``", _yes(lambda version: version.simulated.knows_embedding)),
    Row("``timeout`` applies to the provider: create", _yes(lambda version: version.server.supports_create_timeout)),
    Row("``timeout`` applies to the provider: update", _yes(lambda version: version.server.supports_update_timeout)),
    Row("Default timeout of the provider for completions", _seconds),
    Row("``force`` deletes an endpoint that cannot be read", _yes(lambda version: version.simulated.forces_unparsable)),
    Row(
        "List of sensitive settings (``_inference/_services``)", _yes(lambda version: version.simulated.lists_services)
    ),
)

SETTINGS = (
    Row("``service_settings.api_key``", _changes_in_place(_ANTHROPIC, "service_settings.api_key")),
    Row("``service_settings.rate_limit``", _rate_limit),
    Row("``service_settings.model_id``", _changes_in_place(_ANTHROPIC, "service_settings.model_id")),
    Row("``service_settings.url``", _url),
    Row("``task_settings``", _changes_in_place(_ANTHROPIC, "task_settings.max_tokens")),
    Row("``task_settings.top_k``", _top_k),
    Row("``task_type``", _changes_in_place(_ANTHROPIC, "task_type")),
    Row("``chunking_settings`` (other services)", _changes_in_place(_WITH_CHUNKING, "chunking_settings.strategy")),
)


def updated_since(service: Service) -> dict[Version, list[str]]:
    """Return the names of the settings that an update changes, by the first version that changes them."""
    found: dict[Version, list[str]] = {}
    for row in service.settings:
        unit = next((unit for unit in service.units if row.path.startswith(f"{unit}.")), "")
        since = service.units[unit] if unit else row.changes_since
        name = "credentials" if row.secret else f"``{(unit or row.path).removeprefix('service_settings.')}``"
        names = [] if since is None else found.setdefault(since, [])
        if name not in names:
            names.append(name)
    return found


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    """Return a table with a header and row titles."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "   :stub-columns: 1",
        f"   :widths: {' '.join(map(str, widths))}",
        "",
    ]
    for row in (titles, *rows):
        first, *others = (_wrapped(text) for text in row)
        lines += [f"   * - {first}", *(f"     - {text}" for text in others)]
    return "\n".join(lines)


def _wrapped(text: str) -> str:
    lines = textwrap.wrap(text, 113, break_long_words=False, break_on_hyphens=False)
    return ("\n" + " " * 7).join(lines)


def by_version(title: str, rows: Iterable[Row]) -> str:
    """Return a table with a column for each group of versions."""
    titles = [title, *map(name_of, COLUMNS), "Serverless"]
    return table(titles, ([row.title, *cells(row)] for row in rows), [30, 10, 20, 10, 10, 10, 10])


def services() -> str:
    """Return the table of the settings that an update changes, by service."""
    found = {name: updated_since(service) for name, service in SERVICES.items()}
    versions = sorted({since for names in found.values() for since in names})
    rows = (
        [f"``{name}``", *(", ".join(names.get(since, ())) or "none" for since in versions)]
        for name, names in found.items()
    )
    titles = ["Service", *(f"From {_text(max(since, FIRST_UPDATE))}" for since in versions)]
    return table(titles, rows, [22, *[78 // len(versions)] * len(versions)])


def software() -> str:
    """Return the table of the versions of Ansible and Python."""
    cores: dict[str, str] = SUPPORTED["ansible_cores"]
    pythons: list[str] = SUPPORTED["pythons"]
    rows = [
        ("ansible-core", f"{next(iter(cores))} to {list(cores)[-1]}", "the controller"),
        (
            "Python",
            f"{pythons[0]} to {pythons[-1]}, if the version of ansible-core supports it",
            "the host where the module runs",
        ),
        ("requests", f"{SUPPORTED['requests'].removesuffix('.0')} or later", "the host where the module runs"),
    ]
    return table(("Software", "Versions", "Required on"), rows, [20, 50, 30])


def controllers() -> str:
    """Return the table of the pairs of ansible-core and Python that the tests use."""
    return table(("ansible-core", "Tested with Python"), SUPPORTED["ansible_cores"].items(), [50, 50])


_PAGE = """\
..
  Copyright: (c) 2026, esops.inference contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Generated by python -m tests.pages.compatibility.

.. _ansible_collections.esops.inference.docsite.compatibility:

Compatibility matrix
====================

The collection supports Elasticsearch {oldest} to {newest}, on your own hosts and in Elastic Cloud, and Elasticsearch
Serverless. The tests run against a simulator of these versions.

The facts on this page follow from the documentation and the source code of Elasticsearch. Unless a cell names a patch
release, they hold for the first one of a minor version. A later patch release, or Serverless, can behave like the next
minor version. Therefore the modules compare each response with the declared settings, and do not rely on the version
alone.

.. _ansible_collections.esops.inference.docsite.compatibility.software:

Ansible and Python
------------------

{software}

The collection is tested with these pairs on the controller:

{controllers}

.. _ansible_collections.esops.inference.docsite.compatibility.features:

Features by version of Elasticsearch
------------------------------------

{features}

* *Elasticsearch validates a new API key*: if it does not, the module tests the API key on a temporary endpoint first.
  This requires ``preflight: true``, the default.
* *An update keeps chunking_settings*: if it does not, the module sends no update to an endpoint with chunking settings.
* *timeout applies to the provider*: the module passes ``timeout`` to Elasticsearch. Otherwise, Elasticsearch uses its
  default timeout.

.. _ansible_collections.esops.inference.docsite.compatibility.settings:

Changes of settings by version of Elasticsearch
-----------------------------------------------

The table is for the ``anthropic`` service. *In place* means that an update changes the setting. *Re-create* means that
a change requires ``allow_recreate: true``.

{settings}

* *An update is ignored*: Elasticsearch returns status 200 and does not change the rate limit. The module detects this
  and fails.
* *With the API key*: declare ``service_settings.api_key``. The module sends it together with the rate limit.
* *Do not set*: these versions store ``top_k`` under the name ``top_p``, and can then no longer read the endpoint.

.. _ansible_collections.esops.inference.docsite.compatibility.services:

Updates by service
------------------

Settings that an update changes in place, by the first version that does. All other settings require
``allow_recreate: true``. ``task_settings`` and ``chunking_settings`` are updated as a whole.
:ref:`ansible_collections.esops.inference.docsite.services.list` has all settings of each service.

{services}
"""


def page() -> str:
    """Return the page."""
    return _PAGE.format(
        oldest=_text(OLDEST),
        newest=_text(NEWEST),
        software=software(),
        controllers=controllers(),
        features=by_version("Feature", FEATURES),
        settings=by_version("Setting", SETTINGS),
        services=services(),
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
