"""``nbsuite env``: what a bug report needs to say about the machine."""

from __future__ import annotations

from typing import Any

import click

from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.options import json_option
from nbsuite.cli.frame.output import print_json, print_table
from nbsuite.environment import describe_environment


@click.command(epilog=examples("nbsuite env", "nbsuite env --json > environment.json"))
@json_option()
def env(as_json: bool) -> None:
    """Show versions, devices, threads and folders, for bug reports.

    Every package is imported once, in another process, so that a broken installation shows.
    """
    description = describe_environment()
    if as_json:
        print_json(description)
    else:
        print_table(["", ""], list(_rows(description)), title="nbsuite environment")


def _rows(description: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        (name, str(description[name]))
        for name in ("nbsuite", "python", "executable", "platform", "processor", "cpus")
    ]
    for name, package in description["packages"].items():
        version = package["version"] or "not installed"
        rows.append(
            (name, f"{version}  BROKEN: {package['error']}" if package["error"] else version)
        )
    if torch := description["torch"]:
        devices = ", ".join(torch["devices"]) or "none"
        rows.append(("torch threads", str(torch["threads"])))
        rows.append(("CUDA devices", f"{devices} (torch built for CUDA {torch['cuda']})"))
    if numba := description["numba"]:
        rows.append(("numba threads", str(numba["threads"])))
    rows += [(f"{name} folder", path) for name, path in description["folders"].items()]
    rows += list(description["variables"].items())
    return rows
