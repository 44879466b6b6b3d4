"""The site: each page has a place in the menu, and the landing page leads to each that is for users."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
REACHED_ELSEWHERE = {"plans.md", "acceptance-matrix.md"}
"""Pages about the making of the package, which `architecture` and `acceptance` lead to."""
NOT_SHOWN = {"adr/0000-template.md"}


def _pages(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    else:
        for each in part.values() if isinstance(part, dict) else part:
            yield from _pages(each)


def test_menu_when_compared_with_the_folder_then_it_has_each_page_once() -> None:
    listed = list(_pages(CONFIG["nav"]))
    assert len(listed) == len(set(listed))
    assert set(listed) == {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - NOT_SHOWN


def test_landing_page_when_its_links_are_followed_then_every_page_for_users_is_there() -> None:
    text = (DOCS / "index.md").read_text("utf-8")
    linked = set(re.findall(r"\]\(([\w/-]+\.md)", text))
    wanted = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path.parent.name != "adr"}
    assert wanted - {"index.md"} - REACHED_ELSEWHERE <= linked


def test_theme_when_read_then_people_can_copy_code_and_choose_the_dark_mode() -> None:
    theme = CONFIG["theme"]
    assert "content.code.copy" in theme["features"]
    assert {palette.get("scheme") for palette in theme["palette"]} >= {"default", "slate"}
    assert all("toggle" in palette for palette in theme["palette"])
    for sheet in CONFIG["extra_css"]:
        assert (DOCS / sheet).is_file()


def test_repository_link_when_no_address_is_known_then_there_is_none() -> None:
    assert "repo_url" not in CONFIG


def test_excerpt_when_compared_with_the_picture_of_the_readme_then_it_is_its_beginning() -> None:
    excerpt = re.search(r"<!-- begin excerpt -->\n```text\n(.*?)\n```", (DOCS / "index.md").read_text("utf-8"), re.S)
    picture = re.search(r"<!-- begin picture -->\n```text\n(.*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert excerpt
    assert picture
    assert picture[1].startswith(excerpt[1])
    assert "Net worth" not in excerpt[1]
