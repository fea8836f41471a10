# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcome of one run for one endpoint.

Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._elasticsearch.errors import ClientError, Refused
from .._inference.endpoint import Endpoint
from .plan import NONE


@dataclass(frozen=True)
class Outcome:
    """The result for one endpoint.

    :ivar before: the endpoint before the run.
    :ivar after: the endpoint after the run; in check mode, the predicted endpoint.
    :ivar rotated: dotted paths of the secrets that the run replaced. Elasticsearch does not report whether they differ.
    """

    inference_id: str
    action: str = NONE
    changed: bool = False
    before: Endpoint | None = None
    after: Endpoint | None = None
    changes: tuple[str, ...] = ()
    rotated: tuple[str, ...] = ()
    error: Refused | ClientError | None = None

    def diff(self) -> dict[str, Any]:
        """Return both sides for diff mode. A replaced secret is shown as a change, without its values."""
        header = f"inference endpoint {self.inference_id}"
        return {
            "before": self._side(self.before, "(hidden)"),
            "after": self._side(self.after, "(hidden, sent)"),
            "before_header": header,
            "after_header": header,
        }

    def _side(self, endpoint: Endpoint | None, mark: str) -> dict[str, Any]:
        if endpoint is None or not endpoint.task_type:
            return {}  # The endpoint does not exist, or cannot be read.
        settings = {**endpoint.settings, **dict.fromkeys(self.rotated, mark)}
        return endpoint._replace(settings=settings).as_dict()
