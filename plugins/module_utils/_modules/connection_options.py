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
from .._elasticsearch.connection import Connection, normalize_url, parse_cloud_id
from .._elasticsearch.keys import (
    find_key_error,
    is_credential,
)

#: One day, in seconds. Operating systems do not support much longer timeouts.
_MAX_TIMEOUT = 86400

#: Valid header names (RFC 9110, "Tokens").
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)

#: Scheme and possible credentials of an invalid URL.
_SCHEME_AND_CREDENTIALS = re.compile(r"(\s*\w+://)?(.*@)?", re.DOTALL)

_PLAIN_RULE = "must not contain leading or trailing whitespace, control characters, or non-ASCII characters"

#: Mutually exclusive groups of options for the cluster address and for the credentials.
_ADDRESSES = (("elasticsearch_url",), ("elasticsearch_cloud_id",))
_PREFIX = "elasticsearch_"
_CREDENTIALS = tuple(tuple(_PREFIX + name for name in method.parameters) for method in METHODS)

#: Hints for values that are often confused with each kind of key.
_KEY_HINTS = {_PREFIX + method.parameters[0]: method.key_hints for method in METHODS if method.key_hints}


def _from_environment(name: str) -> str:
    """Return an environment variable, like C(env_fallback). Ignore empty ones, which AWX sets for empty fields."""
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def _with_fallback(environment: str, **spec: Any) -> dict[str, Any]:
    return {**spec, "fallback": (_from_environment, [environment])}


def connection_options() -> dict[str, Any]:
    """Return the argument spec of the connection, which all modules share."""
    return {
        "elasticsearch_url": _with_fallback("ELASTICSEARCH_URL", type="list", elements="str"),
        "elasticsearch_cloud_id": _with_fallback("ELASTICSEARCH_CLOUD_ID", type="str"),
        "elasticsearch_username": _with_fallback("ELASTICSEARCH_USERNAME", type="str"),
        "elasticsearch_password": _with_fallback("ELASTICSEARCH_PASSWORD", type="str", no_log=True),
        "elasticsearch_api_key": _with_fallback("ELASTICSEARCH_API_KEY", type="str", no_log=True),
        "elasticsearch_bearer_token": _with_fallback("ELASTICSEARCH_BEARER_TOKEN", type="str", no_log=True),
        "ca_path": _with_fallback("ELASTICSEARCH_CA_PATH", type="path"),
        "ca_fingerprint": _with_fallback("ELASTICSEARCH_CA_FINGERPRINT", type="str"),
        "client_cert": _with_fallback("ELASTICSEARCH_CLIENT_CERT", type="path"),
        "client_key": _with_fallback("ELASTICSEARCH_CLIENT_KEY", type="path", no_log=False),
        "validate_certs": _with_fallback("ELASTICSEARCH_VALIDATE_CERTS", type="bool", default=True),
        "timeout": _with_fallback("ELASTICSEARCH_TIMEOUT", type="float", default=130.0),
        "retries": _with_fallback("ELASTICSEARCH_RETRIES", type="int", default=3),
        "headers": _with_fallback("ELASTICSEARCH_HEADERS", type="dict"),
    }


