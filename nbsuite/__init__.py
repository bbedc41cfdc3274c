"""nbsuite: decoders of movement from spikes, trained, measured and compared with NeuroBench.

The names below are public; they are imported when they are first used. docs/api.md says what each
is for, and what happens before one changes. Everything else is nbsuite's own and may change.
"""

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING

from nbsuite.checkout import find_neighbours as _find_neighbours

if _TYPE_CHECKING:
    from nbsuite.data.recording import Recording as Recording
    from nbsuite.errors import NbsuiteError as NbsuiteError
    from nbsuite.models.checkpoint import Checkpoint as Checkpoint
    from nbsuite.models.streaming import StreamingDecoder as StreamingDecoder
    from nbsuite.neurons.through_time import through_time as through_time
    from nbsuite.public.checkpoints import load_checkpoint as load_checkpoint
    from nbsuite.public.pictures import plot_decoding as plot_decoding
    from nbsuite.public.pictures import plot_leaderboard as plot_leaderboard
    from nbsuite.public.recordings import load_recording as load_recording
    from nbsuite.public.results import read_results as read_results
    from nbsuite.public.results import write_results as write_results
    from nbsuite.public.runs import BenchmarkRun as BenchmarkRun
    from nbsuite.public.runs import benchmark as benchmark
    from nbsuite.public.training import train as train

__version__ = "0.1.0"

_PLACES = {
    "BenchmarkRun": "nbsuite.public.runs",
    "Checkpoint": "nbsuite.models.checkpoint",
    "NbsuiteError": "nbsuite.errors",
    "Recording": "nbsuite.data.recording",
    "StreamingDecoder": "nbsuite.models.streaming",
    "benchmark": "nbsuite.public.runs",
    "load_checkpoint": "nbsuite.public.checkpoints",
    "load_recording": "nbsuite.public.recordings",
    "plot_decoding": "nbsuite.public.pictures",
    "plot_leaderboard": "nbsuite.public.pictures",
    "read_results": "nbsuite.public.results",
    "through_time": "nbsuite.neurons.through_time",
    "train": "nbsuite.public.training",
    "write_results": "nbsuite.public.results",
}

__all__ = [*_PLACES, "__version__"]

_find_neighbours(_Path(__file__).parent)


if not _TYPE_CHECKING:  # or else type checkers would believe in any name

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module 'nbsuite' has no attribute {name!r}")
        value = getattr(_import_module(_PLACES[name]), name)
        globals()[name] = value  # found at once from now on
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
