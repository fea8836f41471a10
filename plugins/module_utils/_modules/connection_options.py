# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options: argument spec, environment variables, and validation.

Private to the collection.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Iterator, Mapping

from ansible.module_utils.errors import AnsibleFallbackNotFound

from .._elasticsearch.auth import METHODS, choose_auth
from .._elasticsearch.connection import Connection, base_url, cloud_url
from .._elasticsearch.keys import (
    is_credential,
    key_problem,
)

#: One day, in seconds. Operating systems do not support much longer timeouts.
_LONGEST_TIMEOUT = 86400

#: Valid header names (RFC 9110, "Tokens").
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)

#: Scheme and possible credentials of an invalid URL.
_USER = re.compile(r"(\s*\w+://)?(.*@)?", re.DOTALL)

_NOT_PLAIN = "must not contain leading or trailing whitespace, control characters, or non-ASCII characters"

#: Mutually exclusive groups of options for the cluster address and for the credentials.
_PLACES = (("elasticsearch_url",), ("elasticsearch_cloud_id",))
_PREFIX = "elasticsearch_"
_CREDENTIALS = tuple(tuple(_PREFIX + name for name in method.parameters) for method in METHODS)

#: Hints for values that are often confused with each kind of key.
_KEYS = {_PREFIX + method.parameters[0]: method.forms for method in METHODS if method.forms}


def _from_environment(name: str) -> str:
    """Return an environment variable, like C(env_fallback). Ignore empty ones, which AWX sets for empty fields."""
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def _option(environment: str, **spec: Any) -> dict[str, Any]:
    return {**spec, "fallback": (_from_environment, [environment])}


def connection_options() -> dict[str, Any]:
    """Return the argument spec of the connection, which all modules share."""
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
        "headers": _option("ELASTICSEARCH_HEADERS", type="dict"),
    }


