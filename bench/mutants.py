"""Check the proofs by all mutants of what is committed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
WATCHBILL = Path(sys.executable).parent / "watchbill"


def main() -> int:
    """Print the score and what survived; 1 where it is below its bar."""
    return subprocess.run([WATCHBILL, "prove", "--mutants", "all"], check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
