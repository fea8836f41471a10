# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the language of documentation, messages, docstrings, and comments.

`python -m tests.prose` lists each phrase that the project does not use, with what to use instead. `ALLOWED` lists the
places where such a phrase is right. Ruff's rule D401 checks the first words of docstrings.
"""

from __future__ import annotations

import io
import itertools
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Rule(NamedTuple):
    """A phrase to avoid. A space in `pattern` also matches a line break."""

    pattern: str
    use: str


class Allowed(NamedTuple):
    """Places where a phrase is right: a pattern of paths, the phrase, and the reason."""

    files: str
    phrase: str
    reason: str


class Finding(NamedTuple):
    """A phrase at a line of a file."""

    path: str
    line: int
    phrase: str
    use: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.phrase!r}: use {self.use}"


RULES = (
    Rule(r"(stands?|stood)\b(?! (out|for|alone|in for)\b)", "is, is set, or appears"),
    Rule(r"who (asks|uses|may|runs|reads|finds)", "a noun, such as client, credentials, or users"),
    Rule(r"(is|are|was|were|be) (?-i:none)", "'is not a ...' or 'there is no ...'"),
    Rule(r"(?<!there\s)(is|are) no (?!(longer|more|such)\b)[a-z]+", "'is not a ...'"),
    Rule(r"(?<!host\s)where (nothing|there|it|no|one|several|an endpoint|a run|a task|the task)", "if or when"),
    Rule(r"(anew|mostly|shall|mends?)", "again, usually, should, or fix"),
    Rule(r"(nobody|somebody|someone|everybody|everyone)", "the actor, or the passive"),
    Rule(r"(tells?|told|says|said)", "report, return, show, or set"),
    Rule(r"(has|have) [^.\n]{1,40} (answer|deleted|created|sent|answered)(?! by)", "the verb"),
    Rule(r"(is|are) to be", "must or should"),
    Rule(r"as declared", "in sync, or the declared settings"),
    Rule(r"(sent|created|asked|made) again", "retry, re-create, or regenerate"),
    Rule(r"(keys?|API) of Anthropic", "Anthropic API key, or Anthropic API"),
    Rule(r"(at the most|for good|all the same|in earnest)", "at most, permanently, or anyway"),
    Rule(r"besides?", "together with, next to, or also"),
    Rule(r"(licence|colour|behaviour|recognise|normalise)[a-z]*", "American spelling"),
    Rule(r"white space", "whitespace"),
    Rule(r"and (newer|older)", "or later, or earlier"),
    Rule(r"(laid over|deeply)", "override, or recursively"),
    Rule(r"belongs? into", "belongs in"),
)

#: A title that asks, or that needs the sentence before it.
BAD_TITLE = Rule(
    r"(.*[?…]|(It|They|This|That|These|Or|And|What|Who|Whether|How (?!to\b|changes\b)\w+)\b.*)",
    "a noun phrase or an imperative",
)

ALLOWED = (
    Allowed("*.j2", "is none", "a test of Jinja"),
    Allowed("playbooks/tasks/*.yml", "is none", "a test of Jinja"),
    Allowed("roles/*/tasks/*.yml", "is none", "a test of Jinja"),
    Allowed("tests/integration/*.yml", "is none", "a test of Jinja"),
)

TEXTS = (".md", ".rst", ".yml", ".j2", ".json", ".svg", ".sh")
#: Generated files, texts of others, and this one.
SKIPPED = (
    "CODE_OF_CONDUCT.md",
    "changelogs/changelog.yaml",
    "tests/prose.py",
    "tests/unit/specification/*",
    "tests/unit/test_prose.py",
)
#: Files whose strings quote servers and users: only docstrings and comments are checked.
QUOTING = ("tests/unit/*", "tests/integration/*", "tests/contract/*", "tests/simulator/*", "tests/conformance/*")


def findings() -> Iterator[Finding]:
    """Find phrases to avoid in all files of the repository, and entries of `ALLOWED` that allow nothing."""
    unused = set(ALLOWED)
    for path in tracked_files():
        for finding in findings_in(path, (ROOT / path).read_text(encoding="utf-8")):
            allowing = [entry for entry in ALLOWED if fnmatch(path, entry.files) and entry.phrase in finding.phrase]
            unused.difference_update(allowing)
            if not allowing:
                yield finding
    for entry in unused:
        yield Finding("tests/prose.py", 1, entry.phrase, f"no entry in ALLOWED: {entry.files} does not have it")


def tracked_files() -> list[str]:
    """Return the paths of the files to check, relative to the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [
        path
        for path in listed.stdout.splitlines()
        if path.endswith((*TEXTS, ".py")) and not any(fnmatch(path, pattern) for pattern in SKIPPED)
    ]


def findings_in(path: str, text: str) -> Iterator[Finding]:
    """Find phrases to avoid in one file."""
    prose = text
    if path.endswith(".py"):
        prose = prose_of_python(text, strings=not any(fnmatch(path, pattern) for pattern in QUOTING))
    for rule in RULES:
        pattern = rf"\b{rule.pattern}\b".replace(" ", r"\s+")
        for found in re.finditer(pattern, prose, re.IGNORECASE):
            yield Finding(path, prose.count("\n", 0, found.start()) + 1, " ".join(found[0].split()), rule.use)
    for line, title in titles(path, text):
        if re.fullmatch(BAD_TITLE.pattern, title):
            yield Finding(path, line, title, BAD_TITLE.use)


def prose_of_python(source: str, *, strings: bool) -> str:
    """Return the comments and docstrings of Python code, or its comments and all of its strings, each in its line."""
    lines = [""] * (source.count("\n") + 2)
    statement_begins = True  # a string there is a docstring
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        is_docstring = kind == "STRING" and statement_begins
        if kind == "COMMENT" or is_docstring or (strings and kind in ("STRING", "FSTRING_MIDDLE")):
            for number, text in enumerate(token.string.splitlines(), token.start[0] - 1):
                lines[number] += f" {text.lstrip('# ')}"
        if kind not in ("COMMENT", "NL", "ENCODING"):
            statement_begins = kind in ("NEWLINE", "INDENT", "DEDENT")
    return "\n".join(lines)


def titles(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Return the titles of a page, with their lines."""
    lines = text.splitlines()
    for number, (line, following) in enumerate(itertools.pairwise((*lines, "")), 1):
        if path.endswith(".md") and re.match(r"#+ ", line):
            yield number, line.lstrip("# ")
        if path.endswith(".rst") and line and re.fullmatch(r"([=~^\"-])\1*", following) and len(following) >= len(line):
            yield number, line


def main() -> None:
    """Print what is found. The exit status is 1 if there is anything."""
    found = sorted(findings())
    print("\n".join(map(str, found)) or "The language is that of the project.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
