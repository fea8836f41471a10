# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read server-sent events from bytes that arrive in any pieces.

The format is that of the HTML standard, "Server-sent events". Only runs that stream load this file.
Private to the collection.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, NamedTuple

#: What ends a line. A carriage return at the end of what has arrived may be the first half of such an end.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")

_BYTE_ORDER_MARK = "\ufeff"


class Event(NamedTuple):
    """One event.

    :ivar name: C(message) if the server sends none.
    """

    name: str
    data: str


def parse_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Return the events in a stream, each as soon as it is whole. An event that is cut off is left out."""
    name, data = "", []
    for line in _lines(chunks):
        field, _colon, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line:
            if data:
                yield Event(name or "message", "\n".join(data))
            name, data = "", []


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = _LINE_END.split(rest + chunk)
        yield from map(_text, lines)
    if rest.endswith(b"\r"):
        yield _text(rest[:-1])


def _text(line: bytes) -> str:
    """Return a line without the byte order mark that Elasticsearch sends before each event."""
    text = line.decode(errors="replace")
    return text[1:] if text.startswith(_BYTE_ORDER_MARK) else text
