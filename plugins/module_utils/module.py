# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell that every module shares: connection and policy options, the client, exit and failure.

There is one error boundary, C(run): whatever goes wrong below it ends as one clear message without a secret.
Private to the collection.
"""

from __future__ import annotations

import math
import os
import re
import traceback
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import set_fallbacks
from ansible.module_utils.common.validation import check_type_dict
from ansible.module_utils.errors import AnsibleFallbackNotFound, UnsupportedError

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

#: Stands for what is no dictionary, and may be a secret.
_NO_DICTIONARY = "********"

#: Seconds; a day. The clock of the operating system has no room for much more.
_LONGEST_TIMEOUT = 86400

#: What a header's name is made of (RFC 9110, "Tokens").
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)


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

    params: dict[str, Any]

    def _load_params(self) -> None:
        super()._load_params()
        set_fallbacks(self.argument_spec, self.params)
        self.params = _structured(self.argument_spec, self.params)
        self.raw_params = dict(self.params)
        # Before ansible-core writes anything to the log of the system.
        self.no_log_values.update(_misplaced_secrets(self.argument_spec, self.raw_params))

    def show_short_headers(self) -> None:
        """Takes values of headers that are too short to be secrets out of what is hidden."""
        values = _leaves(self.raw_params.get("headers"))
        self.no_log_values -= {value for value in values if len(value) < _SHORTEST_SECRET}

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        # There is no result yet if ansible-core fails before it has looked at the options.
        errors = self.validation_result.errors.errors if hasattr(self, "validation_result") else ()
        if errors:
            self.show_short_headers()
            msg = _listed(_told(errors))
        super().fail_json(msg, **kwargs)


def _told(errors: Sequence[Exception]) -> list[str]:
    """The messages of ansible-core; one wrong value may be told twice, the second time with its place."""
    texts = [
        f"Unsupported parameters: {error}" if isinstance(error, UnsupportedError) else str(error) for error in errors
    ]
    return [text for text in texts if not any(text in other and text != other for other in texts)]


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
    module.show_short_headers()
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
    wrong += _mistaken_types(module.argument_spec, module.raw_params) + problems(module.params)
    if wrong:
        return {"failed": True, "msg": redact(_listed(wrong))}
    client = Client(connection, redact)
    task = Task(module.params, Inference(client), module.check_mode, module._diff)
    try:
        return work(task)
    finally:
        client.close()
        if client.patience.resent:
            times = "once" if client.patience.resent == 1 else f"{client.patience.resent} times"
            task.warnings.append(f"A request had to be sent again {times}, the last time for {client.patience.reason}.")
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
    wrong += [
        f"{name}: {given[name]} does not exist or cannot be read on the machine the module runs on."
        for name in ("ca_path", "client_cert", "client_key")
        if name in given and not _is_readable(given[name], directory_too=name == "ca_path")
    ]
    fingerprint = re.sub("[:\\s]", "", given.get("ca_fingerprint", "")).lower()
    if fingerprint and not re.fullmatch("[0-9a-f]{64}", fingerprint):
        wrong.append("ca_fingerprint must be a SHA-256 fingerprint: 64 hexadecimal digits, with colons or without.")
    if not 0 < params["timeout"] <= _LONGEST_TIMEOUT:
        seconds = f"a positive number of seconds, at most {_LONGEST_TIMEOUT}"
        wrong.append(f"timeout must be {seconds}, not {params['timeout']}.")
    if params["retries"] < 0:
        wrong.append(f"retries must be 0 or more, not {params['retries']}.")
    headers = _headers(given, wrong)
    wrong += _not_sendable(given)
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


def _is_readable(path: str, directory_too: bool) -> bool:
    return os.access(path, os.R_OK) and (directory_too or Path(path).is_file())


def _headers(given: Mapping[str, Any], wrong: list[str]) -> dict[str, str]:
    headers = given.get("headers", {})
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            wrong.append(f"headers: {name!r} is no name of a header.")
        if isinstance(value, (Mapping, list)) or value is None:
            wrong.append(f"headers: the value of {name} must be a string.")
        elif not _is_plain(str(value)):
            wrong.append(f"headers: the value of {name} {_NOT_PLAIN}.")
    return {name: str(value) for name, value in headers.items()}


_NOT_PLAIN = "cannot be sent: it holds white space around it, control characters, or characters that are not ASCII"


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()


def _not_sendable(given: Mapping[str, Any]) -> list[str]:
    names = ("elasticsearch_api_key", "elasticsearch_bearer_token")
    wrong = [f"{name} {_NOT_PLAIN}." for name in names if not _is_plain(given.get(name, ""))]
    # The environment hands bytes that are not UTF-8 on as surrogates.
    if re.search("[\ud800-\udfff]", given.get("elasticsearch_password", "")):
        wrong.append("elasticsearch_password cannot be sent: it is not UTF-8.")
    return wrong


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
            urls.append(base_url(url.strip()))
        except ValueError as error:
            wrong.append(f"elasticsearch_url: {_without_user(url)} {error}.")
    if not urls and not wrong:
        wrong.append(
            "elasticsearch_url or elasticsearch_cloud_id is required: where is the cluster? "
            "ELASTICSEARCH_URL and ELASTICSEARCH_CLOUD_ID in the environment do as well."
        )
    return tuple(urls)


#: The scheme, and whatever may be a user and a password, of something that is not a proper URL.
_USER = re.compile(r"(\s*\w+://)?(.*@)?", re.DOTALL)


def _without_user(url: str) -> str:
    return _USER.sub(r"\1", url, count=1)


def _user(url: str) -> str:
    """What stands before the host in a URL that is refused, or an empty string."""
    try:
        base_url(url.strip())
    except ValueError:
        found = _USER.match(url)
        return (found and found[2]) or ""
    return ""


def _mistaken_types(spec: Mapping[str, Any], value: Mapping[str, Any], place: str = "") -> list[str]:
    """What ansible-core takes though nobody means it: booleans as the numbers 1 and 0, structures as their text."""
    found: list[str] = []
    for name, option in spec.items():
        given, kind = value.get(name), option.get("type")
        if kind in ("int", "float") and isinstance(given, bool):
            found.append(f"{place}{name} must be a number, not {str(given).lower()}.")
        elif kind in ("str", "path") and isinstance(given, (Mapping, list)):
            found.append(f"{place}{name} must be a string, not a {type(given).__name__}.")
        elif "options" in option:
            for number, part in enumerate(_parts(given)):
                inner = f"{place}{name}[{number}]." if kind == "list" else f"{place}{name}."
                found += _mistaken_types(option["options"], part or {}, inner)
    return found


def _structured(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options with texts where dictionaries belong read as ansible-core reads them.

    It would do so itself, but not without tracebacks for some of what people write there,
    nor for infinity in the place of a whole number.
    """
    result = {str(name): value for name, value in given.items()}
    for name, option in spec.items():
        value = result.get(name)
        if option["type"] == "int" and _is_infinite(value):
            result[name] = "infinite"
        if value is None or not (option["type"] == "dict" or "options" in option):
            continue
        if option["type"] == "list" and isinstance(value, str):
            value = value.split(",")
        structure = [_dictionary(option, part) for part in value] if isinstance(value, list) else None
        result[name] = _dictionary(option, value) if structure is None else structure
    return result


