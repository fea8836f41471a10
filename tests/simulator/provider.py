# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Anthropic: it takes its time, and refuses what it was told to refuse."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from .errors import ApiError, Cause, bad_request

#: By status: what the server says of it, and the words of Anthropic.
REFUSALS = {
    401: ("Received an authentication error status code", "invalid x-api-key"),
    404: ("Received an unsuccessful status code", "model: {model_id}"),
    429: ("Received a rate limit status code", "Number of requests has exceeded your rate limit"),
    500: ("Received a server error status code", "Internal server error"),
    529: ("Received an Anthropic server is temporarily overloaded status code", "Overloaded"),
}


class ProviderError(Exception):
    """What Anthropic answered, in the words the server puts around it."""

    def __init__(self, inference_id: str, status: int, meaning: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.words = (
            f"{meaning} for request from inference entity id [{inference_id}] "
            f"status [{status}]. Error message: [{message}]"
        )

    def as_validation_failure(self) -> ApiError:
        """The 400 of a create or update whose call to the provider failed (reference: Create)."""
        return bad_request(
            "Could not complete inference endpoint creation as validation call to service threw an exception.",
            caused_by=Cause("status_exception", self.words),
        )

    def as_failed_run(self) -> ApiError:
        """The failure of a completion: the server passes a status below 500 on, and answers 400 to any other."""
        status = self.status if self.status < 500 else 400
        return ApiError(status, "status_exception", self.words, caused_by=Cause("status_exception", self.words))


@dataclass(frozen=True)
class Provider:
    """The service behind the server; `delay` is what each call to it takes, in seconds."""

    delay: float = 0.0
    refused_keys: Collection[str] = ()
    refused_models: Collection[str] = ()

    def call(self, inference_id: str, key: str, model_id: str, *, refuse: int | None = None) -> None:
        """Send one short request, which may be refused with a status. Raises ProviderError."""
        if self.delay:
            time.sleep(self.delay)
        if key in self.refused_keys:
            refuse = 401
        elif model_id in self.refused_models:
            refuse = 404
        if refuse:
            meaning, message = REFUSALS[refuse]
            raise ProviderError(inference_id, refuse, meaning, message.format(model_id=model_id))
