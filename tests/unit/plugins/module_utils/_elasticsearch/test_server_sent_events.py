# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the parser for server-sent events."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.server_sent_events import (
    Event,
    parse_events,
)

#: Data of one line, such as JSON, and event names.
LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)))
NAMES = LINES.filter(lambda name: bool(name) and not name.startswith(" "))
#: Positions at which a stream is split into chunks.
CUTS = st.lists(st.integers(min_value=0, max_value=400))


def chunked(content: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cuts), len(content)]
    return [content[begin:end] for begin, end in itertools.pairwise(places)]


@pytest.mark.parametrize(
    ("content", "events"),
    [
        pytest.param(b"data: a\n\n", [("message", "a")], id="without a name"),
        pytest.param(b"event: error\ndata: a\n\n", [("error", "a")], id="with a name"),
        pytest.param(b"data: a\nevent: error\n\ndata: b\n\n", [("error", "a"), ("message", "b")], id="two"),
        pytest.param(b"data: a\ndata: b\n\n", [("message", "a\nb")], id="of several lines"),
        pytest.param(b"data:a\n\n", [("message", "a")], id="without a blank"),
        pytest.param(b"data:  a \n\n", [("message", " a ")], id="with more blanks"),
        pytest.param(b"data: a: b\n\n", [("message", "a: b")], id="with a colon in it"),
        pytest.param(b"data\n\n", [("message", "")], id="with a name of a field alone"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", [("message", "a"), ("message", "b")], id="CRLF"),
        pytest.param(b"data: a\r\rdata: b\r\r", [("message", "a"), ("message", "b")], id="CR"),
        pytest.param(b": keep alive\n\n:\ndata: a\n\n", [("message", "a")], id="after comments"),
        pytest.param(b"id: 7\nretry: 5\nother: x\ndata: a\n\n", [("message", "a")], id="with other fields"),
        pytest.param(b"event: error\n\ndata: a\n\n", [("message", "a")], id="after one without data"),
        pytest.param(b"\n\n\ndata: a\n\n\n", [("message", "a")], id="between empty lines"),
        pytest.param(
            b"\xef\xbb\xbfevent: error\ndata: a\n\n\xef\xbb\xbfevent: error\ndata: b\n\n",
            [("error", "a"), ("error", "b")],
            id="each after a byte order mark",
        ),
        pytest.param(b"data: \xff\xe2\x82\n\n", [("message", "\ufffd\ufffd")], id="with invalid UTF-8"),
        pytest.param(b"data: a\x85b\xe2\x80\xa8c\n\n", [("message", "a\ufffdb\u2028c")], id="with other ends of lines"),
        pytest.param(b"data: a\n\ndata: b\n", [("message", "a")], id="before one that is broken off"),
        pytest.param(b"data: a\n\ndata: b", [("message", "a")], id="before a line that is broken off"),
        pytest.param(b"", [], id="none"),
    ],
)
def test_stream_is_parsed_into_events(content: bytes, events: list[tuple[str, str]]) -> None:
    assert list(parse_events([content])) == events
    assert list(parse_events(content[place : place + 1] for place in range(len(content)))) == events


@given(st.lists(st.tuples(NAMES, LINES)), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["", "\ufeff"]), CUTS)
def test_events_do_not_depend_on_chunks(events: list[tuple[str, str]], end: str, mark: str, cuts: list[int]) -> None:
    content = "".join(f"{mark}event: {name}{end}data: {data}{end}{end}" for name, data in events).encode()
    assert list(parse_events(chunked(content, cuts))) == events


@given(st.binary(), CUTS)
def test_chunk_boundaries_do_not_change_events_of_any_bytes(content: bytes, cuts: list[int]) -> None:
    assert list(parse_events(chunked(content, cuts))) == list(parse_events([content]))


def test_event_is_yielded_as_soon_as_it_is_complete() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"data: a\n\ndata: b"
        raise ConnectionError

    events = parse_events(chunks())
    assert next(events) == Event("message", "a")
    with pytest.raises(ConnectionError):
        next(events)
