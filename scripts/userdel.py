"""Delete a user; `invoke-userdel` does the same. Options: python scripts/userdel.py --help."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "src"))  # a checkout, not installed

from invoke_apps.cli.user import userdel

if __name__ == "__main__":
    userdel()
