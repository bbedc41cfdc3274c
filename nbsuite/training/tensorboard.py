"""An observer that writes every epoch's figures for TensorBoard, into the stage's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.errors import UsageError
from nbsuite.training.observer import EpochDone, Event, StageBegun, StageDone

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER_NAME = "tensorboard"
FIGURES = (
    "loss",
    "penalty",
    "train_r2",
    "validation_r2",
    "spikes_per_second",
    "windows_per_second",
    "lr",
    "sparsity",
)


class TensorBoardObserver:
    """Writes the figures of ``nbsuite.training.log``, over the epochs of a stage.

    A run that is continued goes on after the last epoch that was kept.

    Raises:
        UsageError: TensorBoard is not installed.
    """

    def __init__(self) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UsageError(
                "TensorBoard is not installed: leave out --tensorboard, or install it with"
                " `pip install 'nbsuite[tensorboard]'`."
            ) from error
        self._make_writer = SummaryWriter
        self._writers: dict[Path, SummaryWriter] = {}

    def __call__(self, event: Event) -> None:
        """Take up an event."""
        if isinstance(event, StageBegun) and event.epochs:
            target = str(event.folder / FOLDER_NAME)
            self._writers[event.folder] = self._make_writer(target, purge_step=event.done + 1)
        elif isinstance(event, EpochDone):
            self._write(self._writers[event.folder], event)
        elif isinstance(event, StageDone) and event.folder in self._writers:
            self._writers.pop(event.folder).close()

    @staticmethod
    def _write(writer: SummaryWriter, event: EpochDone) -> None:
        for name in FIGURES:
            if (value := event.line.get(name)) is not None:
                writer.add_scalar(f"{event.stage}/{name}", value, event.number)
        writer.flush()
