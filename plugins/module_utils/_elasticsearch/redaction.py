# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redaction of secrets in strings. Private to the collection."""

from __future__ import annotations

import base64
import json
import re
from typing import Iterable
from urllib.parse import quote, quote_plus

_HIDDEN = "********"

#: The value of an API key after its name, in case it is not among the known secrets.
_NAMED_API_KEY = re.compile(
    r"""(api_key[\\"']*\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;}\])]+)""",
    re.DOTALL,
)


class Redactor:
    """A callable that hides secrets in a string, in plain form and in the encodings of JSON, Python, base64 and URLs.

    :param secrets: strings to hide. Empty strings are ignored.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _encode(secret)}
        # The longest first. Otherwise, a secret that is a part of another one would leave the rest visible.
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, _HIDDEN)
        return _NAMED_API_KEY.sub(r"\g<1>" + _HIDDEN, text)


def _encode(secret: str) -> list[str]:
    # An environment variable can contain bytes that are not UTF-8.
    raw = secret.encode(errors="replace")
    as_base64 = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    unpadded = [form.rstrip("=") for form in as_base64]
    as_text = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]]
    in_urls = [quote(raw, safe=""), quote(raw), quote_plus(raw)]
    return [secret, *as_text, *in_urls, *as_base64, *unpadded]
