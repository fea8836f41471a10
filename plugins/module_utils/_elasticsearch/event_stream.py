# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests whose responses are streams of events. Imported only by runs that stream. Private to the collection."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generator, Iterator
from urllib.parse import urlsplit

from .json_text import parse_json
from .server_sent_events import Event, parse_events

if TYPE_CHECKING:
    import requests

    from .client import Client, Request

try:
    import urllib3
except ImportError:
    pass  # The client does not start without it.
else:
    _STREAM_ERRORS = (OSError, urllib3.exceptions.HTTPError)

#: Maximum number of bytes to read at once.
_CHUNK_SIZE = 8192


def stream_events(client: Client, request: Request) -> Generator[Event, None, None]:
    """Send a request and yield the events of its response as they arrive.

    :raises ClientError: if the response is not a stream, is cut off, or contains an event with the name C(error).
    """
    response, chunks = client.retry(lambda _retried: _open_stream(client, request))
    with response:
        for event in parse_events(chunks):
            if event.name == "error":
                raise client.error_factory(request).from_error_event(parse_json(event.data))
            yield event


def _open_stream(client: Client, request: Request) -> tuple[requests.Response, Iterator[bytes]]:
    """Send a request and return the response and its body.

    :raises ClientError: if the response is not a stream of events.
    """
    response = client.send(request, stream=True)
    chunks = _read_chunks(client, request, response)
    is_stream = response.headers.get("Content-Type", "").startswith("text/event-stream")
    if response.status_code < 300 and is_stream:
        return response, chunks
    with response:
        # Elasticsearch reports an error as an event of the stream, a proxy in front of it as a plain response.
        content = next((event.data for event in parse_events(chunks)), "") if is_stream else b"".join(chunks)
        raise client.error_factory(request).from_response(response, parse_json(content))


def _read_chunks(client: Client, request: Request, response: requests.Response) -> Iterator[bytes]:
    """Yield the body of a response as it arrives.

    :raises ClientError: if the body is incomplete or does not arrive within the timeout.
    """
    parts, end = urlsplit(response.url), time.monotonic() + client.timeout
    node = f"{parts.scheme}://{parts.netloc}"
    try:
        for chunk in response.iter_content(_CHUNK_SIZE):
            yield chunk
            if time.monotonic() > end:
                raise client.error_factory(request).from_timeout(node, client.timeout)
    except _STREAM_ERRORS as error:
        raise client.error_factory(request).from_transport(error, node, client.timeout, has_started=True) from None
