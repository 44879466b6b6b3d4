"""What `pip install fin-infra-kit` brings: packages and megabytes of the core and of each extra, in fresh environments.

Run: python benchmarks/install.py   (downloads packages; takes a few minutes)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("brokerage", "calendars", "finastra", "sandbox", "vault", "statements", "insights", "book", "service", "all")
TOOLS = {"pip", "setuptools", "_distutils_hack", "pkg_resources"}


def measure(requirement: str) -> tuple[int, float]:
    """Install `requirement` into a new environment; return packages and megabytes, compiled files left out."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "install", "-q", "--no-compile"]
        constraints = ["-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, *constraints, requirement], check=True, stderr=subprocess.DEVNULL)
        (packages,) = (Path(folder) / "lib").glob("python*/site-packages")
        names = {info.name.split("-")[0].lower() for info in packages.glob("*.dist-info")} - TOOLS
        files = (
            file
            for top in packages.iterdir()
            if top.name.split("-")[0] not in TOOLS
            for file in ([top] if top.is_file() else top.rglob("*"))
        )
        size = sum(file.stat().st_size for file in files if file.is_file() and "__pycache__" not in file.parts)
        return len(names), size / 2**20


def main() -> None:
    for extra in ("", *EXTRAS):
        count, megabytes = measure(f"{ROOT}[{extra}]" if extra else str(ROOT))
        print(f"{extra or 'core':12} {count:4} packages {megabytes:8.1f} MB")
    print("target for the core: at most 26 packages and 32 MB")


if __name__ == "__main__":
    sys.exit(main())
