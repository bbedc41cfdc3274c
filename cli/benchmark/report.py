"""What the benchmark commands print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbsuite.benchmarking.jobs import Job, data_label, verify_jobs
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.session import RunSettings
from nbsuite.benchmarking.verification import Comparison
from nbsuite.cli.frame import output
from nbsuite.errors import BenchmarkError
from nbsuite.twin_labels import TWIN, kind_of


def print_outcome(
    results: Sequence[BenchmarkResult], files: Sequence[Path], *, as_json: bool
) -> None:
    """Print results and the files written, for people or as JSON."""
    if as_json:
        output.print_json(outcome_as_json(results, files))
        return
    print_results(results)
    remarks = [each for result in results for each in result.provenance["run"].get("remarks", ())]
    for remark in dict.fromkeys(remarks):
        output.note(f"Note: {remark}")
    for path in files:
        output.note(f"Wrote {path}")


def outcome_as_json(results: Sequence[BenchmarkResult], files: Sequence[Path]) -> dict[str, Any]:
    """Results and the files written, as JSON values."""
    return {
        "results": [
            {
                "model": result.model,
                "recording": result.recording,
                "twin": result.twin,
                "trained_on_twin": result.trained_on_twin,
                "seed": result.seed,
                "values": result.values,
                "run": result.provenance["run"],
            }
            for result in results
        ],
        "files": [str(path) for path in files],
    }


def print_results(results: Sequence[BenchmarkResult]) -> None:
    """A table for people: one row a checkpoint and recording."""
    names = list(dict.fromkeys(name for result in results for name in result.values))
    columns = ["Model", "Seed", "Recording", "Data", *names]
    rows = [
        [
            result.model,
            "-" if result.seed is None else str(result.seed),
            result.provenance["data"]["session"],
            _data(result),
            *(_format(result.values[name]) for name in names),
        ]
        for result in results
    ]
    output.print_table(columns, rows, right=("Seed", *names), naming=3)


def _data(result: BenchmarkResult) -> str:
    kind = kind_of(twin=result.twin)
    return f"{kind}, trained on {TWIN}" if result.trained_on_twin and not result.twin else kind


def _format(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_format(part)}" for key, part in value.items())
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.4f}" if abs(value) < 10 else f"{value:,.1f}"


def compare_jobs(jobs: Sequence[Job], steps: int, settings: RunSettings, *, as_json: bool) -> None:
    """Compare the benchmark with NeuroBench's per-step run and print both.

    Raises:
        BenchmarkError: they differ.
    """
    compared = verify_jobs(jobs, steps, settings)
    _print_comparisons(compared, as_json=as_json)
    differing = [(job, each.name) for job, found in compared for each in found if not each.agrees]
    if differing:
        job, name = differing[0]
        raise BenchmarkError(
            f"{name} of {job.checkpoint.path} differs between the benchmark and NeuroBench's "
            "per-step run; report this with the output of `nbsuite env`."
        )


def _print_comparisons(
    compared: Sequence[tuple[Job, Sequence[Comparison]]], *, as_json: bool
) -> None:
    rows = [(job, each) for job, found in compared for each in found]
    if as_json:
        output.print_json(
            [
                {
                    "checkpoint": str(job.checkpoint.path),
                    "recording": job.recording.name,
                    "metric": each.name,
                    "benchmark": each.chunked,
                    "per_step": each.per_step,
                    "agrees": each.agrees,
                }
                for job, each in rows
            ]
        )
        return
    output.print_table(
        ["Checkpoint", "Data", "Metric", "Benchmark", "Per step", "Agrees"],
        [
            [
                job.checkpoint.path.name,
                data_label(job.recording),
                each.name,
                str(each.chunked),
                str(each.per_step),
                "yes" if each.agrees else "NO",
            ]
            for job, each in rows
        ],
        naming=3,
    )
