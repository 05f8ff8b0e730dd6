"""Where the Pulumi CLI starts: `pulumi up` in the repository's root."""

import sys
from pathlib import Path

# Pulumi runs this file by path with infra/ first on sys.path, so the package that holds it has to be made findable.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from infra.program import program  # needs the line above

program()
