"""JSON and text of packages: read with bounds, and by the schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbsuite.errors import PackageError
from nbsuite.submissions.package.layout import LARGEST_TEXT
from nbsuite.submissions.results.schema import LARGEST_RESULTS, SchemaName, fault_of
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded_text
from nbsuite.untrusted.json_text import read_json_file
from nbsuite.untrusted.text import one_line


def read_json(path: Path, origin: str, name: SchemaName | None = None) -> Any:
    """Read a JSON file and check it against a schema, if one is named.

    Raises:
        PackageError: the file is no JSON, or does not follow the schema.
    """
    largest = LARGEST_RESULTS if name in ("results", "summary") else LARGEST_TEXT
    try:
        content = read_json_file(path, largest)
    except FormatFault as fault:
        raise PackageError(f"{origin} {fault}.") from fault
    if name is not None and (departure := fault_of(content, name)) is not None:
        raise PackageError(f"{origin} is not in the format due: {one_line(departure)}.")
    return content


def read_text(path: Path, origin: str) -> str:
    r"""Read a text file; its lines end with ``\n``, however they end in the file.

    Raises:
        PackageError: it is no regular file, too large, or not UTF-8.
    """
    try:
        text = read_bounded_text(path, LARGEST_TEXT)
    except FormatFault as fault:
        raise PackageError(f"{origin} {fault}.") from fault
    return text.replace("\r\n", "\n").replace("\r", "\n")
