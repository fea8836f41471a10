# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between server versions (reference: the table of Update, and An endpoint)."""

from __future__ import annotations

import re
from dataclasses import dataclass

NEWEST = (9, 6)
OLDEST = (8, 16)


@dataclass(frozen=True)
class Version:
    """One server version; serverless behaves as the newest and shows a dummy number."""

    number: str
    minor: tuple[int, int]
    serverless: bool = False

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read "9.3.1", "9.3" or "serverless". Raises ValueError."""
        if text == "serverless":
            return cls("8.11.0", NEWEST, serverless=True)
        found = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        if not found:
            raise ValueError(f"not a version: {text!r}; give one such as 9.3, 9.3.1 or serverless")
        minor = (int(found[1]), int(found[2]))
        if minor < OLDEST:
            raise ValueError(f"the anthropic service came with 8.16, there is nothing to simulate in {text}")
        return cls(f"{found[1]}.{found[2]}.{found[3] or 0}", minor)

    @property
    def name(self) -> str:
        """What `parse` reads this version from."""
        return "serverless" if self.serverless else self.number

    @property
    def compatible_with(self) -> tuple[int, int]:
        """The major versions whose media types the server speaks, its own first."""
        return self.minor[0], self.minor[0] - 1

    @property
    def updates(self) -> bool:
        """Whether `_update` has a handler."""
        return self.minor >= (8, 17)

    @property
    def updates_rate_limit(self) -> bool:
        """Whether `_update` changes the rate limit (`ServiceSettings.updateServiceSettings`)."""
        return self.minor >= (9, 4)

    @property
    def needs_key_on_update(self) -> bool:
        """Whether `service_settings` of an `_update` must hold the key (elasticsearch#139651)."""
        return self.minor < (9, 5)

    @property
    def validates_updates(self) -> bool:
        """Whether a change calls the provider before it is stored (elasticsearch#140003)."""
        return self.minor >= (9, 4)

    @property
    def checks_names_on_update(self) -> bool:
        """Whether an `_update` refuses names it does not know; before, it passes over them (elasticsearch#149430)."""
        return self.minor >= (9, 5)

    @property
    def allows_null_on_update(self) -> bool:
        """Whether an `_update` may hold null (`UpdateInferenceModelAction`)."""
        return self.minor >= (9, 5)

    @property
    def parses_service_settings(self) -> bool:
        """Whether a strict parser reads `service_settings` (`AnthropicChatCompletionServiceSettings.createParser`)."""
        return self.minor >= (9, 6)

    @property
    def updates_chunking_settings(self) -> bool:
        """Whether `_update` knows `chunking_settings` at the top of its body."""
        return self.minor >= (9, 5)

    @property
    def updates_default_endpoints(self) -> bool:
        """Whether an `_update` of an id with a leading dot gets as far as its own words (elasticsearch#150368)."""
        return self.minor >= (9, 5)

    @property
    def knows_url(self) -> bool:
        """Whether `service_settings` may hold `url` (`AnthropicChatCompletionServiceSettings`)."""
        return self.minor >= (9, 6)

    @property
    def chats(self) -> bool:
        """Whether the service serves `chat_completion` (elasticsearch#148539)."""
        return self.minor >= (9, 5)

    @property
    def prints_top_k_as_top_p(self) -> bool:
        """The mix-up of 8.16 and 8.17 (`AnthropicChatCompletionTaskSettings.toXContent`)."""
        return self.minor <= (8, 17)

    @property
    def configuration_word(self) -> str:
        """How the error about unknown settings begins."""
        return "Model configuration" if self.minor[0] == 8 else "Configuration"

    @property
    def knows_create_timeout(self) -> bool:
        """Whether a create takes `timeout` (reference: Requests)."""
        return self._in_8_19_and_9_1

    @property
    def knows_update_timeout(self) -> bool:
        """Whether an `_update` takes `timeout` beside `master_timeout` (reference: Requests)."""
        return self.minor >= (9, 5)

    @property
    def provider_timeout(self) -> float:
        """How many seconds a completion may take (`BaseInferenceActionRequest.getDefaultTimeoutForTaskType`)."""
        return 120.0 if self.minor >= (9, 5) else 30.0

    @property
    def forces_unparsable(self) -> bool:
        """Whether `force` deletes what cannot be parsed (elasticsearch#129090)."""
        return self._in_8_19_and_9_1

    @property
    def checks_mappings(self) -> bool:
        """Whether a create looks for mappings that use its id already, as of late patches (elasticsearch#137055)."""
        return self._in_8_19_and_9_1

    @property
    def checks_mappings_last(self) -> bool:
        """Whether it does so after the call to the provider. Derived: the release."""
        return self.minor >= (9, 5)

    @property
    def knows_embedding(self) -> bool:
        """Whether there is a task type `embedding` (elasticsearch#138198). Derived: the release."""
        return self.minor >= (9, 3)

    @property
    def lists_services(self) -> bool:
        """Whether `GET /_inference/_services` has its present shape."""
        return self.minor >= (8, 18)

    @property
    def wraps_load_failures(self) -> bool:
        """Whether a failure to load an endpoint is wrapped once more (elasticsearch#132361). Derived: the release."""
        return self.minor >= (9, 2)

    @property
    def _in_8_19_and_9_1(self) -> bool:
        return self.minor >= (9, 1) or self.minor == (8, 19)
