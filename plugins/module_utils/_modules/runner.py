# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell that every module shares: policy options, the client, exit and failure.

There is one error boundary, C(run): whatever goes wrong below it ends as one clear message without a secret.
Private to the collection.
"""

from __future__ import annotations

import contextlib
import gc
import re
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import set_fallbacks

from .._elasticsearch.client import (
    MOST_CONNECTIONS,
    REQUESTS_IMPORT_ERROR,
    Client,
)
from .._elasticsearch.errors import ClientError, Refused
from .._elasticsearch.keys import secret_headers
from .._elasticsearch.redaction import Redactor
from .._inference.api import Inference
from .._inference.endpoint import Server
from .._reconcile.cluster import Cluster
from .._reconcile.declaration import ALWAYS, ON_CREATE, WHEN_CHANGED, Desired, Policy, Purge
from .._reconcile.outcome import Outcome
from .._reconcile.plan import CREATED, DELETED, NONE, RECREATED, UPDATED
from .._reconcile.reconciler import Reconciler
from .._services.service import Service
from .connection_options import (
    connection_of,
    connection_options,
    hidden_credentials,
    hidden_headers,
    users_in_urls,
    with_keys_as_text,
)
from .raw_options import (
    few,
    invalid_options,
    leaves,
    listed,
    misplaced_secrets,
    secret_options,
    structured,
    without_nulls,
)

if TYPE_CHECKING:
    from .._fingerprints.records import Fingerprints


def policy_options() -> dict[str, Any]:
    """The argument spec of C(Policy)."""
    return {
        "update_secrets": {
            "type": "str",
            "choices": [ON_CREATE, WHEN_CHANGED, ALWAYS],
            "default": ON_CREATE,
            "no_log": False,
        },
        **fingerprint_options(),
        "unmanaged_settings": {"type": "str", "choices": ["keep", "remove"], "default": "keep"},
        "allow_recreate": {"type": "bool", "default": False},
        "preflight": {"type": "bool", "default": True},
        "force": {"type": "bool", "default": False},
        "duplicate_model": {"type": "str", "choices": ["allow", "warn", "fail"], "default": "warn"},
        "wait_for_deployment": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 300},
    }


def fingerprint_options() -> dict[str, Any]:
    """The argument spec of where the fingerprints of secrets are."""
    return {
        "fingerprint_store": {"type": "str", "choices": ["index", "file"], "default": "index", "no_log": False},
        "fingerprint_index": {"type": "str", "default": "ansible-inference-fingerprints", "no_log": False},
        "fingerprint_file": {"type": "path", "no_log": False},
    }


def policy_problems(params: Mapping[str, Any]) -> list[str]:
    """What is wrong with the policy."""
    if params["update_secrets"] != WHEN_CHANGED:
        return []
    return fingerprint_problems(params)


def fingerprint_problems(params: Mapping[str, Any]) -> list[str]:
    """What is wrong with them, where they are used."""
    index, is_file = params["fingerprint_index"], params["fingerprint_store"] == "file"
    if is_file and not params["fingerprint_file"]:
        return ["fingerprint_store=file needs fingerprint_file."]
    if not is_file and not _INDEX.fullmatch(index):
        return [f"fingerprint_index {index!r} is no name of an index: small letters, digits, -, _ and dots."]
    return []


def many_options() -> dict[str, Any]:
    """The argument spec of what is done with a list of endpoints as a whole."""
    return {
        "purge": {"type": "bool", "default": False},
        "purge_exclude": {"type": "list", "elements": "str", "default": []},
        "purge_max": {"type": "int"},
        "parallel": {"type": "int", "default": 8},
        "return_unchanged": {"type": "bool", "default": False},
    }


def many_problems(params: Mapping[str, Any]) -> list[str]:
    """What is wrong with them."""
    wrong = []
    if params["purge"] and not params["endpoints"]:
        wrong.append("purge with an empty list of endpoints would remove all there are: list those that shall stay.")
    if params["purge_max"] is not None and params["purge_max"] < 0:
        wrong.append(f"purge_max must be 0 or more, not {params['purge_max']}.")
    if not 1 <= params["parallel"] <= MOST_CONNECTIONS:
        wrong.append(f"parallel must be from 1 to {MOST_CONNECTIONS}, not {params['parallel']}.")
    return wrong


#: Of what an index's name may be made, the part that needs no thinking about.
_INDEX = re.compile(r"[a-z0-9.][a-z0-9_.-]{0,200}(?<!\.)")


#: Parts of a result that are texts for people, not data.
_MESSAGES = ("msg", "failure")


@dataclass
class Task:
    """One run of a module, its options checked.

    :ivar client: the session with the cluster.
    :ivar warnings: shown to the user at the end, in order.
    """

    params: Mapping[str, Any]
    client: Client
    check_mode: bool
    diff_mode: bool
    warnings: list[str] = field(default_factory=list)

    def reconciler(self, service: Service) -> Reconciler:
        policy = Policy(**{option: self.params[option] for option in Policy._fields})
        cluster = Cluster(self.api, service, policy, check_mode=self.check_mode, warnings=self.warnings)
        if policy.update_secrets == WHEN_CHANGED:
            cluster.fingerprints = self.fingerprints(service, cluster.server)
        return Reconciler(cluster)

    @property
    def api(self) -> Inference:
        """The inference API of the cluster."""
        return Inference(self.client)

    def fingerprints(self, service: Service, server: Callable[[], Server]) -> Fingerprints:
        """The records of secrets.

        :param server: returns what C(GET /) says, if a store needs it.
        """
        # Only who wants them waits for its import.
        from .._fingerprints.records import Fingerprints  # noqa: PLC0415

        if self.params["fingerprint_store"] == "file":
            from .._fingerprints.file_store import FileStore  # noqa: PLC0415

            return Fingerprints(FileStore(Path(self.params["fingerprint_file"]), server), service)
        from .._fingerprints.index_store import IndexStore  # noqa: PLC0415

        return Fingerprints(IndexStore(self.client, self.params["fingerprint_index"], server), service)

    def result(self, outcome: Outcome) -> dict[str, Any]:
        """What is returned of one endpoint."""
        result: dict[str, Any] = {
            "changed": outcome.changed,
            "action": outcome.action,
            "endpoint": outcome.after.as_dict() if outcome.after else None,
            "changes": list(outcome.changes),
        }
        if self.diff_mode and outcome.changed:
            result["diff"] = outcome.diff()
        if outcome.error:
            result.update(failed=True, msg=str(outcome.error), failure=outcome.error.failure)
        return result

    def many(self, service: Service, declared: Sequence[Desired]) -> dict[str, Any]:
        """Reconciles a list of endpoints, and returns what is returned of many, in their order."""
        params = self.params
        purge = Purge(params["purge_exclude"], params["purge_max"]) if params["purge"] else None
        try:
            outcomes = self.reconciler(service).many(declared, params["parallel"], purge)
        except Refused as refusal:
            return {"failed": True, "msg": str(refusal), "failure": refusal.failure}
        results = [self._one_of_many(outcome) for outcome in outcomes]
        diffs = [result.pop("diff") for result in results if "diff" in result]
        failed = [f"{result['inference_id']}: {result['msg']}" for result in results if result.get("failed")]
        total: dict[str, Any] = {
            "changed": any(result["changed"] for result in results),
            "results": results,
            "summary": _summary(outcomes),
        }
        if diffs:
            total["diff"] = diffs
        if failed:
            total.update(failed=True, msg=f"{len(failed)} of {len(results)} endpoints failed. {' '.join(failed)}")
        return total

    def _one_of_many(self, outcome: Outcome) -> dict[str, Any]:
        result = {"inference_id": outcome.inference_id, **self.result(outcome)}
        if outcome.action == NONE and outcome.error is None and not self.params["return_unchanged"]:
            del result["endpoint"], result["changes"]
        return result


def _summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    summary = dict.fromkeys((CREATED, UPDATED, RECREATED, DELETED, "unchanged", "failed"), 0)
    for outcome in outcomes:
        done = "failed" if outcome.error else "unchanged" if outcome.action == NONE else outcome.action
        summary[done] += 1
    return summary


class _Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """An AnsibleModule that names all invalid options at once and hides secrets that stand in a wrong place.

    :ivar raw_params: the options before ansible-core has converted them.
    """

    params: dict[str, Any]
    raw_params: dict[str, Any]

    def _load_params(self) -> None:
        super()._load_params()
        self.params = without_nulls(self.argument_spec, self.params)
        set_fallbacks(self.argument_spec, self.params)
        given = structured(self.argument_spec, self.params)
        # Before ansible-core writes anything to the log of the system.
        self.no_log_values.update(misplaced_secrets(self.argument_spec, given))
        self.no_log_values.update(users_in_urls(given.get("elasticsearch_url")))
        self.no_log_values.update(hidden_headers(given.get("headers")))
        self.params = with_keys_as_text(given)
        self.raw_params = dict(self.params)

    def _log_invocation(self) -> None:
        # The log shows structures as Python writes them, where ansible-core hides what is as it was given.
        self.no_log_values.update([repr(secret)[1:-1] for secret in self.no_log_values])
        # A text that is not UTF-8 cannot be logged. Such options are rejected later.
        with contextlib.suppress(UnicodeEncodeError):
            super()._log_invocation()

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        # There is no result yet if ansible-core fails before it has looked at the options.
        errors = self.validation_result.errors.errors if hasattr(self, "validation_result") else ()
        if errors:
            problems = invalid_options(self.argument_spec, self.raw_params) or [str(error) for error in errors]
            # ansible-core itself hides what is as it was given, but not what messages show as Python writes it.
            msg = Redactor(self.no_log_values)(listed(problems))
        super().fail_json(msg, **kwargs)

    def warn_of_hidden_data(self, result: Mapping[str, Any]) -> None:
        """Warn if ansible-core, which hides secrets wherever their texts occur, alters data of the result."""
        data = {name: "\n".join(leaves(part, _MESSAGES)) for name, part in result.items() if name not in _MESSAGES}
        text = "\n".join(data.values())
        hidden = [secret for secret in self.no_log_values if secret in text]
        if not hidden:
            return
        options = few([*dict.fromkeys(place for place, secret in self._secrets() if secret in hidden)])
        where = [name for name, part in data.items() if any(secret in part for secret in hidden)]
        self.warn(
            f"The value of {options or 'a secret'} also occurs in {few(where)} of the result. Ansible hides it "
            "there, so the result is not what the cluster holds. Hint: use a secret that is not a part of other data."
        )

    def _secrets(self) -> Iterator[tuple[str, str]]:
        """Return the places and the values of all secrets."""
        yield from secret_options(self.argument_spec, self.raw_params)
        for name, secret in secret_headers(self.raw_params.get("headers")):
            yield f"headers.{name}", secret


def run(
    argument_spec: Mapping[str, Any],
    problems: Callable[[Mapping[str, Any]], list[str]],
    work: Callable[[Task], dict[str, Any]],
    supports_check_mode: bool = True,
) -> None:
    """Runs a module from its options to its exit.

    :param argument_spec: of the module itself; the connection's is added.
    :param problems: what is wrong with the options beyond the argument spec.
    :param work: does it and returns the result; C(failed) in it makes a failure of it.
    :param supports_check_mode: where it is not, the module is skipped in check mode.
    """
    spec = {**connection_options(), **argument_spec}
    module = _Module(argument_spec=spec, supports_check_mode=supports_check_mode)
    if REQUESTS_IMPORT_ERROR is not None:
        module.fail_json(msg=missing_required_lib("requests"))
    redact = Redactor({*module.no_log_values, *hidden_credentials(module.params)})
    result = _guarded(lambda: _run(module, problems, work, redact), redact)
    module.warn_of_hidden_data(result)
    # The process ends: it need not look through everything it has imported for what could be freed.
    gc.freeze()
    # Outside of any except block, where fail_json would show the traceback that is being handled.
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _run(
    module: _Module,
    problems: Callable[[Mapping[str, Any]], list[str]],
    work: Callable[[Task], dict[str, Any]],
    redact: Redactor,
) -> dict[str, Any]:
    connection, wrong = connection_of(module.params)
    wrong += invalid_options(module.argument_spec, module.raw_params) + problems(module.params)
    if wrong:
        return {"failed": True, "msg": redact(listed(wrong))}
    client = Client(connection, redact)
    task = Task(module.params, client, module.check_mode, module._diff)
    try:
        return work(task)
    finally:
        client.close()
        if client.patience.resent:
            times = "once" if client.patience.resent == 1 else f"{client.patience.resent} times"
            task.warnings.append(f"A request had to be sent again {times}, the last time for {client.patience.reason}.")
        task.warnings.extend(f"A node was skipped: {problem}" for problem in client.distrusted.values())
        for warning in task.warnings:
            module.warn(redact(warning))


def _guarded(work: Callable[[], dict[str, Any]], redact: Redactor) -> dict[str, Any]:
    try:
        return work()
    except ClientError as error:
        return {"failed": True, "msg": str(error), "failure": error.failure}
    except Exception as error:  # pylint: disable=broad-except
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        text = f"This is a bug in esops.inference, please report it: {type(error).__name__} at {where}: {error}"
        return {"failed": True, "msg": redact(text)}