def with_keys_as_text(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with keys as JSON strings if they are dictionaries, such as a response of Elasticsearch.

    C(connection_of) then reports the mistake with a hint.
    """
    responses = {name: options[name] for name in _KEYS if isinstance(options.get(name), dict)}
    return {**options, **{name: json.dumps(response, default=str) for name, response in responses.items()}}


def hidden_credentials(params: Mapping[str, Any]) -> Iterator[str]:
    """Return the secret strings of all complete credentials, including those that are not used."""
    for method, names in zip(METHODS, _CREDENTIALS):
        if all(params[name] for name in names):
            yield from method(*(params[name] for name in names)).secrets


def connection_of(params: Mapping[str, Any]) -> tuple[Connection, list[str]]:
    """Build the connection from options, and validate them.

    :param params: all options of C(connection_options), converted by ansible-core.
    :returns: the connection, and validation errors as sentences. The connection is usable only without errors.
    """
    given = {name: params[name] for name in connection_options() if params[name] not in (None, "", [], {})}
    wrong = _prefer_task(given, _PLACES) + _prefer_task(given, _CREDENTIALS)
    urls, wrong_urls = _urls(given)
    fingerprint = _fingerprint(given)
    headers = given.get("headers", {})
    wrong += wrong_urls + _incomplete(given) + _unreadable(given) + _wrong_fingerprint(given)
    wrong += _out_of_range(params) + _wrong_headers(headers) + _not_sendable(given)
    credentials = {name[len(_PREFIX) :]: given[name] for names in _CREDENTIALS for name in names if name in given}
    connection = Connection(
        urls=urls,
        auth=choose_auth(credentials),
        ca_path=given.get("ca_path"),
        ca_fingerprint=fingerprint or None,
        client_cert=given.get("client_cert"),
        client_key=given.get("client_key"),
        validate_certs=params["validate_certs"],
        timeout=params["timeout"],
        retries=params["retries"],
        headers={name: str(value) for name, value in headers.items()},
    )
    return connection, wrong


def _prefer_task(given: dict[str, Any], ways: tuple[tuple[str, ...], ...]) -> list[str]:
    """Remove options from the environment if the task sets an alternative. Return an error if that is ambiguous."""
    used = [way for way in ways if any(name in given for name in way)]
    if len(used) < 2:
        return []
    in_task = [way for way in used if any(name in given and not _is_from_environment(name, given) for name in way)]
    if len(in_task) != 1:
        names = " and ".join("/".join(way) for way in used)
        return [f"{names} are mutually exclusive. Hint: set only one of them, in the task or in the environment."]
    for way in used:
        if way not in in_task:
            for name in way:
                given.pop(name, None)
    return []


def _is_from_environment(name: str, given: Mapping[str, Any]) -> bool:
    variable = connection_options()[name]["fallback"][1][0]
    value = given[name]
    return os.environ.get(variable) == (",".join(value) if isinstance(value, list) else value)


def _urls(given: Mapping[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """Return the addresses of the nodes, and validation errors."""
    urls: list[str] = []
    wrong: list[str] = []
    if "elasticsearch_cloud_id" in given:
        try:
            urls.append(cloud_url(given["elasticsearch_cloud_id"]))
        except ValueError as error:
            wrong.append(f"elasticsearch_cloud_id {error}. The value is {given['elasticsearch_cloud_id']!r}.")
    for url in given.get("elasticsearch_url", ()):
        try:
            urls.append(base_url(url.strip()))
        except ValueError as error:
            shown = _USER.sub(r"\1", url, count=1)
            wrong.append(f"elasticsearch_url: {shown} {error}.")
    if not urls and not wrong:
        wrong.append(
            "elasticsearch_url or elasticsearch_cloud_id is required. "
            "Hint: set one of them, or the environment variable ELASTICSEARCH_URL or ELASTICSEARCH_CLOUD_ID."
        )
    return tuple(urls), wrong


def _incomplete(given: Mapping[str, Any]) -> list[str]:
    wrong = [
        f"{' and '.join(names)} must be set together."
        for names in _CREDENTIALS
        if 0 < sum(name in given for name in names) < len(names)
    ]
    if "client_key" in given and "client_cert" not in given:
        wrong.append("client_key requires client_cert.")
    return wrong


def _unreadable(given: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {given[name]} does not exist or is not readable on the host where the module runs."
        for name in ("ca_path", "client_cert", "client_key")
        if name in given and not _is_readable(given[name], directory_too=name == "ca_path")
    ]


def _is_readable(path: str, directory_too: bool) -> bool:
    try:
        return os.access(path, os.R_OK) and (directory_too or Path(path).is_file())
    except ValueError:  # not a valid path on any system
        return False


def _fingerprint(given: Mapping[str, Any]) -> str:
    return re.sub(r"[:\s]", "", given.get("ca_fingerprint", "")).lower()


def _wrong_fingerprint(given: Mapping[str, Any]) -> list[str]:
    if "ca_fingerprint" not in given or re.fullmatch("[0-9a-f]{64}", _fingerprint(given)):
        return []
    rule = "a SHA-256 fingerprint (64 hexadecimal digits, with or without colons)"
    return [f"ca_fingerprint must be {rule}, not {given['ca_fingerprint']!r}."]


def _out_of_range(params: Mapping[str, Any]) -> list[str]:
    wrong: list[str] = []
    if not 0 < params["timeout"] <= _LONGEST_TIMEOUT:
        seconds = f"a positive number of seconds, at most {_LONGEST_TIMEOUT}"
        wrong.append(f"timeout must be {seconds}, not {params['timeout']}.")
    if params["retries"] < 0:
        wrong.append(f"retries must be 0 or more, not {params['retries']}.")
    return wrong


def _wrong_headers(headers: Mapping[str, Any]) -> list[str]:
    wrong: list[str] = []
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            wrong.append(f"headers: {name!r} is not a valid header name.")
        if isinstance(value, (dict, list)) or value is None:
            wrong.append(f"headers: the value of {name} must be a string.")
        elif not _is_plain(str(value)):
            shown = "" if is_credential(name) else f" The value is {value!r}."
            wrong.append(f"headers: the value of {name} {_NOT_PLAIN}.{shown}")
    return wrong


def _not_sendable(given: Mapping[str, Any]) -> list[str]:
    found = {name: _wrong_key(given.get(name, ""), hints) for name, hints in _KEYS.items()}
    # Bytes of the environment that are not valid UTF-8 arrive as surrogates.
    for name in (name for names in _CREDENTIALS for name in names if name not in _KEYS):
        is_text = not re.search("[\ud800-\udfff]", given.get(name, ""))
        found[name] = "" if is_text else "is not valid UTF-8."
    return [f"{name} {problem}" for name, problem in found.items() if problem]


def _wrong_key(key: str, hints: Mapping[str, str]) -> str:
    return key_problem(key, hints) or ("" if key.isascii() else "contains a non-ASCII character.")


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()
