"""How much sooner is a study done by two workers than one task after another?

    python benchmarks/sweep.py [--rounds 3] [--task-seconds 20] [--json]

The study: tinyRSNN on two sessions with four seeds, i.e. eight fine-tunings, each followed by its
benchmark, and the tables at the end. The sessions' twins have a tenth of their length, and the
number of epochs is such that a fine-tuning of the longer one takes about ``--task-seconds`` on one
thread; one with the published recipe takes minutes.

It is done in three ways, in turns, each time into a fresh folder by processes of their own:

=================== ==============================================================================
one after another   all tasks in one process of one thread
2 workers           ``nbsuite sweep --workers 2``, one thread a task
1 worker, 2 threads ``nbsuite sweep --workers 1``, two threads a task
=================== ==============================================================================

Time is that of the whole command: Python's start, imports, planning, the start of the pool, the
tasks, the tables. "Before the first task" is what passes until a worker begins with one. The
weights of the first two ways are compared, and must be the same to the bit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import click
from machine import describe_machine, machine_line
from preparation import in_own_process

from nbsuite.cli.frame.options import json_option
from nbsuite.cli.frame.output import note, print_json, print_table

GOAL = 0.6
SESSIONS = ("I1", "I2")
FRACTION = 0.1
SEEDS = 4
TRIAL_EPOCHS = 8
BASE = "one after another"
WAYS = {BASE: (0, 1), "2 workers": (2, 1), "1 worker, 2 threads": (1, 2)}
"""Workers, 0 for none, and threads a task."""
HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Run:
    """One way through the study.

    Attributes:
        seconds: wall-clock time of the whole command.
        before: until the first task began.
        after: from the end of the last task to that of the command.
        training: sum of the fine-tunings' own times.
    """

    seconds: float
    before: float
    after: float
    training: float


def write_twins(folder: Path) -> list[Path]:
    """The sessions' short twins."""
    from nbsuite.data.folders import twin_path
    from nbsuite.data.twins.generate import write_twin
    from nbsuite.tasks.known import find_session

    paths = []
    for label in SESSIONS:
        session = find_session(label)
        path = twin_path(session, folder, fraction=FRACTION)
        path.parent.mkdir(exist_ok=True)
        write_twin(session, path, fraction=FRACTION)
        paths.append(path)
    return paths


def write_study(folder: Path, twins: Sequence[Path], seeds: int, epochs: int, threads: int) -> Path:
    """A study file."""
    path = folder / f"study-{seeds}-{epochs}-{threads}.toml"
    path.write_text(
        f'name = "study"\nmodels = ["tinyRSNN"]\nsessions = {[str(twin) for twin in twins]}\n'
        f'seeds = "1-{seeds}"\nstages = ["finetune"]\nthreads = {threads}\n'
        f"[recipe]\nfinetune.epochs = {epochs}\n",
        encoding="utf-8",
    )
    return path


def run(study: Path, workers: int, root: Path) -> Run:
    """Go through the study once.

    Raises:
        click.ClickException: a command failed.
    """
    if workers:
        nbsuite = Path(sys.executable).with_name("nbsuite")
        command = [nbsuite, "sweep", study, "-o", root, "--workers", str(workers), "--quiet"]
    else:
        command = [sys.executable, HERE / "one_after_another.py", study, root]
    folder = root / "studies" / "study"
    environment = os.environ | ({} if workers else ONE_THREAD)
    begun = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    while process.poll() is None and not list(folder.glob("running/*.json")):
        time.sleep(0.01)
    first = time.time()
    if process.wait() != 0:
        raise click.ClickException(f"{' '.join(map(str, command))} failed; see above.")
    ended = time.time()
    last = (folder / "results" / "made_of.json").stat().st_mtime
    records = [json.loads(path.read_text()) for path in root.glob("finetune/*/stage.json")]
    training = sum(record["summary"]["seconds"] for record in records)
    return Run(ended - begun, first - begun, ended - last, training)


def epochs_for(folder: Path, twins: Sequence[Path], task_seconds: float) -> int:
    """Epochs that take so long; what is tried for it also compiles the kernels."""
    study = write_study(folder, twins, 1, TRIAL_EPOCHS, 1)
    run(study, 0, folder / "trial")
    slowest = 0.0
    for log in (folder / "trial").glob("finetune/*/log.jsonl"):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        slowest = max(slowest, median(line["seconds"] for line in lines[1:]))
    return max(1, round(task_seconds / slowest))


def weights(root: Path) -> dict[str, bytes]:
    """The weights that came out, by session and seed."""
    return {
        path.parent.name.rpartition("_")[0]: path.read_bytes()
        for path in root.glob("finetune/*/weights.safetensors")
    }


def one_round(
    folder: Path, twins: Sequence[Path], seeds: int, epochs: int, ways: Sequence[str]
) -> dict[str, Run]:
    """Every way once, into a fresh folder each.

    Raises:
        click.ClickException: a command failed, or workers came to other weights.
    """
    runs = {}
    with tempfile.TemporaryDirectory(dir=folder) as roots:
        for way in ways:
            workers, threads = WAYS[way]
            study = write_study(folder, twins, seeds, epochs, threads)
            runs[way] = run(study, workers, Path(roots) / way)
            note(f"{way}: {runs[way].seconds:.1f} s")
        if weights(Path(roots) / BASE) != weights(Path(roots) / "2 workers"):
            raise click.ClickException("Two workers came to other weights than one process.")
    return runs


def print_figures(rounds: Sequence[dict[str, Run]], caption: str) -> None:
    """One row a way: medians, and the ratio to one task after another."""
    rows = []
    for way in rounds[0]:
        runs = [each[way] for each in rounds]
        ratio = median(each[way].seconds / each[BASE].seconds for each in rounds)
        figures = [
            median(getattr(run, name) for run in runs)
            for name in ("seconds", "before", "after", "training")
        ]
        rows.append([way, *(f"{each:.1f}" for each in figures), f"{ratio:.2f}"])
    columns = ["way", "s", "before the first task, s", "after the last, s", "training, s", "ratio"]
    print_table(columns, rows, right=columns[1:], caption=caption)


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Rounds; medians count.")
@click.option("--task-seconds", default=20.0, show_default=True, help="Length of a fine-tuning.")
@click.option("--seeds", default=SEEDS, show_default=True, help="Seeds of each session.")
@click.option("--without-threads", is_flag=True, help="Leave out 1 worker of 2 threads.")
@json_option()
def main(
    rounds: int, task_seconds: float, seeds: int, without_threads: bool, as_json: bool
) -> None:
    """Time a study on two workers against the same tasks one after another."""
    machine = describe_machine()
    ways = list(WAYS)[: 2 if without_threads else 3]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        twins = in_own_process(write_twins, folder)
        epochs = epochs_for(folder, twins, task_seconds)
        note(f"{len(twins) * seeds} fine-tunings of {epochs} epochs")
        runs = [one_round(folder, twins, seeds, epochs, ways) for _round in range(rounds)]
    ratio = median(each["2 workers"].seconds / each[BASE].seconds for each in runs)
    if as_json:
        figures = [{way: asdict(run) for way, run in each.items()} for each in runs]
        print_json({"machine": machine, "epochs": epochs, "rounds": figures, "ratio": ratio})
        return
    met = "met" if ratio <= GOAL else "NOT met"
    goal = f"The goal, a ratio of at most {GOAL} for 2 workers, is {met}."
    print_figures(runs, f"{goal}\n{machine_line(machine)}")


if __name__ == "__main__":
    main()
