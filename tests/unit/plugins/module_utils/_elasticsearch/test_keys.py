# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the validation of keys and tokens, and of the detection of headers with credentials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.keys import (
    ELASTICSEARCH_KEY,
    ELASTICSEARCH_TOKEN,
    PROVIDER_KEY,
    find_invisible_character,
    find_key_error,
    find_secret_headers,
    is_credential,
)

FORMS = [ELASTICSEARCH_KEY, ELASTICSEARCH_TOKEN, PROVIDER_KEY]


@pytest.mark.parametrize(
    "key",
    [
        "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==",
        "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw",
        "essu_T0RjM1NqWkJPVmM1TTBOa2RXTjQ=",
        "AAEAAWVsYXN0aWMvZmxlZXQtc2VydmVyL3Rva2VuMTo3TFdaSDZ",
        "sk-ant-api03-abc_DEF-123",
        "monkey=",
        "apikey==",
        "bearer",
        'inner"quotation',
    ],
)
@pytest.mark.parametrize("hints", FORMS)
def test_valid_key_is_accepted(hints: dict[str, str], key: str) -> None:
    assert find_key_error(key, hints) == ""


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("ApiKey s3cret", 'must not start with "ApiKey". Hint: remove this prefix.'),
        ("apikey  s3cret", 'must not start with "ApiKey".'),
        ("Bearer s3cret", 'must not start with "Bearer". Hint: if it is a token, remove this prefix and set'),
        ("Basic s3cret", 'must not start with "Basic". Hint: set elasticsearch_username and elasticsearch_password'),
        (" Authorization: ApiKey s3cret", 'must not start with "authorization:". Hint: remove this prefix.'),
        ("X-Api-Key:s3cret", 'must not start with "x-api-key:". Hint: remove this prefix.'),
        ("ANTHROPIC_API_KEY=s3cret", "must not start with the name of a variable. Hint: remove the name"),
        ("export ES_TOKEN = s3cret", "must not start with the name of a variable."),
        ('"s3cret"', "must not be enclosed in quotation marks."),
        ("s3cret'", "must not be enclosed in quotation marks."),
        ("\u201cs3cret\u201d", "must not be enclosed in quotation marks."),
        (' {"id": "s3cret"}', 'must contain only the key, not the JSON of a response. Hint: use the value of "enc'),
        ("{'id': 's3cret'}", "must contain only the key, not the JSON of a response."),
        ("s3cret\n", "has leading or trailing whitespace."),
        ("\u00a0s3cret", "has leading or trailing whitespace."),
        ("s3c\nret", "contains whitespace or a line break."),
        ("s3c ret", "contains whitespace or a line break."),
        ("s3c\u00a0ret", "contains whitespace or a line break."),
        ("s3cret\u200b", "contains the invisible character U+200B. Hint: type it by hand"),
        ("\ufeffs3cret", "contains the invisible character U+FEFF."),
        ("s3\u00adcret", "contains the invisible character U+00AD."),
        ("s3\u3164cret", "contains the invisible character U+3164."),
        ("s3\ufe0fcret", "contains the invisible character U+FE0F."),
        ("s3\x7fcret", "contains the invisible character U+007F."),
    ],
)
def test_invalid_key_is_reported_without_the_key(key: str, problem: str) -> None:
    found = find_key_error(key, ELASTICSEARCH_KEY)
    assert found.startswith(problem)
    assert "s3c" not in found
    assert "cret" not in found


def test_hint_contains_option_for_other_kind_of_key() -> None:
    assert "elasticsearch_api_key" in find_key_error("ApiKey x", ELASTICSEARCH_TOKEN)
    assert '"access_token"' in find_key_error("{}", ELASTICSEARCH_TOKEN)
    assert find_key_error("Bearer x", PROVIDER_KEY).endswith("Hint: remove this prefix.")
    assert find_key_error("{}", PROVIDER_KEY).endswith("Hint: use only the key from it.")


@given(st.text(), st.sampled_from(FORMS))
def test_accepted_key_can_be_sent_in_a_header(key: str, hints: dict[str, str]) -> None:
    if not find_key_error(key, hints):
        assert key.isprintable()
        assert " " not in key


def test_visible_text_has_no_invisible_character() -> None:
    assert find_invisible_character("claude-sonnet é 日本 €") == ""


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "PROXY-AUTHORIZATION",
        "es-secondary-authorization",
        "ES-Client-Authentication",
        "Cookie",
        "Cookie2",
        "X-Api-Key",
        "x_api_key",
        "ApiKey",
        "X-APIKEY",
        "xApiKey",
        "X-Apikey-1",
        "X-Auth",
        "X-Auth-Token",
        "X-AuthToken",
        "X-Accesstoken",
        "X-Amz-Security-Token",
        "CF-Access-Client-Secret",
        "Ocp-Apim-Subscription-Key",
        "X-Subscriptionkey",
        "X-Password",
        "X-Passwd",
        "X-User-Pass",
        "X-Credentials",
        "X-CSRF-Token",
        "X-JWT-Assertion",
        "X-Hub-Signature",
        "X-Keys",
    ],
)
def test_header_with_credential_name_is_secret(name: str) -> None:
    assert is_credential(name)
    assert dict(find_secret_headers({name: "v"})) == {name: "v"}


@pytest.mark.parametrize(
    "name",
    [
        "X-Tenant",
        "X-Opaque-Id",
        "X-Request-Id",
        "X-Found-Cluster",
        "X-Forwarded-For",
        "Keep-Alive",
        "X-Monkey",
        "X-Keyspace",
        "X-Author",
        "X-Authority",
        "X-Tokenizer",
        "X-Secretary",
        "X-Compass",
        "X-Passenger",
        "X-Pinned",
        "Accept",
        "traceparent",
        "es-security-runas-user",
        "",
    ],
)
def test_header_with_any_other_name_is_not_secret(name: str) -> None:
    assert not is_credential(name)
    assert list(find_secret_headers({name: "v"})) == []


def test_credential_without_its_scheme_is_also_secret() -> None:
    found = list(find_secret_headers({"Authorization": "ApiKey s3cret", "X-Key": 5, "X-Token": True, "X-Secret": ""}))
    assert found == [("Authorization", "ApiKey s3cret"), ("Authorization", "s3cret"), ("X-Key", "5")]


def test_rest_of_header_after_scheme_is_one_credential() -> None:
    assert [text for _name, text in find_secret_headers({"Authorization": "Digest a b"})] == ["Digest a b", "a b"]


@pytest.mark.parametrize("headers", [None, "text", ["a"], 5, {"X-Key": {"a": "b"}}, {"X-Key": None}])
def test_headers_of_invalid_type_contain_no_secrets(headers: object) -> None:
    assert list(find_secret_headers(headers)) == []
