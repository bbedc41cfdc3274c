"""The named exceptions of nbsuite.

Every message is one sentence that names the file (or argument), the fault and the remedy.
The command line prints it without a traceback and exits with ``exit_code``.
"""

from __future__ import annotations

from nbsuite.untrusted.text import one_line

LONGEST_MESSAGE = 500


class NbsuiteError(Exception):
    """Base of all errors that a user can mend.

    The message may quote strangers: it becomes one line of at most 500 printable characters.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message, LONGEST_MESSAGE))


class UsageError(NbsuiteError):
    """A request that cannot be met as stated: an unknown name, options that contradict."""

    exit_code = 2


class DataError(NbsuiteError):
    """A recording that is missing, damaged, or not of the format."""


class DownloadError(NbsuiteError):
    """A recording that could not be fetched or does not match its published digest."""


class CheckpointError(NbsuiteError):
    """A checkpoint that is missing, damaged, or does not fit the model or session."""


class CodeNotNamedError(CheckpointError):
    """A checkpoint of a decoder of one's own, whose code was not named with it."""


class ConversionError(NbsuiteError):
    """Foreign weights that cannot be translated."""


class BenchmarkError(NbsuiteError):
    """A metric that failed or came out inexact."""


class EnergyError(NbsuiteError):
    """An energy that cannot be estimated: figures that are not there, or a target too small."""


class ResultsError(NbsuiteError):
    """Results that are invalid, exist already, or cannot be written."""


class PackageError(NbsuiteError):
    """A submission package that is damaged, incomplete, unsafe, or not what it claims."""


class TrainingError(NbsuiteError):
    """A training run that cannot begin, go on, or be continued as asked."""


class DecoderError(NbsuiteError):
    """A decoder of one's own that cannot be made, run or counted."""
