"""One sound, small instance of every kind of file that nbsuite reads, made by nbsuite itself.

Nothing here is drawn at random beyond fixed seeds, so that a case is the same on every machine
with the same versions of the libraries.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np

from tests.adversarial.box import Files
from tests.adversarial.child import start
from tests.adversarial.corpus_parts import (
    CLUSTER,
    study_text,
    submission_text,
    write_own,
    write_small_recording,
    write_study_folder,
)

NAME = "indy_20990101_01"
TWIN = "indy_20160622_01-twin-seed1-fraction0.005"
RECORDING = f"in/{NAME}.mat"
WEIGHTS, BASELINE = "in/checkpoint.safetensors", "in/baseline.safetensors"
RESULTS = f"in/packed/results_tinyRSNN_{TWIN}.json"
PROVENANCE = f"in/packed/results_tinyRSNN_{TWIN}.provenance.json"
SETTINGS = {
    "windows.steps": 25,
    "windows.offset_steps": 25,
    "training.batch": 50,
    "training.schedule_epochs": 4,
    "pretrain.epochs": 1,
    "finetune.epochs": 3,
    "prune.epochs": 1,
    "prune.highest": 0.5,
    "prune.tolerance": 0.9,
}
_TRAIN_ON = ("-s", f"in/{NAME}.mat", "--pretrain-on", f"in/{NAME}.mat", "--threads", "1", "-q")
_SET = tuple(part for item in SETTINGS.items() for part in ("--set", "{}={}".format(*item)))
TRAIN = ("train", "tinyRSNN", *_TRAIN_ON, *_SET)
"""Trains on the small recording in a second."""

_INTERRUPTED = 9


class Corpus:
    """The sound files by what they are.

    Args:
        folder: an empty folder to make them in.

    Attributes:
        files: content by name; the names are those below a case's box.
        printed: what commands print where every file is sound, by their arguments.
        server: the address of the server under attack.
    """

    def __init__(self, folder: Path) -> None:
        self.files: Files = {}
        self.printed: dict[tuple[str, ...], bytes] = {}
        self.server = ""
        self._folder = folder
        before = Path.cwd()
        folder.mkdir(parents=True)
        os.environ["NBSUITE_DATA"] = str(folder / "data")
        os.environ["NBSUITE_CACHE"] = str(folder / "cache")
        os.chdir(folder)
        try:
            self._make()
        finally:
            os.chdir(before)

    def take(self, *prefixes: str) -> Files:
        """The files whose names begin so."""
        return {name: content for name, content in self.files.items() if name.startswith(prefixes)}

    def _make(self) -> None:
        write_small_recording(Path(f"in/{NAME}.mat"))
        write_own(Path("in"))
        self._weights()
        Path("in/study.toml").write_text(study_text(f"{NAME}.mat", SETTINGS))
        Path("in/cluster.toml").write_text(CLUSTER)
        Path("in/submission.toml").write_text(submission_text())
        self._results()
        self._runs()
        write_study_folder(Path("out/studies/small"))
        for path in sorted((*Path().glob("in/**/*"), *Path().glob("out/**/*"))):
            if path.is_file() and not path.name.endswith((".lock", ".png")):
                self.files[str(path)] = path.read_bytes()

    def _weights(self) -> None:
        import torch

        from tests.conversions.stork_files import random_input, simulate, stork_state
        from tests.models.random_decoders import random_decoder

        state = stork_state(dtype=torch.float32)
        self._save("in/weights.pth", state)
        trace = BytesIO()
        np.savez(trace, **simulate(state, "tinyRSNN", random_input(20)))
        Path("in/trace.npz").write_bytes(trace.getvalue())
        self._save("in/baseline.pt", dict(random_decoder("SNN2", 96).state_dict()))
        _command("convert", "stork", "in/weights.pth", "-o", "in/checkpoint.safetensors")
        _command("convert", "neurobench", "in/baseline.pt", "-o", "in/baseline.safetensors")

    def _save(self, name: str, state: object) -> None:
        import torch

        torch.save(state, name)

    def _results(self) -> None:
        """Results of two decoders on a twin, with provenance, and the package of them."""
        import torch

        from nbsuite.data.twins.generate import write_twin
        from nbsuite.tasks.known import find_session
        from tests.conversions.stork_files import stork_state

        twin = Path("in/twins") / f"{TWIN}.mat"
        twin.parent.mkdir()
        write_twin(find_session("I1"), twin, fraction=0.005)
        Path("in/packed").mkdir()
        for seed in (1, 2):
            self._save("one.pth", stork_state(dtype=torch.float16, seed=seed))
            target = f"in/packed/seed{seed}.safetensors"
            options = ["--session", "I1", "--seed", str(seed), "-o", target]
            _command("convert", "stork", "one.pth", *options)
        weights = [f"in/packed/seed{seed}.safetensors" for seed in (1, 2)]
        _command("benchmark", *weights, "-s", str(twin), "-o", "in/packed")
        options = ["--submission", "in/submission.toml", "--allow-twins", "--partial"]
        _command("submission", "pack", "in/packed", *options, "-o", "in/package.zip")

    def _runs(self) -> None:
        """Folders of a run, finished, and of one that was interrupted in its second stage."""
        _in_fork(*TRAIN, "-o", "out/runs")
        _in_fork(*TRAIN, "-o", "out/interrupted", prepare=lambda: _end_after_saves(3))


def _command(*arguments: str) -> None:
    """Run a command in this process, which warms it up too.

    Raises:
        RuntimeError: it failed.
    """
    from nbsuite.cli.main import main

    printed = StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            main(list(arguments), prog_name="nbsuite")
    except SystemExit as error:
        if error.code:
            raise RuntimeError(f"{' '.join(arguments)}: {printed.getvalue()}") from error


def _in_fork(*arguments: str, prepare: Callable[[], None] | None = None) -> None:
    """Run a command in a fork: torch's automatic differentiation leaves a thread behind.

    Raises:
        RuntimeError: it failed.
    """
    logs = [Path("stdout").absolute(), Path("stderr").absolute()]
    process = start(arguments, Path(), {}, logs, limited=False, prepare=prepare)
    if os.waitpid(process, 0)[1] not in (0, _INTERRUPTED << 8):
        raise RuntimeError(f"{' '.join(arguments)}: {logs[1].read_text()}")


def _end_after_saves(count: int) -> None:
    """End this process where a run has kept its state so many times."""
    from nbsuite.training import training_run

    save, saves = training_run.save_state, itertools.count(1)

    def save_and_end(*arguments: Any) -> None:
        save(*arguments)
        if next(saves) == count:
            os._exit(_INTERRUPTED)

    training_run.save_state = save_and_end
