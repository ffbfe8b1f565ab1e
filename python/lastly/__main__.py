"""`python -m lastly` runs the program, for when its folder is not on the PATH."""

from __future__ import annotations

import os
import subprocess
import sys

from lastly import BinaryNotFound, find_binary


def main() -> None:
    """Puts the program in the place of this process, or where that cannot be, ends with its status."""
    try:
        command = [str(find_binary()), *sys.argv[1:]]
    except BinaryNotFound as error:
        sys.exit(str(error))
    if os.name == "posix":
        os.execv(command[0], command)
    sys.exit(subprocess.run(command, check=False).returncode)


main()
