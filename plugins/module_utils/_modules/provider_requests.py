# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parallel requests that a provider may charge for, each independent of failures of the others.

Private to the collection.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Mapping, Sequence, TypeVar

from .._elasticsearch.client import MAX_CONNECTIONS
from .._elasticsearch.errors import ClientError, Refused

_Job = TypeVar("_Job")

#: Status if Elasticsearch stopped waiting for the provider.
_SERVER_GAVE_UP = 408

_MAY_COST = "The provider may have processed the request and may charge for it, so it was not retried."


def validate_parallel(parallel: int) -> list[str]:
    """Return validation errors for C(parallel)."""
    if 1 <= parallel <= MAX_CONNECTIONS:
        return []
    return [f"parallel must be from 1 to {MAX_CONNECTIONS}, not {parallel}."]


def send_all(send: Callable[[_Job], dict[str, Any]], jobs: Sequence[_Job], parallel: int) -> list[dict[str, Any]]:
    """Send all requests, and return their results in the same order.

    :param send: sends one request, and reports failures in its result.
    """
    if not jobs:
        return []
    with ThreadPoolExecutor(min(parallel, len(jobs))) as pool:
        return list(pool.map(send, jobs))


def hint_with_cost(error: ClientError, hint: str, has_begun: bool) -> str:
    """Add to the hint that the failed request may cost money, if that is possible.

    :param has_begun: whether a part of the response arrived.
    """
    may_cost = error.ambiguous or error.status == _SERVER_GAVE_UP or error.is_provider_timeout or has_begun
    return f"{hint} {_MAY_COST if may_cost else ''}".strip()


def failed_result(error: ClientError | Refused) -> dict[str, Any]:
    """Return the part of a result that reports a failure."""
    return {"failed": True, "msg": str(error), "failure": error.failure}


def combine_results(results: Sequence[Mapping[str, Any]], failed: str) -> dict[str, Any]:
    """Combine the results of requests to the module result. The module fails if a request failed.

    :param failed: the words after the number of failures, as in "completions failed".
    """
    result: dict[str, Any] = {"changed": False, "results": results}
    failures = [one for one in results if one.get("failed")]
    if failures:
        reasons = " ".join(f"{one['inference_id']}: {one['msg']}" for one in failures)
        count = f"{len(failures)} of {len(results)} {failed}. " if len(results) > 1 else ""
        result.update(failed=True, msg=count + reasons, failure=failures[0]["failure"])
    return result
