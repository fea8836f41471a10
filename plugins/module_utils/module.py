# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell that every module shares: connection and policy options, the client, exit and failure.

There is one error boundary, C(run): whatever goes wrong below it ends as one clear message without a secret.
Private to the collection.
"""

from __future__ import annotations

import os
import re
import traceback
from dataclasses import dataclass, field, fields
from typing import Any, Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.errors import AnsibleFallbackNotFound

from ansible_collections.esops.inference.plugins.module_utils.client import (
    REQUESTS_IMPORT_ERROR,
    Client,
    ClientError,
    Connection,
    Redactor,
    base_url,
    cloud_url,
)
from ansible_collections.esops.inference.plugins.module_utils.inference import Inference
from ansible_collections.esops.inference.plugins.module_utils.plan import (
    CREATED,
    DELETED,
    NONE,
    RECREATED,
    UPDATED,
    Policy,
    Service,
)
from ansible_collections.esops.inference.plugins.module_utils.reconcile import Outcome, Reconciler

#: Shorter values are nobody's secret, but hiding them would garble everything that contains them.
_SHORTEST_SECRET = 6


def _from_environment(name: str) -> str:
    """Like C(env_fallback), but an empty variable, as AWX sets it for an empty field, counts as none."""
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def _option(environment: str, **spec: Any) -> dict[str, Any]:
    return {**spec, "fallback": (_from_environment, [environment])}


def connection_options() -> dict[str, Any]:
    """The argument spec of the connection, the same in every module."""
    return {
        "elasticsearch_url": _option("ELASTICSEARCH_URL", type="list", elements="str"),
        "elasticsearch_cloud_id": _option("ELASTICSEARCH_CLOUD_ID", type="str"),
        "elasticsearch_username": _option("ELASTICSEARCH_USERNAME", type="str"),
        "elasticsearch_password": _option("ELASTICSEARCH_PASSWORD", type="str", no_log=True),
        "elasticsearch_api_key": _option("ELASTICSEARCH_API_KEY", type="str", no_log=True),
        "elasticsearch_bearer_token": _option("ELASTICSEARCH_BEARER_TOKEN", type="str", no_log=True),
        "ca_path": _option("ELASTICSEARCH_CA_PATH", type="path"),
        "ca_fingerprint": _option("ELASTICSEARCH_CA_FINGERPRINT", type="str"),
        "client_cert": _option("ELASTICSEARCH_CLIENT_CERT", type="path"),
        "client_key": _option("ELASTICSEARCH_CLIENT_KEY", type="path", no_log=False),
        "validate_certs": _option("ELASTICSEARCH_VALIDATE_CERTS", type="bool", default=True),
        "timeout": _option("ELASTICSEARCH_TIMEOUT", type="float", default=130.0),
        "retries": _option("ELASTICSEARCH_RETRIES", type="int", default=3),
        "headers": _option("ELASTICSEARCH_HEADERS", type="dict", no_log=True),
    }


def policy_options() -> dict[str, Any]:
    """The argument spec of C(Policy)."""
    return {
        "update_api_key": {
            "type": "str",
            "choices": ["on_create", "always"],
            "default": "on_create",
            "no_log": False,
        },
        "unmanaged_settings": {"type": "str", "choices": ["keep", "remove"], "default": "keep"},
        "allow_recreate": {"type": "bool", "default": False},
        "preflight": {"type": "bool", "default": True},
        "force": {"type": "bool", "default": False},
        "duplicate_model": {"type": "str", "choices": ["allow", "warn", "fail"], "default": "warn"},
        "wait_for_deployment": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 300},
    }


@dataclass
class Task:
    """One run of a module, its options checked.

    :ivar api: the inference API of the cluster.
    :ivar warnings: shown to the user at the end, in order.
    """

    params: Mapping[str, Any]
    api: Inference
    check_mode: bool
    diff_mode: bool
    warnings: list[str] = field(default_factory=list)

    def reconciler(self, service: Service) -> Reconciler:
        policy = Policy(**{option.name: self.params[option.name] for option in fields(Policy)})
        return Reconciler(self.api, service, policy, self.check_mode, self.warnings)

    def result(self, outcome: Outcome, service: Service) -> dict[str, Any]:
        """What is returned of one endpoint."""
        result: dict[str, Any] = {
            "changed": outcome.changed,
            "action": outcome.action,
            "endpoint": outcome.after.as_dict() if outcome.after else None,
            "changes": list(outcome.changes),
        }
        if self.diff_mode and outcome.changed:
            result["diff"] = outcome.diff(service.secret)
        if outcome.error:
            result.update(failed=True, msg=str(outcome.error), failure=outcome.error.failure)
        return result

    def results(self, outcomes: Sequence[Outcome], service: Service) -> dict[str, Any]:
        """What is returned of many endpoints, in their order."""
        results = [{"inference_id": outcome.inference_id, **self.result(outcome, service)} for outcome in outcomes]
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


def _summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    summary = dict.fromkeys((CREATED, UPDATED, RECREATED, DELETED, "unchanged", "failed"), 0)
    for outcome in outcomes:
        done = "failed" if outcome.error else "unchanged" if outcome.action == NONE else outcome.action
        summary[done] += 1
    return summary


class _Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """An AnsibleModule that names all invalid options at once and hides secrets that stand in a wrong place."""

    def _load_params(self) -> None:
        super()._load_params()
        self.raw_params = dict(self.params)

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        if getattr(self, "validation_result", None) and self.validation_result.errors:
            self.no_log_values.update(_misplaced_secrets(self.argument_spec, self.raw_params))
            messages = self.validation_result.error_messages
            # One wrong value may be told twice, the second time with its place.
            told = [text for text in messages if not any(text in other and text != other for other in messages)]
            if len(told) > 1:
                msg = _listed(told)
        super().fail_json(msg, **kwargs)


def run(
    argument_spec: Mapping[str, Any],
    problems: Callable[[Mapping[str, Any]], list[str]],
    work: Callable[[Task], dict[str, Any]],
) -> None:
    """Runs a module from its options to its exit.

    :param argument_spec: of the module itself; the connection's is added.
    :param problems: what is wrong with the options beyond the argument spec.
    :param work: does it and returns the result; C(failed) in it makes a failure of it.
    """
    module = _Module(argument_spec={**connection_options(), **argument_spec}, supports_check_mode=True)
    module.no_log_values -= {value for value in _leaves(module.params["headers"]) if len(value) < _SHORTEST_SECRET}
    if REQUESTS_IMPORT_ERROR is not None:
        module.fail_json(msg=missing_required_lib("requests"))
    credentials = f"{module.params['elasticsearch_username']}:{module.params['elasticsearch_password']}"
    redact = Redactor({*module.no_log_values, credentials})
    result = _guarded(lambda: _run(module, problems, work, redact), redact)
    # Outside of any except block, where fail_json would show the traceback that is being handled.
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _run(
    module: AnsibleModule,
    problems: Callable[[Mapping[str, Any]], list[str]],
    work: Callable[[Task], dict[str, Any]],
    redact: Redactor,
) -> dict[str, Any]:
    connection, wrong = _connection(module.params)
    wrong += _not_numbers(module.argument_spec, module.raw_params) + problems(module.params)
    if wrong:
        return {"failed": True, "msg": redact(_listed(wrong))}
    client = Client(connection, redact)
    task = Task(module.params, Inference(client), module.check_mode, module._diff)
    try:
        return work(task)
    finally:
        client.close()
        for warning in task.warnings:
            module.warn(redact(warning))


def _guarded(work: Callable[[], dict[str, Any]], redact: Redactor) -> dict[str, Any]:
    try:
        return work()
    except ClientError as error:
        return {"failed": True, "msg": str(error), "failure": error.failure}
    except Exception as error:  # pylint: disable=broad-except
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}:{place.lineno}"
        text = f"This is a bug in esops.inference, please report it: {type(error).__name__} at {where}: {error}"
        return {"failed": True, "msg": redact(text)}


def _connection(params: Mapping[str, Any]) -> tuple[Connection, list[str]]:
    """The connection that the options describe, and what is wrong with them."""
    wrong: list[str] = []
    given = {name: params[name] for name in connection_options() if params[name] not in (None, "", [], {})}
    _prefer_task(given, (("elasticsearch_url",), ("elasticsearch_cloud_id",)), wrong)
    _prefer_task(
        given,
        (
            ("elasticsearch_username", "elasticsearch_password"),
            ("elasticsearch_api_key",),
            ("elasticsearch_bearer_token",),
        ),
        wrong,
    )
    urls = _urls(given, wrong)
    if ("elasticsearch_username" in given) != ("elasticsearch_password" in given):
        wrong.append("elasticsearch_username and elasticsearch_password belong together: one of them is missing.")
    if "client_key" in given and "client_cert" not in given:
        wrong.append("client_key needs client_cert.")
    for name in ("ca_path", "client_cert", "client_key"):
        if name in given and not os.access(given[name], os.R_OK):
            wrong.append(f"{name}: {given[name]} does not exist or cannot be read on the machine the module runs on.")
    fingerprint = re.sub("[:\\s]", "", given.get("ca_fingerprint", "")).lower()
    if fingerprint and not re.fullmatch("[0-9a-f]{64}", fingerprint):
        wrong.append("ca_fingerprint must be a SHA-256 fingerprint: 64 hexadecimal digits, with colons or without.")
    if not 0 < params["timeout"] < float("inf"):
        wrong.append(f"timeout must be a positive number of seconds, not {params['timeout']}.")
    if params["retries"] < 0:
        wrong.append(f"retries must be 0 or more, not {params['retries']}.")
    headers = {str(name): str(value) for name, value in given.get("headers", {}).items()}
    sent = {"elasticsearch_api_key", "elasticsearch_bearer_token"}.intersection(given)
    for name, value in [*((name, given[name]) for name in sorted(sent)), *headers.items()]:
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            wrong.append(f"{name} holds characters that cannot be sent: white space around it, or none of ASCII.")
    connection = Connection(
        urls=urls,
        username=given.get("elasticsearch_username"),
        password=given.get("elasticsearch_password"),
        api_key=given.get("elasticsearch_api_key"),
        bearer_token=given.get("elasticsearch_bearer_token"),
        ca_path=given.get("ca_path"),
        ca_fingerprint=fingerprint or None,
        client_cert=given.get("client_cert"),
        client_key=given.get("client_key"),
        validate_certs=params["validate_certs"],
        timeout=params["timeout"],
        retries=params["retries"],
        headers=headers,
    )
    return connection, wrong


def _prefer_task(given: dict[str, Any], ways: tuple[tuple[str, ...], ...], wrong: list[str]) -> None:
    """Of several ways to say the same, one that stands in the task wins over those of the environment."""
    used = [way for way in ways if any(name in given for name in way)]
    if len(used) < 2:
        return
    in_task = [way for way in used if any(name in given and not _is_from_environment(name, given) for name in way)]
    if len(in_task) != 1:
        names = " and ".join("/".join(way) for way in used)
        wrong.append(f"{names} exclude each other: give one of them, in the task or in the environment.")
        return
    for way in used:
        if way not in in_task:
            for name in way:
                given.pop(name, None)


def _is_from_environment(name: str, given: Mapping[str, Any]) -> bool:
    variable = connection_options()[name]["fallback"][1][0]
    value = given[name]
    return os.environ.get(variable) == (",".join(value) if isinstance(value, list) else value)


def _urls(given: Mapping[str, Any], wrong: list[str]) -> tuple[str, ...]:
    urls: list[str] = []
    if "elasticsearch_cloud_id" in given:
        try:
            urls.append(cloud_url(given["elasticsearch_cloud_id"]))
        except ValueError as error:
            wrong.append(f"elasticsearch_cloud_id {error}.")
    for url in given.get("elasticsearch_url", ()):
        try:
            urls.append(base_url(url))
        except ValueError as error:
            wrong.append(f"elasticsearch_url: {_without_user(url)} {error}.")
    if not urls and not wrong:
        wrong.append(
            "elasticsearch_url or elasticsearch_cloud_id is required: where is the cluster? "
            "ELASTICSEARCH_URL and ELASTICSEARCH_CLOUD_ID in the environment do as well."
        )
    return tuple(urls)


def _without_user(url: str) -> str:
    scheme, _slashes, rest = url.rpartition("//")
    return f"{scheme}//{rest.rpartition('@')[2]}"


def _not_numbers(spec: Mapping[str, Any], value: Mapping[str, Any], place: str = "") -> list[str]:
    """Booleans where numbers belong: ansible-core takes them as 1 and 0, which nobody means."""
    found: list[str] = []
    for name, option in spec.items():
        given = value.get(name)
        if option.get("type") in ("int", "float") and isinstance(given, bool):
            found.append(f"{place}{name} must be a number, not {str(given).lower()}.")
        elif "options" in option:
            parts = given if isinstance(given, list) else [given]
            for number, part in enumerate(parts):
                if isinstance(part, Mapping):
                    inner = f"{place}{name}[{number}]." if isinstance(given, list) else f"{place}{name}."
                    found += _not_numbers(option["options"], part, inner)
    return found


def _misplaced_secrets(spec: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    """Everything that may be a secret in options that are not as the spec wants them.

    ansible-core hides what stands where the spec has a secret; here it may stand elsewhere:
    under a name that no option has, or in a value of another type than the option's.
    """
    for name, given in value.items():
        option = spec.get(name, {"no_log": not name.startswith("_ansible")})
        if option.get("no_log"):
            yield from _long_leaves(given)
        elif "options" in option:
            for part in given if isinstance(given, (list, tuple)) else [given]:
                if isinstance(part, Mapping):
                    yield from _misplaced_secrets(option["options"], part)
                else:
                    yield from _long_leaves(part)
        elif name == "elasticsearch_url":
            yield from (password for password in map(_password, _leaves(given)) if password)


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None


def _long_leaves(value: Any) -> Iterator[str]:
    return (leaf for leaf in _leaves(value) if len(leaf) >= _SHORTEST_SECRET)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _listed(problems: list[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems: " + " ".join(f"({number}) {text}" for number, text in enumerate(problems, 1))
