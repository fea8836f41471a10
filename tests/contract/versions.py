# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of a server, and the versions to which a row applies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

#: The minor versions that the collection supports. The suite simulates all of them.
MINOR_VERSIONS = ("8.16", "8.17", "8.19", "9.3", "9.4", "9.5", "9.6")
SUPPORTED = (*MINOR_VERSIONS, "serverless")
OLDEST = Version(MINOR_VERSIONS[0])
NEWEST = Version(MINOR_VERSIONS[-1])


@dataclass(frozen=True)
class ServerVersion:
    """The version of a server. Serverless is treated as the latest version."""

    number: Version
    serverless: bool = False

    @classmethod
    def parse(cls, text: str) -> ServerVersion:
        """Read "9.3", "9.3.1", "9.4.0-SNAPSHOT" or "serverless". Raises ValueError."""
        if text == "serverless":
            return cls(NEWEST, serverless=True)
        found = re.match(r"\d+\.\d+(?:\.\d+)?", text)
        if not found:
            raise ValueError(f"{text!r} is not a version of Elasticsearch")
        number = Version(found[0])
        if number < OLDEST:
            raise ValueError(f"Elasticsearch {text} does not have the service anthropic. Use {OLDEST} or later")
        return cls(number)

    @classmethod
    def of_cluster(cls, information: Any) -> ServerVersion:
        """Read the response to `GET /`. Raises ValueError."""
        version = information.get("version") if isinstance(information, dict) else None
        if not isinstance(version, dict) or "number" not in version:
            raise ValueError("the response to GET / does not have a version")
        serverless = version.get("build_flavor") == "serverless"
        return cls.parse("serverless" if serverless else str(version["number"]))

    @property
    def beyond_the_reference(self) -> bool:
        """Return whether the version is later than all versions that the reference describes."""
        return self.number.release[:2] > NEWEST.release[:2]

    def __str__(self) -> str:
        """Return the version as the report shows it."""
        return "serverless" if self.serverless else str(self.number)


@dataclass(frozen=True)
class Holds:
    """The versions to which a row applies, such as ">=9.4" or ">=8.17,<9.4"."""

    specifiers: str = ""
    on_serverless: bool = True

    def includes(self, version: ServerVersion) -> bool:
        """Return whether the row applies to this version."""
        if version.serverless and not self.on_serverless:
            return False
        return SpecifierSet(self.specifiers).contains(version.number)

    def __str__(self) -> str:
        """Return the versions as the report shows them."""
        versions = self.specifiers.replace(",", ", ") or "every version"
        return versions if self.on_serverless else f"{versions}, not serverless"
