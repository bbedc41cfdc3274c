"""Every file that docs/scaling.md shows can be read."""

import re
from pathlib import Path

import pytest

from nbsuite.sweep.clusters import read_cluster_file
from nbsuite.sweep.study_file import read_study

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
FILES = dict(re.findall(r"```toml\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S))
VARIANTS = {"first.toml": 2, "study.toml": 6, "random.toml": 20, "beside.toml": 2}


@pytest.mark.parametrize("name", VARIANTS)
def test_studies(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    assert len(read_study(tmp_path / name, run_code=True).variants) == VARIANTS[name]


@pytest.mark.parametrize("name", sorted(FILES.keys() - VARIANTS.keys()))
def test_clusters(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    cluster = read_cluster_file(tmp_path / name)
    assert cluster.options
    assert (cluster.workers or cluster.most) > 1


def test_there_are_examples_of_all_kinds() -> None:
    assert FILES.keys() == {*VARIANTS, "slurm.toml", "pbs.toml", "kubernetes.toml"}
