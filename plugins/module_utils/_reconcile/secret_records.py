# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of the secrets that a run sends: invalidated before the request, saved after it succeeded.

Private to the collection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._elasticsearch.errors import ClientError, Refused
from .._elasticsearch.text import join_names
from .._inference.endpoint import Endpoint
from .declaration import Desired
from .plan import DELETED, Plan

if TYPE_CHECKING:
    from .._fingerprints.records import Fingerprints


class SecretRecords:
    """The fingerprints of the secrets of one endpoint.

    :param fingerprints: None if the policy does not need fingerprints. Then the methods do nothing.
    """

    def __init__(self, fingerprints: Fingerprints | None) -> None:
        self._fingerprints = fingerprints

    def read(self, inference_id: str) -> None:
        """Read the fingerprint of the endpoint.

        :raises ClientError: if the fingerprint cannot be read.
        """
        if self._fingerprints:
            self._fingerprints.read([inference_id])

    def invalidate(self, plan: Plan, desired: Desired) -> None:
        """Invalidate or delete the fingerprint before the write.

        :raises ClientError: if the fingerprint cannot be written.
        """
        if self._fingerprints and plan.action == DELETED:
            self._fingerprints.delete(desired.inference_id)
        elif self._fingerprints and plan.sent:
            self._fingerprints.invalidate(desired.secrets, desired.inference_id)

    def save(self, plan: Plan, desired: Desired, stored: Endpoint | None) -> None:
        """Save the fingerprint after the server accepted the secrets.

        :raises ClientError: if the fingerprint cannot be written.
        """
        if not (self._fingerprints and plan.sent and stored):
            return
        try:
            self._fingerprints.save(desired.secrets, stored)
        except ClientError as error:
            raise error.replace(problem=f"{error.problem.rstrip('.')}. {_unrecorded(plan)}") from None
        except Refused as error:
            raise Refused(f"{error} {_unrecorded(plan)}") from None


def _unrecorded(plan: Plan) -> str:
    return (
        f"Elasticsearch accepted {join_names(plan.sent)}, but the fingerprint was not saved. "
        "The next run sends the credentials again."
    )
