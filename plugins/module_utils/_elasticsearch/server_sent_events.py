# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental parser for server-sent events, as defined in "Server-sent events" of the HTML standard.

Imported only by runs that stream. Private to the collection.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, NamedTuple

#: End of a line. A carriage return at the end of a chunk is not matched, because a line feed may follow.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")

_BYTE_ORDER_MARK = "\ufeff"


class Event(NamedTuple):
    """A server-sent event.

    :ivar name: the event type, C(message) by default.
    """

    name: str
    data: str


def parse_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Yield each event of a stream as soon as it is complete. An incomplete event is ignored."""
    name, data = "", []
    for line in _split_lines(chunks):
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


def _split_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = _LINE_END.split(rest + chunk)
        yield from map(_decode_line, lines)
    if rest.endswith(b"\r"):
        yield _decode_line(rest[:-1])


def _decode_line(line: bytes) -> str:
    """Decode a line and remove the byte order mark that Elasticsearch sends before each event."""
    text = line.decode(errors="replace")
    return text[1:] if text.startswith(_BYTE_ORDER_MARK) else text
