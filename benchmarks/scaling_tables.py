"""Tables of what ``scaling.py`` measured.

What a batch needs at least is taken from its equations, at the rates measured on the machine:

============ =====================================================================================
product      V^T delta, the error that flows back through the recurrent weights each step:
             2 windows steps neurons^2 operations of BLAS, 32 windows at a time
elementwise  neurons and synapses, their derivatives, the surrogate gradient and those of the time
             constants: 8 multiply-adds a neuron, step and window, on what is in the cache
memory       the membrane potentials, written forwards and read backwards: 8 bytes each
fixed        what a batch of one window of 8 steps takes: optimiser, gradients, Python
============ =====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scaling_points import BASE, Point

FIELDS = ("model", "channels", "neurons", "windows", "steps", "threads")
AXES = FIELDS[1:]
MULTIPLY_ADDS = 8
POTENTIAL_BYTES = 8
PARTS = ("product", "elementwise", "memory", "fixed")
MEBIBYTE = 1 << 20

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class TextTable:
    """A table of text cells; all columns but the first ``words`` are figures."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


def as_text(table: TextTable) -> str:
    """The table for a terminal."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(table.columns))]
    return "\n".join("  ".join(_padded(line, widths, table.words)) for line in lines) + "\n"


def as_markdown(table: TextTable) -> str:
    """The table for a page."""
    rule = ["---"] * table.words + ["---:"] * (len(table.columns) - table.words)
    return "\n".join(f"| {' | '.join(line)} |" for line in (table.columns, rule, *table.rows))


def _padded(line: Sequence[str], widths: Sequence[int], words: int) -> list[str]:
    return [
        cell.ljust(width) if index < words else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def needed(row: Figures, limits: Figures) -> dict[str, float]:
    """Seconds that each part of a batch needs at least, on one thread."""
    updates = row["windows"] * row["steps"] * row["neurons"]
    flops = 2 * updates * row["neurons"]
    return {
        "product": flops / max(limits["product_flops_per_second"][str(row["neurons"])].values()),
        "elementwise": MULTIPLY_ADDS * updates / limits["cached_elements_per_second"],
        "memory": POTENTIAL_BYTES * updates / limits["memory_bytes_per_second"]["1"],
        "fixed": row["smallest"],
    }


def curve(figures: Figures, model: str, axis: str) -> list[Figures]:
    """The points that differ from the model's batch in one size alone, in its order."""
    base = BASE[model]
    others = [field for field in AXES if field != axis]
    rows = [
        row
        for row in figures["points"]
        if row["model"] == model and all(row[name] == getattr(base, name) for name in others)
    ]
    return sorted(rows, key=lambda row: row[axis])


def models_of(figures: Figures) -> list[str]:
    """The models that were measured."""
    return [model for model in BASE if any(row["model"] == model for row in figures["points"])]


def base_row(figures: Figures, point: Point) -> Figures:
    """What was measured at a point."""
    wanted = {name: getattr(point, name) for name in FIELDS}
    return next(row for row in figures["points"] if wanted.items() <= row.items())


def limits_table(figures: Figures) -> TextTable:
    """What the machine can do."""
    limits = figures["limits"]
    rows = [
        [f"memory, triad on {threads} thread{'s' * (threads != '1')}", f"{value / 1e9:.1f} GB/s"]
        for threads, value in limits["memory_bytes_per_second"].items()
    ]
    elements = limits["cached_elements_per_second"]
    rows.append(["multiply-adds in the cache, 1 thread", f"{elements / 1e9:.1f} G/s"])
    rows += [
        [f"product (64, {size}) by ({size}, {size}), {way}", f"{value / 1e9:.1f} GFLOP/s"]
        for size, rates in limits["product_flops_per_second"].items()
        for way, value in rates.items()
    ]
    return TextTable(["limit", "measured"], rows)


def parts_table(figures: Figures) -> TextTable:
    """Where the time of the two batches goes, and how far it is from what is needed."""
    rows = []
    for model in models_of(figures):
        row = base_row(figures, BASE[model])
        parts = needed(row, figures["limits"])
        least = sum(parts.values())
        cells = [f"{1e3 * parts[name]:.1f}" for name in PARTS]
        ratio = f"{row['seconds'] / least:.1f}"
        size = f"{model}, {row['windows']} windows"
        rows.append([size, *cells, f"{1e3 * least:.1f}", f"{1e3 * row['seconds']:.1f}", ratio])
    return TextTable(
        ["batch", *(f"{name}, ms" for name in PARTS), "sum", "measured", "times"], rows
    )


def growth_table(figures: Figures) -> TextTable:
    """All curves: time and memory of a batch, and of one of its windows."""
    rows = []
    for model in models_of(figures):
        for axis in AXES:
            for row in curve(figures, model, axis):
                size = f"{row[axis]:,}"
                least = sum(needed(row, figures["limits"]).values())
                times = "" if axis == "threads" else f"{row['seconds'] / least:.1f}"
                rate = row["windows"] * row["steps"] / row["seconds"]
                cells = [
                    f"{1e3 * row['seconds']:.1f}",
                    f"{1e3 * row['seconds'] / row['windows']:.2f}",
                ]
                memory = row["bytes"] / MEBIBYTE
                cells += [f"{rate:,.0f}", times, f"{memory:.1f}", f"{memory / row['windows']:.2f}"]
                rows.append([model, axis, size, *cells, f"{row['joules']:.2f}"])
    columns = ["model", "size changed", "to", "ms", "ms a window", "steps/s", "times the least"]
    columns += ["MiB", "MiB a window", f"J ({energy_source(figures)})"]
    return TextTable(columns, rows, words=2)


def energy_source(figures: Figures) -> str:
    """Whether energies are measured."""
    measured = all(row["energy_measured"] for row in figures["points"])
    return "measured" if measured else "estimate"


def sessions_table(figures: Figures) -> TextTable:
    """An epoch of tinyRSNN on sessions of several lengths."""
    rows = [
        [
            f"{row['samples']:,}",
            f"{row['samples'] * 0.004 / 60:.1f}",
            f"{row['windows']:,}",
            f"{row['seconds']:.2f}",
            f"{1e6 * row['seconds'] / row['samples']:.2f}",
            f"{row['recording_bytes'] / MEBIBYTE:.1f}",
        ]
        for row in figures["sessions"]
    ]
    columns = ["samples", "minutes", "windows", "s an epoch", "µs a sample", "MiB of recording"]
    return TextTable(columns, rows, words=0)


def seeds_table(figures: Figures) -> TextTable:
    """Seeds on one worker and on several."""
    alone = {row["model"]: row for row in figures["seeds"] if row["workers"] == row["seeds"] == 1}
    rows = []
    for row in figures["seeds"]:
        least = row["seeds"] * alone[row["model"]]["seconds"]
        sizes = [str(row["workers"]), str(row["seeds"])]
        rows.append(
            [row["model"], *sizes, f"{row['seconds']:.2f}", f"{row['seconds'] / least:.2f}"]
        )
    columns = ["model", "workers", "seeds", "s", "of the time one after another"]
    return TextTable(columns, rows)


TABLES: dict[str, Callable[[Figures], TextTable]] = {
    "limits": limits_table,
    "parts": parts_table,
    "growth": growth_table,
    "sessions": sessions_table,
    "seeds": seeds_table,
}
