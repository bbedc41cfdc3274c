"""Where the command ``nbsuite`` begins: Ctrl-C counts before the command line is imported, too."""

from __future__ import annotations

import sys

_INTERRUPTED = 130  # 128 and SIGINT's number, as shells have it


def main() -> None:
    """Run the command line.

    Raises:
        SystemExit: always, with the command's status.
    """
    try:
        from nbsuite.cli.main import main as command_line
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        raise SystemExit(_INTERRUPTED) from None
    command_line(prog_name="nbsuite")
