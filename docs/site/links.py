# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find broken links of a site. Links to other sites are checked for their form, but not followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Anchors and links of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, _tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Collect the anchor or the link of an element."""
        for name, value in attrs:
            if name == "id":
                self.anchors.add(value or "")
            elif name in ("href", "src"):
                self.links.add(value or "")


def broken(site: Path) -> list[str]:
    """Return each broken link, with its page and the reason."""
    pages = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site.resolve())}: {link}: {why}"
        for path, page in pages.items()
        for link in sorted(page.links)
        for why in _problems(link, path, pages)
    ]


def _problems(link: str, page: Path, pages: dict[Path, Page]) -> Iterator[str]:
    try:
        parts = urlsplit(link)
    except ValueError as error:
        yield str(error)
        return
    if parts.scheme or parts.netloc:
        if parts.scheme != "https" or "." not in parts.netloc:
            yield "is not an https URL"
        return
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        yield "the file does not exist"
    elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
        yield "the page does not have this anchor"
