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
    def compatible_with(self) -> tuple[int, int]:
        """The major versions whose media types the server speaks, its own first."""
        return self.minor[0], self.minor[0] - 1

    @property
    def updates(self) -> bool:
        """Whether `_update` has a handler."""
        return self.minor >= (8, 17)

    @property
    def updates_service_settings(self) -> bool:
        """Whether `_update` does more in `service_settings` than replace a key that must be there."""
        return self.minor >= (9, 4)

    @property
    def validates_updates(self) -> bool:
        """Whether a change calls the provider before it is stored (elastic/elasticsearch#140003)."""
        return self.minor >= (9, 4)

    @property
    def ignores_identity(self) -> bool:
        """Whether `model_id` and `url` in an `_update` are silently passed over."""
        return self.minor < (9, 5)

    @property
    def parses_service_settings(self) -> bool:
        """Whether an `_update` names the unknown field instead of echoing the map."""
        return self.minor >= (9, 6)

    @property
    def may_merge_task_settings(self) -> bool:
        """Whether servers of this version exist that merge task settings."""
        return self.minor >= (9, 6)

    @property
    def updates_chunking_settings(self) -> bool:
        """Whether `_update` knows `chunking_settings` at the top of its body."""
        return self.minor >= (9, 5)

    @property
    def knows_url(self) -> bool:
        """Whether `service_settings` may hold `url`."""
        return self.minor >= (9, 5)

    @property
    def chats(self) -> bool:
        """Whether the service serves `chat_completion`."""
        return self.minor >= (9, 5)

    @property
    def prints_top_k_as_top_p(self) -> bool:
        """The mix-up of 8.16 and 8.17."""
        return self.minor <= (8, 17)

    @property
    def configuration_word(self) -> str:
        """How the error about unknown settings begins."""
        return "Model configuration" if self.minor[0] == 8 else "Configuration"
