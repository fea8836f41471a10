# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse `chunking_settings` (`ChunkingSettingsBuilder` and the classes of the strategies in `core/inference/chunking`).

Derived: the separators of the groups, and that all problems of one strategy are reported together.
"""

from __future__ import annotations

from typing import Any

from ..errors import illegal_argument, invalid
from ..jsontext import is_whole, java_text
from ..settings import missing, wrong_type

SCOPE = "chunking_settings"
DEFAULT = {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}
#: The chunking settings that an endpoint without any shows (elastic/elasticsearch#139574).
OLDEST = {"strategy": "word", "max_chunk_size": 250, "overlap": 100}
LARGEST = 300
SEPARATORS = {
    "plaintext": ["\n\n", "\n"],
    "markdown": [
        *("\n" + "#" * depth + " " for depth in range(1, 7)),
        "\n^(?!\\s*$).*\\n-{1,}\\n",
        "\n^(?!\\s*$).*\\n={1,}\\n",
    ],
}
TITLES = {"sentence": "Sentence based", "word": "Word based", "recursive": "Recursive"}
KNOWN = {
    "sentence": {"max_chunk_size", "sentence_overlap"},
    "word": {"max_chunk_size", "overlap"},
    "recursive": {"max_chunk_size", "separators", "separator_group"},
}


def chunking_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings as the server stores and shows them; an empty map means the default. Raises ApiError."""
    if not given:
        return dict(DEFAULT)
    strategy = given.get("strategy")
    if strategy is None:
        raise illegal_argument("Can't generate Chunker without ChunkingStrategy provided")
    name = str(strategy).strip().lower()
    if name == "none":
        return {"strategy": "none"}
    if name not in KNOWN:
        raise illegal_argument(f"Invalid chunkingStrategy {java_text(strategy)}")
    problems: list[str] = []
    unknown = sorted(set(given) - KNOWN[name] - {"strategy"})
    if unknown:
        listed = java_text(unknown)
        problems.append(f"{TITLES[name]} chunking settings can not have the following settings: {listed}")
    size = _size(given, 20 if name == "sentence" else 10, problems)
    more = {"sentence": _sentence, "word": _word, "recursive": _recursive}[name](given, size, problems)
    if problems:
        raise invalid(problems)
    return {"strategy": name, "max_chunk_size": size, **more}


def _size(given: dict[str, Any], least: int, problems: list[str]) -> int:
    size = given.get("max_chunk_size")
    if size is None:
        problems.append(missing(SCOPE, "max_chunk_size"))
    elif not is_whole(size):
        problems.append(wrong_type("max_chunk_size", size, "Integer"))
    elif size < least:
        problems.append(
            f"[{SCOPE}] Invalid value [{float(size)}]. [max_chunk_size] must be a greater than or equal to "
            f"[{float(least)}]"
        )
    elif size > LARGEST:
        problems.append(
            f"[{SCOPE}] Invalid value [{float(size)}]. [max_chunk_size] must be less than or equal to "
            f"[{float(LARGEST)}]"
        )
    else:
        return size
    return 0


def _sentence(given: dict[str, Any], _size: int, problems: list[str]) -> dict[str, Any]:
    overlap = given.get("sentence_overlap", 1)
    if not is_whole(overlap):
        problems.append(wrong_type("sentence_overlap", overlap, "Integer"))
    elif overlap not in (0, 1):
        problems.append(f"sentence_overlap[{overlap}] must be either 0 or 1")
    return {"sentence_overlap": overlap}


def _word(given: dict[str, Any], size: int, problems: list[str]) -> dict[str, Any]:
    overlap = given.get("overlap")
    if overlap is None:
        problems.append(missing(SCOPE, "overlap"))
    elif not is_whole(overlap):
        problems.append(wrong_type("overlap", overlap, "Integer"))
    elif overlap <= 0:
        problems.append(f"[{SCOPE}] Invalid value [{overlap}]. [overlap] must be a positive integer")
    elif size and overlap > size // 2:
        problems.append(
            f"[{SCOPE}] Invalid value [{float(overlap)}]. [overlap] must be less than or equal to [{float(size // 2)}]"
        )
    return {"overlap": overlap}


def _recursive(given: dict[str, Any], _size: int, problems: list[str]) -> dict[str, Any]:
    separators, group = given.get("separators"), given.get("separator_group")
    if separators is not None and group is not None:
        problems.append("Recursive chunking settings can not have both separators and separator_set")
    elif separators == []:
        problems.append("Recursive chunking settings can not have an empty list of separators")
    elif separators is not None:
        if not (isinstance(separators, list) and all(isinstance(one, str) for one in separators)):
            problems.append(wrong_type("separators", separators, "List"))
        return {"separators": separators}
    elif group is not None and str(group).strip().lower() not in SEPARATORS:
        problems.append(
            f"[{SCOPE}] Invalid value [{java_text(group)}] received. [separator_group] must be one of "
            "[markdown, plaintext]"
        )
        return {}
    return {"separators": list(SEPARATORS[str(group or "plaintext").strip().lower()])}
