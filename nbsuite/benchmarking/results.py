"""A benchmark's result: metric values of one checkpoint on one recording, and their origin."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from nbsuite.benchmarking.blocks import record_blocks
from nbsuite.benchmarking.own_code import OwnCode
from nbsuite.benchmarking.provenance import circumstances
from nbsuite.benchmarking.quantities import R2
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.timing import Timing
from nbsuite.data.recording import Recording
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.models.training_data import TrainingData
from nbsuite.protocol import EARLIEST_PROTOCOL


@dataclass(frozen=True)
class BenchmarkResult:
    """Metric values of one checkpoint on one recording.

    Attributes:
        model: the decoder's name, and those of processors around it.
        recording: name of the recording's file without its suffix; a twin's name says so.
        twin: whether the recording is a twin.
        seed: the checkpoint's seed, if known.
        values: metric values under the names of the challenge format.
        provenance: weights, data, run, versions, commit and time, as JSON values.
    """

    model: str
    recording: str
    twin: bool
    seed: int | None
    values: dict[str, Any]
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        seed = "" if self.seed is None else f" seed {self.seed}"
        figures = ", ".join(f"{key} {_short(value)}" for key, value in self.values.items())
        return f"<BenchmarkResult {self.model}{seed} on {self.recording}: {figures}>"

    @property
    def task(self) -> str:
        """The protocol that it was measured under."""
        return str(self.provenance.get("task", EARLIEST_PROTOCOL))

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the weights that were measured."""
        return str(self.provenance["checkpoint"]["weights_sha256"])

    @property
    def trained_on_twin(self) -> bool | None:
        """Whether the checkpoint was trained on a twin; None where it is not known."""
        return TrainingData.from_json(self.provenance["checkpoint"].get("trained_on")).on_twin


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def describe_result(
    checkpoint: Checkpoint,
    recording: Recording,
    measurement: Measurement,
    timing: Timing,
    own: OwnCode,
    name: str,
) -> BenchmarkResult:
    """Put a measurement together with what it was measured on.

    Args:
        checkpoint: the decoder.
        recording: what it was measured on.
        measurement: what was measured.
        timing: when the decoder answers.
        own: metrics and processors of the user's own.
        name: what the results are of.
    """
    values = measurement.values | timing.values(recording.task.step)
    header = checkpoint.header
    decoder = checkpoint.decoder
    work = decoder.unit_work(measurement.layers)
    provenance = {
        "task": recording.task.protocol,
        "checkpoint": {
            "file": checkpoint.path.name,
            "weights_sha256": checkpoint.digest,
            "model": header.spec.to_json(),
            "precision": str(decoder.dtype).removeprefix("torch."),
            "session": header.session,
            "seed": header.seed,
            "recipe": header.recipe,
            "source": header.source,
            "trained_on": header.trained_on.to_json(),
            "task": header.task,
        },
        "data": {
            "file": recording.path.name,
            "sha256": recording.digest,
            "session": recording.session.name,
            "twin": None if recording.twin is None else asdict(recording.twin),
            "step": recording.task.step,
            "outputs": [asdict(output) for output in recording.task.outputs],
            "warnings": list(recording.warnings),
        },
        "metrics": values,
        "run": {
            "steps": measurement.steps,
            "seconds": round(measurement.seconds, 3),
            "kernel": measurement.kernel,
            "per_step": measurement.per_step,
            "device": str(decoder.device),
            "unit_work": work if isinstance(work, str) else work.to_json(),
            **decoder.notes(),
        },
        "timing": timing.to_json(),
        **own.to_json(),
        **circumstances(),
    }
    if R2.key in values:
        provenance["blocks"] = record_blocks(recording, measurement.outputs)
    if name != header.spec.name:
        provenance["model"] = name
    return BenchmarkResult(
        model=name,
        recording=recording.name,
        twin=recording.twin is not None,
        seed=header.seed,
        values=values,
        provenance=provenance,
    )
