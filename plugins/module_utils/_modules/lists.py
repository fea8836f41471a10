# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared parts of the modules for lists of endpoints. Private to the collection."""

from __future__ import annotations

from typing import Any, Collection, Mapping, Sequence

from .._elasticsearch.client import MAX_CONNECTIONS
from .._elasticsearch.errors import Refused
from .._reconcile.cluster import Services
from .._reconcile.declaration import Desired, Purge
from .._reconcile.outcome import Outcome
from .._reconcile.plan import CREATED, DELETED, NONE, RECREATED, UPDATED
from .policy_options import build_reconciler
from .results import endpoint_result
from .runner import Context


def list_options() -> dict[str, Any]:
    """Return the argument spec of the options that apply to the list as a whole."""
    return {
        "purge": {"type": "bool", "default": False},
        "purge_exclude": {"type": "list", "elements": "str", "default": []},
        "purge_max": {"type": "int"},
        "parallel": {"type": "int", "default": 8},
        "return_unchanged": {"type": "bool", "default": False},
    }


def validate_list_options(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors for the options of C(list_options)."""
    wrong = []
    if params["purge"] and not params["endpoints"]:
        wrong.append("purge=true with no endpoints would delete all endpoints. Hint: list the endpoints to keep.")
    if params["purge_max"] is not None and params["purge_max"] < 0:
        wrong.append(f"purge_max must be 0 or more, not {params['purge_max']}.")
    if not 1 <= params["parallel"] <= MAX_CONNECTIONS:
        wrong.append(f"parallel must be from 1 to {MAX_CONNECTIONS}, not {params['parallel']}.")
    return wrong


def reconcile_list(
    context: Context, services: Services, declared: Sequence[Desired], names: Collection[str] = ()
) -> dict[str, Any]:
    """Reconcile a list of endpoints and return the module result.

    :param names: services to manage even if the list does not contain an endpoint of them.
    """
    params = context.params
    of_services = params.get("purge_services") or ()
    purge = Purge(params["purge_exclude"], params["purge_max"], of_services) if params["purge"] else None
    try:
        outcomes = build_reconciler(context, services).reconcile_list(declared, params["parallel"], purge, names)
    except Refused as refusal:
        return {"failed": True, "msg": str(refusal), "failure": refusal.failure}
    results = [_build_result(outcome, context) for outcome in outcomes]
    return _combine_results(results, _count_outcomes(outcomes))


def _build_result(outcome: Outcome, context: Context) -> dict[str, Any]:
    result = {"inference_id": outcome.inference_id, **endpoint_result(outcome, context.diff_mode)}
    if outcome.action == NONE and outcome.error is None and not context.params["return_unchanged"]:
        del result["endpoint"], result["changes"]
    return result


def _combine_results(results: Sequence[dict[str, Any]], counts: Mapping[str, int]) -> dict[str, Any]:
    """Combine the results of the endpoints to the module result, and move their diffs there."""
    total: dict[str, Any] = {
        "changed": any(result["changed"] for result in results),
        "results": results,
        "summary": counts,
    }
    diffs = [result.pop("diff") for result in results if "diff" in result]
    if diffs:
        total["diff"] = diffs
    failed = [f"{result['inference_id']}: {result['msg']}" for result in results if result.get("failed")]
    if failed:
        total.update(failed=True, msg=f"{len(failed)} of {len(results)} endpoints failed. {' '.join(failed)}")
    return total


def _count_outcomes(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Count the endpoints by action, and those that are unchanged or failed."""
    counts = dict.fromkeys((CREATED, UPDATED, RECREATED, DELETED, "unchanged", "failed"), 0)
    for outcome in outcomes:
        counts["failed" if outcome.error else "unchanged" if outcome.action == NONE else outcome.action] += 1
    return counts
