# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of one endpoint in one run, and what is shown of it.

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
    """What happened to one endpoint.

    :ivar before: the endpoint as it was found.
    :ivar after: the endpoint as the server holds it now; in check mode as it would be.
    :ivar rotated: dotted paths of secrets that were to be sent again, and were taken. No server tells whether they are
        others.
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
        """Both sides for diff mode. A changed secret shows as a change, without either value."""
        header = f"inference endpoint {self.inference_id}"
        return {
            "before": self._side(self.before, "(hidden)"),
            "after": self._side(self.after, "(hidden, sent)"),
            "before_header": header,
            "after_header": header,
        }

    def _side(self, endpoint: Endpoint | None, mark: str) -> dict[str, Any]:
        if endpoint is None or not endpoint.task_type:
            return {}  # It is not there, or cannot be read.
        settings = {**endpoint.settings, **dict.fromkeys(self.rotated, mark)}
        return endpoint._replace(settings=settings).as_dict()
