# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of API keys and tokens, and detection of headers with credentials.

Messages never contain a part of a key. Private to the collection.
"""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping

_HEADERS = ("authorization", "x-api-key")
_SCHEMES = {"apikey": "ApiKey", "bearer": "Bearer", "basic": "Basic"}
_QUOTATION_MARKS = ("'", '"', "`", "\u2018", "\u2019", "\u201c", "\u201d", "\u00ab", "\u00bb")

#: Invisible characters that Unicode classifies as letters, marks or symbols.
_BLANK = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"

#: Words in names of headers with credentials. The last two lines also match the end of a compound word.
_SECRET_WORD = (
    r"auth|authn|authz|bearer|hmac|jwts?|keys?|otp|pass|passcode|passphrase|pin|pwd|sid|signature"
    r"|.*(?:authentication|authori[sz]ation|cookie|credential|passw(?:or)?d|secret|token)s?"
    r"|.*(?:access|account|api|app|auth|client|license|master|private|service|shared|subscription)keys?"
)
_WORD = "[A-Z]+(?![a-z])|[A-Z]?[a-z]+"

#: Hints for each wrong form of each kind of key.
_REMOVE_PREFIX = "remove this prefix"
_LOGIN = "set elasticsearch_username and elasticsearch_password instead"
PROVIDER_KEY: Mapping[str, str] = {"JSON": "use only the key from it"}
ELASTICSEARCH_KEY: Mapping[str, str] = {
    "JSON": 'use the value of "encoded", or the values of "id" and "api_key" joined by a colon',
    "Bearer": "if it is a token, remove this prefix and set elasticsearch_bearer_token instead",
    "Basic": _LOGIN,
}
ELASTICSEARCH_TOKEN: Mapping[str, str] = {
    "JSON": 'use the value of "access_token" or "value"',
    "ApiKey": "remove this prefix and set elasticsearch_api_key instead",
    "Basic": _LOGIN,
}


def find_key_error(key: str, hints: Mapping[str, str]) -> str:
    """Return a validation error for a key or a token, as the predicate of a sentence, or an empty string.

    :param hints: hints by wrong form. The default is to remove the prefix of the key.
    """
    text = key.strip()
    if text.startswith("{"):
        return f"must contain only the key, not the JSON of a response. Hint: {hints['JSON']}."
    header, colon, _value = text.partition(":")
    if colon and header.rstrip().lower() in _HEADERS:
        return f'must not start with "{header.rstrip().lower()}:". Hint: {_REMOVE_PREFIX}.'
    # An encoded key can end with equals signs.
    variable, sign, _value = text.rstrip("=").partition("=")
    if sign and variable.rstrip().lower().endswith(("key", "token")):
        return "must not start with the name of a variable. Hint: remove the name and the equals sign."
    scheme, *value = text.split(None, 1) or [""]
    if value and scheme.lower() in _SCHEMES:
        name = _SCHEMES[scheme.lower()]
        return f'must not start with "{name}". Hint: {hints.get(name, _REMOVE_PREFIX)}.'
    if text.startswith(_QUOTATION_MARKS) or text.endswith(_QUOTATION_MARKS):
        return "must not be enclosed in quotation marks."
    return _find_character_error(key)


def _find_character_error(key: str) -> str:
    if key != key.strip():
        return "has leading or trailing whitespace."
    if len(key.split()) > 1:
        return "contains whitespace or a line break."
    invisible = find_invisible_character(key)
    if invisible:
        return f"contains the invisible character {invisible}. Hint: type it by hand, or copy it as plain text."
    return ""


def find_invisible_character(text: str) -> str:
    """Return the code point of the first invisible character, such as C(U+200B), or an empty string."""
    if text.isascii() and text.isprintable():
        return ""
    found = (character for character in text if not character.isprintable() or re.match(_BLANK, character))
    return next((f"U+{ord(character):04X}" for character in found), "")


def is_credential(header: str) -> bool:
    """Return whether the name of a header indicates a credential."""
    parts = re.split(r"[^A-Za-z]+", header)
    words = [*parts, *re.findall(_WORD, header)]
    return any(re.fullmatch(_SECRET_WORD, word.lower()) for word in words)


def find_secret_headers(headers: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and values of headers that contain credentials.

    For a value with an authentication scheme, also yield the credential without the scheme.

    :param headers: the raw option, of any type.
    """
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if is_credential(str(name)) and isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = str(value)
            yield from ((name, part) for part in (text, *text.split(None, 1)[1:]) if part)
