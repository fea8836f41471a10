# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows, and what becomes of them: confirmed, contradicted or not testable here."""

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
    """One fact of `elasticsearch.md`.

    `id`: what the report calls it. `section`: the section there. `holds`: for which versions.
    `source`: the class or the test of the server that shows it. `derived`: it follows from the source, but was
    never seen.
    """

    id: str
    section: str
    says: str
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
    """Make a test function a row. Its docstring is what the row says."""

    def register(check: Check) -> Check:
        says = (check.__doc__ or "").strip()
        ROWS[check] = Row(row_id, section, says, check, Holds(holds, on_serverless), source, derived)
        return check

    return register


def all_rows() -> list[Row]:
    """Return every row, in the order of the files and of the rows in them."""
    package = importlib.import_module("tests.contract.rows")
    for module in sorted(one.name for one in pkgutil.iter_modules(package.__path__) if one.name.startswith("test_")):
        importlib.import_module(f"{package.__name__}.{module}")
    return list(ROWS.values())


class Verdict(enum.Enum):
    """What a server makes of a row."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True)
class Result:
    """The verdict on one row on one server. `contradiction` has both answers, `reason` why it is not testable."""

    row: Row
    version: ServerVersion
    verdict: Verdict
    contradiction: Contradiction | None = None
    reason: str = ""


def examine(row: Row, cluster: Cluster) -> Result:
    """Test one row, and remove what it made. What fails otherwise is a defect of the row, and raised."""
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
    """Test every row that holds for the version of the cluster."""
    return [examine(row, cluster) for row in all_rows() if row.holds.includes(cluster.version)]
