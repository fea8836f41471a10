# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences between server versions (`elasticsearch.md`, "Update" and "An endpoint")."""

from __future__ import annotations

import re
from dataclasses import dataclass

NEWEST = (9, 6)
OLDEST = (8, 16)


@dataclass(frozen=True)
class Version:
    """A server version. Serverless behaves like the latest version and shows a dummy number."""

    number: str
    minor: tuple[int, int]
    serverless: bool = False
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Version:
        """Parse "9.3.1", "9.3" or "serverless". Raises ValueError."""
        if text == "serverless":
            return cls("8.11.0", NEWEST, serverless=True)
        found = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        if not found:
            raise ValueError(f"{text!r} is not a version such as 9.3, 9.3.1, or serverless")
        minor = (int(found[1]), int(found[2]))
        if minor < OLDEST:
            raise ValueError(f"Elasticsearch {text} does not have the anthropic service, which was added in 8.16")
        return cls(f"{found[1]}.{found[2]}.{found[3] or 0}", minor, patch=int(found[3] or 0))

    @property
    def name(self) -> str:
        """Return the text that `parse` accepts for this version."""
        return "serverless" if self.serverless else self.number

    @property
    def compatible_with(self) -> tuple[int, int]:
        """Return the major versions whose media types the server supports, its own first."""
        return self.minor[0], self.minor[0] - 1

    @property
    def updates(self) -> bool:
        """Return whether `_update` has a handler."""
        return self.minor >= (8, 17)

    @property
    def updates_rate_limit(self) -> bool:
        """Return whether `_update` changes the rate limit (`ServiceSettings.updateServiceSettings`)."""
        return self.minor >= (9, 4)

    @property
    def needs_key_on_update(self) -> bool:
        """Return whether `service_settings` of an `_update` must contain the key (elasticsearch#139651)."""
        return self.minor < (9, 5)

    @property
    def validates_updates(self) -> bool:
        """Return whether an update calls the provider before it stores a change (elasticsearch#140003)."""
        return self.minor >= (9, 4)

    @property
    def checks_names_on_update(self) -> bool:
        """Return whether an `_update` rejects unknown names; earlier versions ignore them (elasticsearch#149430)."""
        return self.minor >= (9, 5)

    @property
    def allows_null_on_update(self) -> bool:
        """Return whether an `_update` may contain null (`UpdateInferenceModelAction`)."""
        return self.minor >= (9, 5)

    @property
    def parses_service_settings(self) -> bool:
        """Return whether a strict parser reads `service_settings` (`ServiceSettingsOPBuilder`)."""
        return self.minor >= (9, 6)

    @property
    def updates_chunking_settings(self) -> bool:
        """Return whether `_update` accepts `chunking_settings` at the top of its body."""
        return self.minor >= (9, 5)

    @property
    def resets_chunking_on_update(self) -> bool:
        """Return whether an `_update` loses `chunking_settings` (elastic/elasticsearch#139574).

        Pull requests 141682 and 141687 fixed it in 9.3 and 9.2, in February 2026. Which patch releases have the fix is
        derived from that date.
        """
        return self.minor < (9, 2) or (self.minor, self.patch) in [
            *(((9, 2), patch) for patch in range(6)),
            *(((9, 3), patch) for patch in range(1)),
        ]

    @property
    def updates_default_endpoints(self) -> bool:
        """Return whether an `_update` has its own message for an ID with a leading dot (elasticsearch#150368)."""
        return self.minor >= (9, 5)

    @property
    def knows_url(self) -> bool:
        """Return whether `service_settings` may contain `url` (`AnthropicChatCompletionServiceSettings`)."""
        return self.minor >= (9, 6)

    @property
    def chats(self) -> bool:
        """Return whether the service supports `chat_completion` (elasticsearch#148539)."""
        return self.minor >= (9, 5)

    @property
    def answers_chats(self) -> bool:
        """Return whether some services support chats without a stream (specification, since 9.6.0)."""
        return self.minor >= (9, 6)

    @property
    def prints_top_k_as_top_p(self) -> bool:
        """Return whether the server confuses two names (`AnthropicChatCompletionTaskSettings.toXContent`)."""
        return self.minor <= (8, 17)

    @property
    def configuration_word(self) -> str:
        """Return the first words of the error about unknown settings."""
        return "Model configuration" if self.minor[0] == 8 else "Configuration"

    @property
    def knows_create_timeout(self) -> bool:
        """Return whether a create accepts `timeout` (`elasticsearch.md`, "Requests")."""
        return self._in_8_19_and_9_1

    @property
    def knows_update_timeout(self) -> bool:
        """Return whether an `_update` accepts `timeout` (`elasticsearch.md`, "Requests")."""
        return self.minor >= (9, 5)

    @property
    def provider_timeout(self) -> float:
        """Return the timeout of a completion in seconds (`BaseInferenceActionRequest.getDefaultTimeoutForTaskType`)."""
        return 120.0 if self.minor >= (9, 5) else 30.0

    @property
    def forces_unparsable(self) -> bool:
        """Return whether `force` deletes an unparsable endpoint (elasticsearch#129090)."""
        return self._in_8_19_and_9_1

    @property
    def checks_mappings(self) -> bool:
        """Return whether a create checks mappings that use its ID, in late patches (elasticsearch#137055)."""
        return self._in_8_19_and_9_1

    @property
    def checks_mappings_last(self) -> bool:
        """Return whether that check follows the call to the provider. Derived: the release."""
        return self.minor >= (9, 5)

    @property
    def knows_embedding(self) -> bool:
        """Return whether the task type `embedding` exists (elasticsearch#138198). Derived: the release."""
        return self.minor >= (9, 3)

    @property
    def lists_services(self) -> bool:
        """Return whether `GET /_inference/_services` has its present shape."""
        return self.minor >= (8, 18)

    @property
    def wraps_load_failures(self) -> bool:
        """Return whether the server wraps load failures (elasticsearch#132361). Derived: the release."""
        return self.minor >= (9, 2)

    @property
    def _in_8_19_and_9_1(self) -> bool:
        return self.minor >= (9, 1) or self.minor == (8, 19)
