# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connect to the cluster of the environment variables."""

from __future__ import annotations

from collections.abc import Mapping

from .cluster import Cluster
from .connection import Connection
from .expectations import NotTestable
from .surroundings import RealSurroundings
from .versions import ServerVersion


class UnusableError(Exception):
    """The suite cannot run. The message is the reason."""


def real_cluster(environment: Mapping[str, str]) -> Cluster:
    """Connect to the cluster at ELASTICSEARCH_URL and read its version. Raises UnusableError."""
    connection = Connection.from_environment(environment)
    try:
        answer = connection.send("GET", "/")
        if answer.status != 200:
            reason = answer.error.get("reason") or "this is not a response of Elasticsearch"
            raise UnusableError(answer.secrets.hide(f"GET {connection.url}/ returns {answer.status}: {reason}"))
        version = ServerVersion.of_cluster(answer.body)
        return Cluster(connection, version, RealSurroundings(version, environment))
    except (NotTestable, ValueError) as error:
        raise UnusableError(str(error)) from None
