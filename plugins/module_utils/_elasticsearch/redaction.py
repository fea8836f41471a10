# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take secrets out of texts. Private to the collection."""

from __future__ import annotations

import base64
import json
import re
from typing import Iterable
from urllib.parse import quote, quote_plus

_HIDDEN = "********"

#: The value of an API key that Elasticsearch shows with its name, although it is none of the known secrets.
_NAMED = re.compile(
    r"""(api_key[\\"']*\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;}\])]+)""",
    re.DOTALL,
)


class Redactor:
    """A function that hides secrets in a text: as they are, and as JSON, Python, base64 and URLs write them.

    :param secrets: texts; empty ones are left out.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _list_forms(secret)}
        # The longest first, so that a secret inside another one leaves no rest of it.
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, _HIDDEN)
        return _NAMED.sub(r"\g<1>" + _HIDDEN, text)


def _list_forms(secret: str) -> list[str]:
    # An environment variable may hold bytes that are not UTF-8.
    raw = secret.encode(errors="replace")
    as_base64 = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    unpadded = [form.rstrip("=") for form in as_base64]
    as_text = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]]
    in_urls = [quote(raw, safe=""), quote(raw), quote_plus(raw)]
    return [secret, *as_text, *in_urls, *as_base64, *unpadded]
