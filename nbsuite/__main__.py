"""Where the commands ``nbsuite`` and ``python -m nbsuite`` begin.

Ctrl-C counts before the command line is imported, too. And it stands outside of ``cli/``: processes
that a command starts import its first module again, but not the command line.
"""

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


if __name__ == "__main__":
    main()
