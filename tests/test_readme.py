"""The README's Python example runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.training.families import model_spec

README = Path(__file__).parents[1] / "README.md"


def test_the_python_example_runs(tiny_recording_path: Path, draw_decoder: Any) -> None:
    header = CheckpointHeader(spec=model_spec("tinyRSNN", 96), session="indy_20160622_01", seed=1)
    save_checkpoint(Path("tinyRSNN-1.safetensors"), draw_decoder(), header)
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    example = example.replace("indy_20160622_01.mat", str(tiny_recording_path))
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own text
    assert set(re.findall(r"^(?:from|import) (\w+)", example, re.MULTILINE)) == {"nbsuite"}
    assert names["run"].decoded.shape == (len(names["recording"].test), 2)
    assert names["run"].values["r2"] < 1
    assert names["velocity"].shape == (2,)
    assert Path("decoding.pdf").is_file()
    assert len(list(Path("results").iterdir())) == 3
