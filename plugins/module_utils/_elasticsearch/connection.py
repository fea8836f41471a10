# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a connection, and parsers of addresses. Private to the collection."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Mapping
from urllib.parse import urlsplit

from .auth import Auth


@dataclass(frozen=True)
class Connection:
    """Settings of a connection to a cluster. Their C(repr) contains no secrets.

    :ivar urls: base URLs of the nodes, in the order of use.
    :ivar auth: the authentication method with its credentials.
    :ivar ca_path: file or directory of CA certificates in PEM format.
    :ivar ca_fingerprint: SHA-256 fingerprint, 64 lowercase hexadecimal digits.
    :ivar client_key: key file, or None if the key is in C(client_cert).
    :ivar timeout: seconds for one request.
    :ivar retries: how many times to retry a request after a temporary error.
    """

    urls: tuple[str, ...]
    auth: Auth = field(default_factory=Auth)
    ca_path: str | None = None
    ca_fingerprint: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool = True
    timeout: float = 130.0
    retries: int = 3
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def verify(self) -> bool | str:
        """Return the option C(verify) of requests: false, the path of CA certificates, or true for the default CAs."""
        if not self.validate_certs:
            return False
        # A pinned certificate does not need a CA.
        return self.ca_path or not self.ca_fingerprint


def parse_cloud_id(cloud_id: str) -> str:
    """Return the Elasticsearch URL from a Cloud ID, C(label:base64(host$elasticsearch$kibana)).

    :raises ValueError: if the Cloud ID is not valid. The message is the predicate of a sentence about it.
    """
    encoded = cloud_id.strip().rpartition(":")[2].rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
        host, elasticsearch = decoded.strip().split("$")[:2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ValueError("is not a valid Cloud ID") from None
    if not host or not elasticsearch:
        raise ValueError("is a Cloud ID without an Elasticsearch host")
    name, _colon, own_port = elasticsearch.partition(":")
    domain, _colon, port = host.partition(":")
    url = f"https://{name}.{domain}:{own_port or port or '443'}"
    try:
        return normalize_url(url)
    except ValueError:
        raise ValueError("is a Cloud ID with an invalid address") from None


def normalize_url(url: str) -> str:
    """Return the URL of a node without trailing slashes.

    :raises ValueError: if the URL is not valid as a base URL. The message is the predicate of a sentence about it.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or re.search(r"\s", url) or not url.isprintable():
        raise ValueError("must be an http or https URL, for example https://host:9200")
    if "@" in parts.netloc:
        raise ValueError(
            "must not contain credentials. Hint: set elasticsearch_username and elasticsearch_password instead"
        )
    return url.rstrip("/")
