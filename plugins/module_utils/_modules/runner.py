# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Common entry point of all modules: validate options, connect, execute, exit. Private to the collection."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping

from ansible.module_utils.basic import missing_required_lib

from .._elasticsearch.client import REQUESTS_IMPORT_ERROR, Client
from .._elasticsearch.errors import ClientError
from .._elasticsearch.redaction import Redactor
from .._elasticsearch.text import join_messages
from .._inference.api import Inference
from .checked_module import CheckedModule, Secrets
from .connection_options import build_connection, connection_options, find_credentials


@dataclass
class Context:
    """The validated options of a task, and a client for the cluster.

    :ivar warnings: warnings to show at the end, in this order.
    """

    params: Mapping[str, Any]
    client: Client
    check_mode: bool
    diff_mode: bool
    warnings: list[str] = field(default_factory=list)

    @property
    def api(self) -> Inference:
        """Inference API of the cluster."""
        return Inference(self.client)


Check = Callable[[Mapping[str, Any]], List[str]]
Work = Callable[[Context], Dict[str, Any]]


def _no_secrets(_params: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ()


def run(
    argument_spec: Mapping[str, Any],
    check: Check,
    work: Work,
    supports_check_mode: bool = True,
    secrets: Secrets = _no_secrets,
) -> None:
    """Run a module: validate its options, execute it, and exit.

    :param argument_spec: argument spec without the connection options.
    :param check: returns validation errors that the argument spec cannot express.
    :param work: executes the module and returns its result. If the result contains C(failed), the module fails.
    :param supports_check_mode: if false, ansible-core skips the module in check mode.
    :param secrets: returns the places and values of secrets that the argument spec does not mark.
    """
    spec = {**connection_options(), **argument_spec}
    module = CheckedModule(secrets, argument_spec=spec, supports_check_mode=supports_check_mode)
    if REQUESTS_IMPORT_ERROR is not None:
        module.fail_json(msg=missing_required_lib("requests"))
    redact = Redactor({*module.no_log_values, *find_credentials(module.params)})
    result = _run_safely(lambda: _result(module, check, work, redact), redact)
    module.warn_about_hidden_data(result)
    # Not within an except block, because fail_json would add the traceback of the exception.
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _result(module: CheckedModule, check: Check, work: Work, redact: Redactor) -> dict[str, Any]:
    connection, errors = build_connection(module.params)
    errors += [*module.problems, *check(module.params)]
    if errors:
        return {"failed": True, "msg": redact(join_messages(errors))}
    module.accept()
    client = Client(connection, redact)
    context = Context(module.params, client, module.check_mode, module._diff)
    try:
        return work(context)
    finally:
        client.close()
        for warning in (*context.warnings, *_request_warnings(client)):
            module.warn(redact(warning))


def _request_warnings(client: Client) -> list[str]:
    """Return warnings about retries and skipped nodes."""
    warnings = [f"A node was skipped: {problem}" for problem in client.skipped_nodes.values()]
    if client.retry_budget.retry_count:
        times = client.retry_budget.retry_count
        retried = "A request was retried once" if times == 1 else f"Requests were retried {times} times"
        warnings.insert(0, f"{retried}. Last reason: {client.retry_budget.last_reason}.")
    return warnings


def _run_safely(work: Callable[[], dict[str, Any]], redact: Redactor) -> dict[str, Any]:
    """Return the result of a function, or a failure if it raises an exception."""
    try:
        return work()
    except ClientError as error:
        return {"failed": True, "msg": str(error), "failure": error.failure}
    except Exception as error:  # pylint: disable=broad-except
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        text = f"This is a bug in esops.inference, please report it: {type(error).__name__} at {where}: {error}"
        return {"failed": True, "msg": redact(text)}
