"""The tables of docs/cost.md, made of what ``scaling.py`` measured.

    python benchmarks/cost.py                        # print them
    python benchmarks/cost.py --write docs/cost.md   # put them into the page
    python benchmarks/cost.py --plot docs/scaling.png

In the page, a table stands between ``<!-- table NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import click
from decoder_energy import decoder_energy_table
from scaling_picture import plot_scaling
from scaling_tables import TABLES, Figures, as_markdown, as_text, models_of
from study_cost import published_table, rate, seed_table, study_table

from nbsuite.files import atomic_write

MEASURED = Path(__file__).with_name("scaling.json")


def machine_text(figures: Figures) -> str:
    """The machine and what is assumed of it."""
    machine = figures["machine"]
    return (
        f"{machine['processor']}, {machine['cores']} of {machine['cpus']} cores used, load"
        f" {machine['load']:.1f} at the start; Python {machine['python']}, torch"
        f" {machine['torch']}, numba {machine['numba']}; {figures['watts_per_core']:g} W a busy"
        " core assumed."
    )


def rates_text(figures: Figures) -> str:
    """The rates for ``nbsuite/sweep/cost.py``, rounded."""
    found = {model: float(f"{rate(figures, model, 'indy'):.2g}") for model in models_of(figures)}
    return ", ".join(f"{model} {value:,.0f}" for model, value in found.items())


TEXTS: dict[str, Callable[[Figures], str]] = {"machine": machine_text, "rates": rates_text}
ALL_TABLES = {
    **TABLES,
    "seed": seed_table,
    "study": study_table,
    "published": published_table,
    "decoders": lambda _figures: decoder_energy_table(),
}


def write_page(page: Path, figures: Figures) -> None:
    """Replace every table of the page.

    Raises:
        click.ClickException: the page asks for a table that there is not.
    """

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in TEXTS | ALL_TABLES:
            raise click.ClickException(f"{page} asks for '{name}': name a table of cost.py.")
        made = TEXTS[name](figures) if name in TEXTS else as_markdown(ALL_TABLES[name](figures))
        return f"<!-- table {name} -->\n{made}\n<!-- end -->"

    pattern = r"<!-- table (?P<name>\w+) -->\n.*?<!-- end -->"
    text = re.sub(pattern, replaced, page.read_text(encoding="utf-8"), flags=re.S)
    with atomic_write(page) as temporary:
        temporary.write_text(text, encoding="utf-8")


@click.command()
@click.argument("measured", default=MEASURED, type=click.Path(path_type=Path, exists=True))
@click.option("--write", type=click.Path(path_type=Path, exists=True), help="Page to update.")
@click.option("--plot", type=click.Path(path_type=Path), help="Picture to draw.")
def main(measured: Path, write: Path | None, plot: Path | None) -> None:
    """Print all tables, update those of a page, or draw the picture."""
    figures = json.loads(measured.read_text(encoding="utf-8"))
    if write is not None:
        write_page(write, figures)
    if plot is not None:
        plot_scaling(plot, figures)
    if write or plot:
        return
    for name, text in TEXTS.items():
        click.echo(f"{name}: {text(figures)}\n")
    for name, table in ALL_TABLES.items():
        click.echo(f"{name}\n{as_text(table(figures))}")


if __name__ == "__main__":
    main()
