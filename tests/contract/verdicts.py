# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows and their verdicts: confirmed, contradicted, or not testable here."""

from __future__ import annotations

import enum
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from .cluster import Cluster
from .expectations import Contradiction, NotTestable
from .versions import Holds, ServerVersion

Check = Callable[[Cluster], None]


@dataclass(frozen=True)
class Row:
    """One statement of `elasticsearch.md`.

    `id`: the name in the report. `section`: the section of that page. `holds`: the versions to which it applies.
    `source`: the class or the test of the server that shows it. `derived`: it follows from the source, but was
    never observed.
    """

    id: str
    section: str
    statement: str
    check: Check
    holds: Holds
    source: str = ""
    derived: bool = False


ROWS: dict[Check, Row] = {}


def row(
    row_id: str,
    section: str,
    *,
    holds: str = "",
    on_serverless: bool = True,
    source: str = "",
    derived: bool = False,
) -> Callable[[Check], Check]:
    """Make a test function a row. Its docstring is the statement of the row."""

    def register(check: Check) -> Check:
        statement = (check.__doc__ or "").strip()
        ROWS[check] = Row(row_id, section, statement, check, Holds(holds, on_serverless), source, derived)
        return check

    return register


def all_rows() -> list[Row]:
    """Return all rows, in the order of the files and within them."""
    package = importlib.import_module("tests.contract.rows")
    for module in sorted(one.name for one in pkgutil.iter_modules(package.__path__) if one.name.startswith("test_")):
        importlib.import_module(f"{package.__name__}.{module}")
    return list(ROWS.values())


class Verdict(enum.Enum):
    """The verdict of a server on a row."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True)
class Result:
    """The verdict on one row on one server. `reason`: why the row is not testable."""

    row: Row
    version: ServerVersion
    verdict: Verdict
    contradiction: Contradiction | None = None
    reason: str = ""


def examine(row: Row, cluster: Cluster) -> Result:
    """Test one row, and delete what it created. Other errors are defects of the row, and are raised."""
    try:
        row.check(cluster)
    except Contradiction as contradiction:
        return Result(row, cluster.version, Verdict.CONTRADICTED, contradiction)
    except NotTestable as reason:
        return Result(row, cluster.version, Verdict.NOT_TESTABLE, reason=str(reason))
    finally:
        cluster.clean()
    return Result(row, cluster.version, Verdict.CONFIRMED)


def examine_all(cluster: Cluster) -> list[Result]:
    """Test all rows that apply to the version of the cluster."""
    return [examine(row, cluster) for row in all_rows() if row.holds.includes(cluster.version)]
