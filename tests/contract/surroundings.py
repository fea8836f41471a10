# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment that rows require: a provider, a pipeline that uses an endpoint, and a read-only user."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from requests.auth import AuthBase, HTTPBasicAuth

from tests.simulator import MessagesApi

from .expectations import NotTestable
from .versions import ServerVersion

if TYPE_CHECKING:
    from .cluster import Cluster

MODEL = "claude-haiku-4-5"
URL_SINCE = ServerVersion.parse("9.6")


def unissued_key() -> str:
    """Return a key that Anthropic never issued."""
    return f"sk-ant-rejected-{secrets.token_hex(8)}"


@dataclass(frozen=True)
class Provider:
    """The Anthropic API that the cluster calls, or a replacement for it.

    `unavailable`: the reason why there is no valid key.
    """

    key: str = field(default="", repr=False)
    model_id: str = MODEL
    url: str | None = None
    rejected_key: str = field(default_factory=unissued_key, repr=False)
    unavailable: str = ""

    def require(self) -> None:
        """Require a provider that accepts a key. Raises NotTestable."""
        if self.unavailable:
            raise NotTestable(self.unavailable)

    def settings(self, key: str | None = None) -> dict[str, Any]:
        """Return service settings for this provider, with its own key or another one."""
        settings = {"api_key": key or self.key, "model_id": self.model_id, "url": self.url}
        return {name: value for name, value in settings.items() if value is not None}


class Defect(enum.Enum):
    """The defect of a broken endpoint. The value describes the requirement of a row."""

    NO_SECRETS = "a create that failed after it stored the settings"
    NO_SETTINGS = "a create that failed after it stored the secrets"
    UNKNOWN_SERVICE = "an endpoint whose service a node does not support"


class Surroundings(Protocol):
    """The environment of a cluster."""

    @property
    def provider(self) -> Provider:
        """The provider that the cluster's endpoints call."""

    def use_in_pipeline(self, cluster: Cluster, inference_id: str) -> str:
        """Make an ingest pipeline use the endpoint. Returns the name of the pipeline. Raises NotTestable."""

    def reader(self, cluster: Cluster) -> AuthBase:
        """Return a user with privileges to read and run endpoints, but not to write them. Raises NotTestable."""

    def broken_endpoint(self, cluster: Cluster, defect: Defect) -> str:
        """Return the ID of an incomplete endpoint. Raises NotTestable."""

    def make_busy(self, cluster: Cluster, inference_id: str) -> None:
        """Make the next write of the endpoint conflict with another update. Raises NotTestable."""

    def use_in_mapping(self, cluster: Cluster, inference_id: str) -> None:
        """Make a mapping use the ID for embeddings. Raises NotTestable."""

    def give_up(self, cluster: Cluster, inference_id: str) -> None:
        """Accept that no request deletes the remains of this ID. Raises NotTestable."""

    def clean(self) -> None:
        """Delete everything that the last row required in the environment."""

    def close(self) -> None:
        """Stop everything that was started for the cluster."""


class RealSurroundings:
    """The environment of a cluster of which only the address is known."""

    def __init__(self, version: ServerVersion, environment: Mapping[str, str]) -> None:
        self._started = ExitStack()
        self._provider = self._provider_of(version, environment)

    @property
    def provider(self) -> Provider:
        """The provider from the environment variables."""
        return self._provider

    def use_in_pipeline(self, cluster: Cluster, inference_id: str) -> str:
        """Create a pipeline with an inference processor."""
        name = cluster.new_id("-pipeline")
        fields = [{"input_field": "text", "output_field": "completion"}]
        body = {"processors": [{"inference": {"model_id": inference_id, "input_output": fields}}]}
        _make(cluster, f"/_ingest/pipeline/{name}", body)
        return name

    def reader(self, cluster: Cluster) -> AuthBase:
        """Create a role and a user."""
        name, password = cluster.new_id("-reader"), secrets.token_urlsafe(18)
        cluster.hide(password)
        _make(cluster, f"/_security/role/{name}", {"cluster": ["monitor_inference"]})
        _make(cluster, f"/_security/user/{name}", {"password": password, "roles": [name]})
        return HTTPBasicAuth(name, password)

    def broken_endpoint(self, cluster: Cluster, defect: Defect) -> str:
        """Report that no request can break an endpoint."""
        cluster.lack(defect.value)

    def make_busy(self, cluster: Cluster, inference_id: str) -> None:
        """Report that no request can keep an endpoint busy."""
        cluster.lack(f"an update of {inference_id} in progress")

    def use_in_mapping(self, cluster: Cluster, inference_id: str) -> None:
        """Report that an embedding model is required."""
        cluster.lack(f"an index whose mapping uses {inference_id} for embeddings")

    def give_up(self, cluster: Cluster, inference_id: str) -> None:
        """Report that a real cluster must be restored."""
        cluster.lack(f"a cluster that can keep secrets of {inference_id}, which no request deletes")

    def clean(self) -> None:
        """Do nothing."""

    def _provider_of(self, version: ServerVersion, environment: Mapping[str, str]) -> Provider:
        key, model_id = environment.get("ANTHROPIC_API_KEY", ""), environment.get("ANTHROPIC_MODEL") or MODEL
        url, host = environment.get("ANTHROPIC_URL") or None, environment.get("ANTHROPIC_STANDIN_HOST")
        knows_url = version.number >= URL_SINCE.number
        if host and knows_url:
            return self._stand_in(host)
        if key and (knows_url or not url):
            return Provider(key, model_id, url)
        missing = "no provider: set ANTHROPIC_API_KEY"
        if (url or host) and not knows_url:
            missing += f"; addresses other than Anthropic's require Elasticsearch {URL_SINCE} or later"
        return Provider(model_id=model_id, unavailable=missing)

    def _stand_in(self, host: str) -> Provider:
        """Start a replacement for the Anthropic API on this host. The cluster reaches it under the given host name."""
        rejected_key = unissued_key()
        stand_in = self._started.enter_context(MessagesApi(refused_keys=[rejected_key]))
        address = urlsplit(stand_in.url)
        url = address._replace(netloc=f"{host}:{address.port}").geturl()
        return Provider(f"sk-ant-accepted-{secrets.token_hex(8)}", MODEL, url, rejected_key)

    def close(self) -> None:
        """Stop the replacement for the Anthropic API."""
        self._started.close()


def _make(cluster: Cluster, path: str, body: Any) -> None:
    answer = cluster.make(path, body, path)
    if answer.status != 200:
        raise NotTestable(f"the cluster rejects {answer.request} ({answer.status})")