def _is_infinite(value: Any) -> bool:
    try:
        return math.isinf(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _dictionary(option: Mapping[str, Any], part: Any) -> Any:
    """What was given as a dictionary with these options, or a text that is refused for being none."""
    if isinstance(part, str) and "=" not in part.rstrip("="):
        # The end of Base64 would make a name of it, and names are shown.
        part = part.rstrip("=")
    try:
        return _structured(option.get("options", {}), check_type_dict(part))
    except (TypeError, ValueError):
        return part if isinstance(part, list) else _NO_DICTIONARY


def _misplaced_secrets(spec: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    """Everything that may be a secret in options that are not as the spec wants them.

    ansible-core hides what stands where the spec has a secret; here it may stand elsewhere:
    under a name that no option has, or in a value of another type than the option's.
    """
    for name, given in value.items():
        option = spec.get(name, {"no_log": not name.startswith("_ansible")})
        if option.get("no_log"):
            yield from _long_leaves(given)
        elif name == "elasticsearch_url":
            yield from _secrets_in_urls(given.split(",") if isinstance(given, str) else _parts(given))
        elif "options" in option:
            for part in _parts(given):
                yield from _misplaced_secrets(option["options"], part) if isinstance(part, dict) else _long_leaves(part)
        elif isinstance(given, (dict, list)):
            yield from _long_leaves(given)


def _secrets_in_urls(urls: Iterable[Any]) -> Iterator[str]:
    for url in urls:
        if not isinstance(url, str):
            yield from _long_leaves(url)
        elif _user(url):
            yield _user(url)


def _parts(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


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
