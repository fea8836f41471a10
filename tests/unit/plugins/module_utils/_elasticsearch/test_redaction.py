# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the redaction of secrets in all encodings."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor


def forms(secret: str) -> list[str]:
    """Return the encodings of a secret."""
    raw = secret.encode()
    encoded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    return [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        *encoded,
        *(form.rstrip("=") for form in encoded),
    ]


#: Strings whose encodings differ. A star is excluded because it is the replacement.
TRICKY = st.text(st.sampled_from("ab\"'\\/+ ?=%\néß€😀\x00"), min_size=4, max_size=12)
SECRETS = st.lists(TRICKY | st.text(min_size=4), min_size=1, max_size=3).map(
    lambda secrets: [secret.replace("*", "x") for secret in secrets]
)


class TestRedactor:
    @pytest.mark.parametrize("form", forms('p"w\\d é/+?'))
    def test_each_encoding_of_a_secret_is_hidden(self, form: str) -> None:
        assert Redactor(['p"w\\d é/+?'])(f"before {form} after {form}") == "before ******** after ********"

    @pytest.mark.parametrize("order", [1, -1])
    def test_overlapping_secrets_are_hidden_completely(self, order: int) -> None:
        secrets = ["secret", "secret-and-more", "my-secret-and-more"][::order]
        assert Redactor(secrets)("my-secret-and-more secret-and-more secret") == "******** ******** ********"

    def test_empty_secret_hides_nothing(self) -> None:
        assert Redactor(["", ""])("text") == "text"

    def test_secret_that_is_not_utf_8_is_hidden(self) -> None:
        assert Redactor(["pass\udc80word"])("a pass\udc80word") == "a ********"

    @pytest.mark.parametrize(
        ("text", "hidden"),
        [
            ("{api_key=sk-1, model_id=m}", "{api_key=********, model_id=m}"),
            ('{"api_key": "sk-1", "model_id": "m"}', '{"api_key": ********, "model_id": "m"}'),
            ('{"api_key":"sk \\"1","m":1}', '{"api_key":********,"m":1}'),
            ("{'api_key': 'sk 1', 'm': 1}", "{'api_key': ********, 'm': 1}"),
            ('{\\"api_key\\": \\"sk-1\\", \\"m\\": 1}', '{\\"api_key\\": ********, \\"m\\": 1}'),
            ("api_key = sk-1; more", "api_key = ********; more"),
            ("the required setting [api_key];2: more", "the required setting [api_key];2: more"),
            ("elasticsearch_api_key or a token", "elasticsearch_api_key or a token"),
        ],
    )
    def test_unknown_api_key_is_hidden_by_its_name(self, text: str, hidden: str) -> None:
        assert Redactor([])(text) == hidden

    @settings(deadline=None, max_examples=100)
    @given(SECRETS, st.data())
    def test_no_encoding_of_any_secret_remains_in_any_string(self, secrets: list[str], data: st.DataObject) -> None:
        shown = [form for secret in secrets for form in forms(secret)]
        parts = data.draw(st.lists(st.sampled_from(shown) | st.text(), max_size=8))
        redacted = Redactor(secrets)("".join(parts))
        assert [form for form in shown if form in redacted] == []
