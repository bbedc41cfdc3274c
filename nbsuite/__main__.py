"""``python -m nbsuite``: the command line where no console script is on the path."""

from nbsuite.cli.start import main

if __name__ == "__main__":
    main()
