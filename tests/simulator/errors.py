# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error responses of the server, in its own formats (`elasticsearch.md`, "Requests")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class RejectedError(Exception):
    """An error that the server returns with an error status."""

    def __init__(self, status: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers

    def body(self) -> dict[str, Any]:
        """Return the error as a JSON object."""
        raise NotImplementedError


@dataclass(frozen=True)
class Cause:
    """An exception with its type, its reason, and its additional fields.

    `own`: whether it can be a root cause. Only exceptions of Elasticsearch itself can.
    """

    type: str
    reason: str
    extra: tuple[tuple[str, Any], ...] = ()
    caused_by: Cause | None = None
    own: bool = False

    def fields(self) -> dict[str, Any]:
        """Return the exception without its cause."""
        return {"type": self.type, "reason": self.reason, **dict(self.extra)}

    def body(self) -> dict[str, Any]:
        """Return the exception as an error body shows it."""
        if self.caused_by is None:
            return self.fields()
        return {**self.fields(), "caused_by": self.caused_by.body()}

    @property
    def root(self) -> Cause:
        """Return the root cause (`ElasticsearchException.guessRootCauses`)."""
        below = self.caused_by
        return below.root if below is not None and below.own else self


class ApiError(RejectedError):
    """The usual format: root cause, type, reason, cause, and status."""

    def __init__(
        self,
        status: int,
        error_type: str,
        reason: str,
        *,
        caused_by: Cause | None = None,
        extra: tuple[tuple[str, Any], ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(status, headers)
        self.error = Cause(error_type, reason, extra, caused_by)

    def body(self) -> dict[str, Any]:
        """Return the error with its root cause."""
        return {"error": {"root_cause": [self.error.root.fields()], **self.error.body()}, "status": self.status}


class PlainError(RejectedError):
    """The short format of routing errors, in which `error` is a string."""

    def __init__(
        self, status: int, text: str, *, tell_status: bool = True, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(status, headers)
        self.text = text
        self.tell_status = tell_status

    def body(self) -> dict[str, Any]:
        """Return the error, with its status if the server repeats it."""
        return {"error": self.text, "status": self.status} if self.tell_status else {"error": self.text}


def bad_request(reason: str, *, caused_by: Cause | None = None) -> ApiError:
    """Return a 400 of the inference plugin."""
    return ApiError(400, "status_exception", reason, caused_by=caused_by)


def illegal_argument(reason: str) -> ApiError:
    """Return a 400 of the REST layer."""
    return ApiError(400, "illegal_argument_exception", reason)


def invalid(problems: list[str], error_type: str = "validation_exception") -> ApiError:
    """Return a 400 that numbers all problems (`elasticsearch.md`, "Create")."""
    numbered = "".join(f"{number}: {problem};" for number, problem in enumerate(problems, 1))
    return ApiError(400, error_type, f"Validation Failed: {numbered}")


def endpoint_not_found(inference_id: str) -> ApiError:
    """Return the 404 for an unknown ID (`elasticsearch.md`, "Delete")."""
    return ApiError(404, "resource_not_found_exception", f"Inference endpoint not found [{inference_id}]")


def endpoint_exists(inference_id: str) -> ApiError:
    """Return the error for creating an existing endpoint (`elasticsearch.md`, "Create")."""
    reason = f"Inference endpoint [{inference_id}] already exists"
    return ApiError(400, "resource_already_exists_exception", reason)


def other_task_type(requested: str, actual: str) -> ApiError:
    """Return the error for a path with another task type (`elasticsearch.md`, "Delete")."""
    return bad_request(
        f"Requested task type [{requested}] does not match the inference endpoint's task type [{actual}]"
    )