def stringify_keys(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with keys as JSON strings if they are dictionaries, such as a response of Elasticsearch.

    C(build_connection) then reports the mistake with a hint.
    """
    responses = {name: options[name] for name in _KEY_HINTS if isinstance(options.get(name), dict)}
    return {**options, **{name: json.dumps(response, default=str) for name, response in responses.items()}}


def find_credentials(params: Mapping[str, Any]) -> Iterator[str]:
    """Return the secret strings of all complete credentials, including those that are not used."""
    for method, names in zip(METHODS, _CREDENTIALS):
        if all(params[name] for name in names):
            yield from method(*(params[name] for name in names)).secrets


def build_connection(params: Mapping[str, Any]) -> tuple[Connection, list[str]]:
    """Build the connection from options, and validate them.

    :param params: all options of C(connection_options), converted by ansible-core.
    :returns: the connection, and validation errors as sentences. The connection is usable only without errors.
    """
    given = {name: params[name] for name in connection_options() if params[name] not in (None, "", [], {})}
    errors = _prefer_task(given, _ADDRESSES) + _prefer_task(given, _CREDENTIALS)
    urls, url_errors = _parse_urls(given)
    fingerprint = _normalize_fingerprint(given)
    headers = given.get("headers", {})
    errors += url_errors + _validate_pairs(given) + _validate_files(given) + _validate_fingerprint(given)
    errors += _validate_ranges(params) + _validate_headers(headers) + _validate_credentials(given)
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
    return connection, errors


def _prefer_task(given: dict[str, Any], groups: tuple[tuple[str, ...], ...]) -> list[str]:
    """Remove options from the environment if the task sets an alternative. Return an error if that is ambiguous."""
    used = [group for group in groups if any(name in given for name in group)]
    if len(used) < 2:
        return []
    in_task = [
        group for group in used if any(name in given and not _is_from_environment(name, given) for name in group)
    ]
    if len(in_task) != 1:
        names = " and ".join("/".join(group) for group in used)
        return [f"{names} are mutually exclusive. Hint: set only one of them, in the task or in the environment."]
    for group in used:
        if group not in in_task:
            for name in group:
                given.pop(name, None)
    return []


def _is_from_environment(name: str, given: Mapping[str, Any]) -> bool:
    variable = connection_options()[name]["fallback"][1][0]
    value = given[name]
    return os.environ.get(variable) == (",".join(value) if isinstance(value, list) else value)


def _parse_urls(given: Mapping[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """Return the addresses of the nodes, and validation errors."""
    urls: list[str] = []
    errors: list[str] = []
    if "elasticsearch_cloud_id" in given:
        try:
            urls.append(parse_cloud_id(given["elasticsearch_cloud_id"]))
        except ValueError as error:
            errors.append(
                f"elasticsearch_cloud_id {error}. The value is {given['elasticsearch_cloud_id']!r}. "
                "Hint: copy the Cloud ID of the deployment from the Elastic Cloud Console."
            )
    for url in given.get("elasticsearch_url", ()):
        try:
            urls.append(normalize_url(url.strip()))
        except ValueError as error:
            shown = _SCHEME_AND_CREDENTIALS.sub(r"\1", url, count=1)
            errors.append(f"elasticsearch_url: {shown} {error}.")
    if not urls and not errors:
        errors.append(
            "elasticsearch_url or elasticsearch_cloud_id is required. "
            "Hint: set one of them, or the environment variable ELASTICSEARCH_URL or ELASTICSEARCH_CLOUD_ID."
        )
    return tuple(urls), errors


def _validate_pairs(given: Mapping[str, Any]) -> list[str]:
    errors = [
        f"{' and '.join(names)} must be set together. Hint: one of them is not set or is empty."
        for names in _CREDENTIALS
        if 0 < sum(name in given for name in names) < len(names)
    ]
    if "client_key" in given and "client_cert" not in given:
        errors.append("client_key requires client_cert.")
    return errors


def _validate_files(given: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {given[name]} does not exist or is not readable on the host where the module runs. "
        "Hint: check the path, or copy the file to that host."
        for name in ("ca_path", "client_cert", "client_key")
        if name in given and not _is_readable(given[name], directory_too=name == "ca_path")
    ]


def _is_readable(path: str, directory_too: bool) -> bool:
    try:
        return os.access(path, os.R_OK) and (directory_too or Path(path).is_file())
    except ValueError:  # not a valid path on any system
        return False


def _normalize_fingerprint(given: Mapping[str, Any]) -> str:
    return re.sub(r"[:\s]", "", given.get("ca_fingerprint", "")).lower()


def _validate_fingerprint(given: Mapping[str, Any]) -> list[str]:
    if "ca_fingerprint" not in given or re.fullmatch("[0-9a-f]{64}", _normalize_fingerprint(given)):
        return []
    rule = "a SHA-256 fingerprint (64 hexadecimal digits, with or without colons)"
    return [f"ca_fingerprint must be {rule}, not {given['ca_fingerprint']!r}."]


def _validate_ranges(params: Mapping[str, Any]) -> list[str]:
    errors: list[str] = []
    if not 0 < params["timeout"] <= _MAX_TIMEOUT:
        seconds = f"a positive number of seconds, at most {_MAX_TIMEOUT}"
        errors.append(f"timeout must be {seconds}, not {params['timeout']}.")
    if params["retries"] < 0:
        errors.append(f"retries must be 0 or more, not {params['retries']}.")
    return errors


def _validate_headers(headers: Mapping[str, Any]) -> list[str]:
    errors: list[str] = []
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            errors.append(f"headers: {name!r} is not a valid header name.")
        if isinstance(value, (dict, list)) or value is None:
            errors.append(f"headers: the value of {name} must be a string.")
        elif not _is_plain(str(value)):
            shown = "" if is_credential(name) else f" The value is {value!r}."
            errors.append(f"headers: the value of {name} {_PLAIN_RULE}.{shown}")
    return errors


def _validate_credentials(given: Mapping[str, Any]) -> list[str]:
    found = {name: _validate_key(given.get(name, ""), hints) for name, hints in _KEY_HINTS.items()}
    # Bytes of the environment that are not valid UTF-8 arrive as surrogates.
    for name in (name for names in _CREDENTIALS for name in names if name not in _KEY_HINTS):
        is_text = not re.search("[\ud800-\udfff]", given.get(name, ""))
        found[name] = "" if is_text else "is not valid UTF-8."
    return [f"{name} {problem}" for name, problem in found.items() if problem]


def _validate_key(key: str, hints: Mapping[str, str]) -> str:
    return find_key_error(key, hints) or ("" if key.isascii() else "contains a non-ASCII character.")


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()
