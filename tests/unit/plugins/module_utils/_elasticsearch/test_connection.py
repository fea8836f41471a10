# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of node addresses, Cloud IDs, and certificate verification."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import (
    Connection,
    normalize_url,
    parse_cloud_id,
)


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "base"),
        [
            ("http://localhost:9200", "http://localhost:9200"),
            ("https://es.example.com/", "https://es.example.com"),
            ("HTTPS://es.example.com:443/es//", "HTTPS://es.example.com:443/es"),
            ("http://[::1]:9200", "http://[::1]:9200"),
            ("http://host/a@b", "http://host/a@b"),
            ("http://host/a/b//", "http://host/a/b"),
        ],
    )
    def test_trailing_slashes_of_url_are_removed(self, url: str, base: str) -> None:
        assert normalize_url(url) == base

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "localhost:9200",
            "es.example.com",
            "ftp://host",
            "http://",
            "http:///path",
            "http://host:port",
            "http://host:70000",
            "http://[::1",
            "http://host?x=1",
            "http://host/#top",
            "http://ho st",
            "http://host\n",
        ],
    )
    def test_invalid_url_is_rejected(self, url: str) -> None:
        with pytest.raises(ValueError, match="must be an http or https URL"):
            normalize_url(url)

    @pytest.mark.parametrize("user", ["joe", "joe:pass", ":pass", ""])
    def test_url_with_a_user_is_rejected(self, user: str) -> None:
        with pytest.raises(ValueError, match=r"must not contain credentials\. Hint: set elasticsearch_username"):
            normalize_url(f"http://{user}@host")

    @staticmethod
    def cloud_id(text: str, label: str = "my-deployment:") -> str:
        return label + base64.b64encode(text.encode()).decode()

    @pytest.mark.parametrize(
        ("content", "url"),
        [
            ("eu.example.com$abc123$kib456", "https://abc123.eu.example.com:443"),
            ("eu.example.com$abc123", "https://abc123.eu.example.com:443"),
            ("eu.example.com:9243$abc123$kib456", "https://abc123.eu.example.com:9243"),
            ("eu.example.com:9243$abc123:9244$kib456", "https://abc123.eu.example.com:9244"),
            ("eu.example.com$abc123:9244$kib456:9245", "https://abc123.eu.example.com:9244"),
        ],
    )
    def test_cloud_id_is_parsed_into_elasticsearch_url(self, content: str, url: str) -> None:
        assert parse_cloud_id(self.cloud_id(content)) == url
        assert parse_cloud_id(self.cloud_id(content, label="")) == url
        assert parse_cloud_id(self.cloud_id(content, label="a:b:")) == url

    @pytest.mark.parametrize("cloud_id", ["", "label:", "label:!!!", "label:abc", "läbel:ü", "label:/w=="])
    def test_invalid_cloud_id_is_rejected(self, cloud_id: str) -> None:
        with pytest.raises(ValueError, match="is not a valid Cloud ID"):
            parse_cloud_id(cloud_id)

    def test_cloud_id_without_parts_is_rejected(self) -> None:
        with pytest.raises(ValueError, match="is not a valid Cloud ID"):
            parse_cloud_id(self.cloud_id("eu.example.com"))

    def test_cloud_id_with_an_invalid_address_is_rejected(self) -> None:
        with pytest.raises(ValueError, match="is a Cloud ID with an invalid address"):
            parse_cloud_id(self.cloud_id("eu.example.com:port$abc123"))

    @pytest.mark.parametrize("content", ["$abc123$kib", "eu.example.com$$kib"])
    def test_cloud_id_without_elasticsearch_is_rejected(self, content: str) -> None:
        with pytest.raises(ValueError, match="is a Cloud ID without an Elasticsearch host"):
            parse_cloud_id(self.cloud_id(content))


@pytest.mark.parametrize(
    ("options", "verify"),
    [
        ({}, True),
        ({"ca_path": "/ca.pem"}, "/ca.pem"),
        ({"ca_fingerprint": "0" * 64}, False),
        ({"ca_path": "/ca.pem", "ca_fingerprint": "0" * 64}, "/ca.pem"),
        ({"ca_path": "/ca.pem", "validate_certs": False}, False),
    ],
)
def test_verify_is_derived_from_connection_options(options: dict[str, Any], verify: bool | str) -> None:
    assert Connection(("https://a",), **options).verify == verify
