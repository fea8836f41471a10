# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules for a list of endpoints have in common: options, work and result. Private to the collection."""

from __future__ import annotations

from typing import Any, Collection, Mapping, Sequence

from .._elasticsearch.client import MOST_CONNECTIONS
from .._elasticsearch.errors import Refused
from .._reconcile.cluster import Services
from .._reconcile.declaration import Desired, Purge
from .._reconcile.outcome import Outcome
from .._reconcile.plan import CREATED, DELETED, NONE, RECREATED, UPDATED
from .policy_options import reconciler_of
from .results import endpoint_result
from .runner import Context


def list_options() -> dict[str, Any]:
    """Return the argument spec of what is done with a list of endpoints as a whole."""
    return {
        "purge": {"type": "bool", "default": False},
        "purge_exclude": {"type": "list", "elements": "str", "default": []},
        "purge_max": {"type": "int"},
        "parallel": {"type": "int", "default": 8},
        "return_unchanged": {"type": "bool", "default": False},
    }


def list_option_problems(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with these options."""
    wrong = []
    if params["purge"] and not params["endpoints"]:
        wrong.append("purge=true with no endpoints would delete all endpoints. Hint: list the endpoints to keep.")
    if params["purge_max"] is not None and params["purge_max"] < 0:
        wrong.append(f"purge_max must be 0 or more, not {params['purge_max']}.")
    if not 1 <= params["parallel"] <= MOST_CONNECTIONS:
        wrong.append(f"parallel must be from 1 to {MOST_CONNECTIONS}, not {params['parallel']}.")
    return wrong


def reconcile_list(
    context: Context, services: Services, declared: Sequence[Desired], names: Collection[str] = ()
) -> dict[str, Any]:
    """Reconcile a list of endpoints, and return the result of the module.

    :param names: of the services whose endpoints are declared, if the list does not show them all.
    """
    params = context.params
    of_services = params.get("purge_services") or ()
    purge = Purge(params["purge_exclude"], params["purge_max"], of_services) if params["purge"] else None
    try:
        outcomes = reconciler_of(context, services).many(declared, params["parallel"], purge, names)
    except Refused as refusal:
        return {"failed": True, "msg": str(refusal), "failure": refusal.failure}
    results = [_element(outcome, context) for outcome in outcomes]
    return _total(results, _summary(outcomes))


def _element(outcome: Outcome, context: Context) -> dict[str, Any]:
    result = {"inference_id": outcome.inference_id, **endpoint_result(outcome, context.diff_mode)}
    if outcome.action == NONE and outcome.error is None and not context.params["return_unchanged"]:
        del result["endpoint"], result["changes"]
    return result


def _total(results: Sequence[dict[str, Any]], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the result of a module from those of its endpoints, whose diffs it takes."""
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


def _summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many endpoints each action was taken for, how many are unchanged, and how many failed."""
    counts = dict.fromkeys((CREATED, UPDATED, RECREATED, DELETED, "unchanged", "failed"), 0)
    for outcome in outcomes:
        counts["failed" if outcome.error else "unchanged" if outcome.action == NONE else outcome.action] += 1
    return counts
