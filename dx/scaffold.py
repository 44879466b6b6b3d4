"""Write a new provider with its sandbox side and its tests: `python dx/scaffold.py banking acme --title "Acme Bank"`.

What is written works at once: an adapter for a made-up wire format, a sandbox vendor that speaks it, fixtures, cases
and a row for the shared suites, the entry point and the line in the sandbox's list. Change the wire to the vendor's,
file by file, and keep the suites green. Nothing is overwritten: where a name is taken, nothing is written at all.
"""

from __future__ import annotations

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).resolve().with_name("templates")
DOMAINS = tuple(sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir() and folder.name != "shared"))
OFFERS = {
    "banking": "accounts, balances and transactions",
    "brokerage": "an account, its orders and positions",
    "fx": "exchange rates, one table a day",
}
ENTRY_POINTS, SANDBOX_LIST = "pyproject.toml", "src/fin_infra/sandbox/vendors/__init__.py"


class Refused(Exception):
    """Nothing was written; the text says why and what to do."""


def words(domain: str, vendor: str, title: str) -> dict[str, str]:
    """Return what the templates' placeholders stand for.

    Raises:
        Refused: the domain has no template, or the name cannot be a vendor's.
    """
    if domain not in DOMAINS:
        raise Refused(f"There is no template for {domain!r}; use {', '.join(DOMAINS)}, or copy the nearest adapter.")
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", vendor) or keyword.iskeyword(vendor):
        raise Refused(f"{vendor!r} cannot be a module name; write it like acme or acme_bank.")
    if not title.strip() or not title.isprintable() or set(title) & set('"\\{}'):
        raise Refused("A title is one line without quotes, backslashes or braces, such as Acme Bank.")
    return {
        "vendor": vendor,
        "Vendor": "".join(part.title() for part in vendor.split("_")),
        "VENDOR": vendor.upper(),
        "mount": vendor.replace("_", "-"),
        "title": title.strip(),
        "possessive": title.strip() + ("'" if title.strip().endswith("s") else "'s"),
        "offers": OFFERS[domain],
    }


def files(root: Path, domain: str, names: dict[str, str]) -> dict[Path, str]:
    """Return every file to write with its text; a template's path is the file's, with placeholders.

    Raises:
        Refused: one of the files is there already.
    """
    found: dict[Path, str] = {}
    for folder in (TEMPLATES / "shared", TEMPLATES / domain):
        for template in sorted(folder.rglob("*.tmpl")):
            path = root / fill(str(template.relative_to(folder)).removesuffix(".tmpl"), {**names, "domain": domain})
            found[path] = fill(template.read_text("utf-8"), {**names, "domain": domain})
    taken = [path for path in found if path.exists()]
    if taken:
        raise Refused(f"{taken[0].relative_to(root)} is there already; choose another name, or move it away first.")
    return found


def fill(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"__{name}__", value)
    return text


def with_entry_point(text: str, domain: str, names: dict[str, str]) -> str:
    """Return pyproject.toml with one line more."""
    line = f'{names["vendor"]} = "fin_infra.providers.{domain}.{names["vendor"]}:{names["Vendor"]}"'
    header = f'[project.entry-points."fin_infra.{domain}"]\n'
    if header not in text or re.search(rf"(?m)^{names['vendor']} = ", text):
        raise Refused(
            f"{names['vendor']} is in pyproject.toml already, or {header.strip()} is not; add the line by hand."
        )
    return text.replace(header, f"{header}{line}\n", 1)


def with_sandbox_line(text: str, names: dict[str, str]) -> str:
    """Return the sandbox's list with one line more, in order."""
    block = re.search(r"VENDORS = \(\n(?P<lines>(?:    \".*\",\n)+)\)", text)
    if block is None:
        raise Refused(f"{SANDBOX_LIST} has no list of VENDORS in the usual form; add {names['vendor']} by hand.")
    lines = sorted({*block["lines"].splitlines(), f'    "{names["vendor"]}:{names["Vendor"]}",'})
    return text[: block.start("lines")] + "\n".join(lines) + "\n" + text[block.end("lines") :]


def scaffold(root: Path, domain: str, vendor: str, title: str) -> list[Path]:
    """Write the provider below `root` and return the new files; raise Refused before anything is written."""
    names = words(domain, vendor, title)
    new = files(root, domain, names)
    lists = {
        root / ENTRY_POINTS: with_entry_point((root / ENTRY_POINTS).read_text("utf-8"), domain, names),
        root / SANDBOX_LIST: with_sandbox_line((root / SANDBOX_LIST).read_text("utf-8"), names),
    }
    for path, text in {**new, **lists}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    _tidy([path for path in new if path.suffix == ".py"])
    return sorted(new)


def _tidy(paths: list[Path]) -> None:
    """Put names in the order that a vendor's own name gives them."""
    for command in (["format", "--quiet"], ["check", "--fix", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, "--no-cache", *map(str, paths)], check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("domain", help=", ".join(DOMAINS))
    parser.add_argument("vendor", help="module name, such as acme")
    parser.add_argument("--title", help="the vendor's name for people, such as 'Acme Bank'")
    given = parser.parse_args()
    try:
        written = scaffold(ROOT, given.domain, given.vendor, given.title or given.vendor.replace("_", " ").title())
    except Refused as no:
        print(f"error: {no}", file=sys.stderr)
        return 5
    for path in written:
        print(path.relative_to(ROOT))
    print(f"\nOne line each in {ENTRY_POINTS} and {SANDBOX_LIST}. Next:")
    print("  .venv/bin/pip install -q --no-deps -e .    # lets the registry find it")
    print("  .venv/bin/python dx/generated_docs.py      # puts it into the tables of the docs")
    print("  make quick && .venv/bin/pytest -q tests/conformance")
    return 0


if __name__ == "__main__":
    sys.exit(main())
