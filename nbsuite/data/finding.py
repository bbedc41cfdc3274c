"""One thing that is wrong with a recording, or odd in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbsuite.errors import DataError


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a recording.

    Attributes:
        predicate: the rest of a sentence that begins with the file's path, without full stop.
        grave: nothing measured on the recording would mean anything.
    """

    predicate: str
    grave: bool = True

    def sentence(self, path: Path) -> str:
        """The finding, for people."""
        return f"{path} {self.predicate}."

    def error(self, path: Path) -> DataError:
        """The finding, to be raised."""
        return DataError(self.sentence(path))


def warnings_of(findings: Iterable[Finding], path: Path) -> tuple[Finding, ...]:
    """The findings, unless one of them is grave.

    Raises:
        DataError: the first grave finding.
    """
    warnings = []
    for finding in findings:
        if finding.grave:
            raise finding.error(path)
        warnings.append(finding)
    return tuple(warnings)
