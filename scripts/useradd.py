"""Add a user; `invoke-useradd` does the same. Options: python scripts/useradd.py --help."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "src"))  # a checkout, not installed

from invoke_apps.cli.user import useradd

if __name__ == "__main__":
    useradd()
