"""NeuroBench's PrimateReaching on what was read of a file, in the place of the file itself.

Imports NeuroBench: import this module where a recording is loaded, not at start-up.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from neurobench.datasets.primate_reaching import PrimateReaching

from nbsuite.data.contents import Contents
from nbsuite.data.matfile import encode_recording

_FILE_NAME = "indy.mat"
"""PrimateReaching wants a file to be there, and named after one of two monkeys: an empty one."""


class CheckedPrimateReaching(PrimateReaching):  # type: ignore[misc]
    """The dataset, whose file is an image in memory while it is loaded.

    Args:
        contents: what was read from it.
        arguments: as of PrimateReaching.
    """

    file_path: Any  # a path, or a file in memory
    valid_segments: Any

    def __init__(self, contents: Contents, **arguments: Any) -> None:
        self._contents = contents
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / _FILE_NAME).touch()
            super().__init__(folder, _FILE_NAME, **arguments)
        del self._contents

    def load_data(self) -> None:
        """Called by NeuroBench: bin spikes, and make labels of positions."""
        path, self.file_path = self.file_path, io.BytesIO(self._image())
        super().load_data()
        self.file_path = path

    def split_data(self) -> None:
        """Called by NeuroBench: split by reaches, each of which it looks up among the valid ones.

        To look a number up in an array is to walk over it, and takes minutes where a target moves
        all the time; a range answers at once.
        """
        self.valid_segments = range(len(self.valid_segments))
        super().split_data()

    def _image(self) -> bytes:
        contents = self._contents
        return encode_recording(
            spike_times=[contents.spike_times],
            cursor=contents.cursor,
            target=contents.target,
            time=contents.time,
            mark_empty=False,
        )
