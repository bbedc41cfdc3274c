"""Taking packages apart and putting them together again, for tests that change them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from nbsuite.errors import PackageError

Files = dict[str, bytes]

I1 = "results/results_tinyRSNN_indy_20160622_01-twin-seed1-fraction0.005"
RESULTS, PROVENANCE = f"{I1}.json", f"{I1}.provenance.json"
SUMMARY = "results/results_summary_tinyRSNN-twin.json"
FIRST = "checkpoints/tinyRSNN_indy_20160622_01_seed1.safetensors"
SECOND = "checkpoints/tinyRSNN_indy_20160622_01_seed2.safetensors"


def read(package: Path) -> Files:
    """All members of a package."""
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, files: Files, *, seal: bool = True) -> Path:
    """Write members as an archive; ``seal`` makes a new manifest."""
    if seal:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
            if name != "manifest.json"
        }
        files["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def refusal(package: Path, folder: Path, **options: bool) -> str:
    """The sentence with which a package is refused, unpacked into ``folder/unpacked``."""
    from nbsuite.submissions.package.validation import validate_package  # which needs torch

    with pytest.raises(PackageError) as caught:
        validate_package(package, folder / "unpacked", **{"allow_twins": True} | options)
    message = str(caught.value)
    assert str(package) in message
    assert str(folder / "unpacked") not in message
    assert "\n" not in message
    assert len(message) < 600
    return message
