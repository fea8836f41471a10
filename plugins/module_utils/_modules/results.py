# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of reconciled endpoints. Private to the collection."""

from __future__ import annotations

from typing import Any

from .._reconcile.outcome import Outcome


def endpoint_result(outcome: Outcome, diff_mode: bool) -> dict[str, Any]:
    """Return the result of one endpoint."""
    result: dict[str, Any] = {
        "changed": outcome.changed,
        "action": outcome.action,
        "endpoint": outcome.after.as_dict() if outcome.after else None,
        "changes": list(outcome.changes),
    }
    if diff_mode and outcome.changed:
        result["diff"] = outcome.diff()
    if outcome.error:
        result.update(failed=True, msg=str(outcome.error), failure=outcome.error.failure)
    return result
