# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a cluster under test."""

from __future__ import annotations

import secrets

from requests.auth import AuthBase, HTTPBasicAuth

from tests.simulator import Fault, OnIndices, Security, Simulator

from .cluster import Cluster
from .connection import Connection, Secrets
from .surroundings import Defect, Provider, unissued_key
from .versions import ServerVersion

PASSWORD = secrets.token_urlsafe(18)
ADMINISTRATOR = HTTPBasicAuth("administrator", PASSWORD)
STATES = {
    Defect.NO_SECRETS: "no_secrets",
    Defect.NO_SETTINGS: "no_settings",
    Defect.UNKNOWN_SERVICE: "unparsable",
}
READER = HTTPBasicAuth("reader", PASSWORD)


class SimulatedSurroundings:
    """The surroundings of a simulator in this process."""

    def __init__(self, simulator: Simulator, rejected_key: str) -> None:
        self.simulator = simulator
        self._seeded: list[str] = []
        self._provider = Provider(key=f"sk-ant-accepted-{secrets.token_hex(8)}", rejected_key=rejected_key)

    @property
    def provider(self) -> Provider:
        """The provider in the simulator."""
        return self._provider

    def use_in_pipeline(self, cluster: Cluster, inference_id: str) -> str:
        """Add a reference from a pipeline. The simulator does not have ingest pipelines."""
        name = cluster.new_id("-pipeline")
        self.simulator.refer(inference_id, pipelines=[name], indexes=[])
        return name

    def reader(self, cluster: Cluster) -> AuthBase:
        """Return the read-only user of the simulator."""
        del cluster
        return READER

    def broken_endpoint(self, cluster: Cluster, defect: Defect) -> str:
        """Create a broken endpoint."""
        inference_id = cluster.new_id()
        self._seeded.append(inference_id)
        self.simulator.seed(inference_id, state=STATES[defect])
        return inference_id

    def make_busy(self, cluster: Cluster, inference_id: str) -> None:
        """Inject the fault for a concurrent update."""
        del cluster
        self.simulator.faults.add(Fault("busy", match=f"(_update|DELETE .*{inference_id})"))

    def use_in_mapping(self, cluster: Cluster, inference_id: str) -> None:
        """Add a reference from an index."""
        self.simulator.refer(inference_id, pipelines=[], indexes=[], incompatible=[cluster.new_id("-index")])

    def give_up(self, cluster: Cluster, inference_id: str) -> None:
        """Delete the remains of the ID directly."""
        del cluster
        self._seeded.append(inference_id)

    def clean(self) -> None:
        """Delete broken endpoints, and clear pending faults."""
        self.simulator.faults.clear()
        while self._seeded:
            self.simulator.remove(self._seeded.pop())

    def close(self) -> None:
        """Stop the simulator."""
        self.simulator.stop()


def simulated_cluster(version: str, administrator: AuthBase = ADMINISTRATOR) -> Cluster:
    """Start a simulator of this version. `Cluster.close` stops it."""
    rejected_key = unissued_key()
    simulator = Simulator(version=version, security=security(), refused_keys=[rejected_key])
    simulator.start()
    connection = Connection(simulator.url, administrator, secrets=Secrets(PASSWORD))
    return Cluster(connection, ServerVersion.parse(version), SimulatedSurroundings(simulator, rejected_key))


def security() -> Security:
    """Return the users of a simulator."""
    everything = ("all", OnIndices(("*",), ("all",)))
    reading = ("monitor_inference", "monitor")
    return Security(users={"administrator": (PASSWORD, everything), "reader": (PASSWORD, reading)})
