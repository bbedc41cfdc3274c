"""requirements.txt of packages: names that are known, and versions that differ."""

from __future__ import annotations

import pytest

from nbsuite.errors import PackageError
from nbsuite.submissions.package.lock import check_lock, dependency_lock

HEAD = "# What evaluate.py needs, as installed where this was packed."


def test_what_is_written_here_needs_no_remark() -> None:
    assert dependency_lock().startswith(f"{HEAD}\n")
    assert check_lock(dependency_lock()) == []


def test_what_other_systems_need_is_known() -> None:
    names = ["nvidia-cublas-cu12", "nvidia-nccl-cu13", "cuda-toolkit", "triton", "colorama", "pbr"]
    assert check_lock("\n".join([HEAD, *(f"{name}==1.0" for name in names), ""])) == []


def test_other_versions_are_remarked_on() -> None:
    names = ["h5py", "numpy", "scipy", "torch"]
    text = "\n".join([HEAD, *(f"{name}==0.0.1" for name in names), ""])
    (remark,) = check_lock(text)
    assert remark == (
        "requirements.txt gives other versions than are installed here: h5py==0.0.1, numpy==0.0.1,"
        " scipy==0.0.1 and 1 more."
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("evil==1.0", "names evil, which evaluate.py does not need"),
        ("nvidia-evil==1.0", "names nvidia-evil, which"),
        ("nvidia-cublas-cu99==1.0", "names nvidia-cublas-cu99, which"),
        ("numpy", "holds 'numpy', where"),
        ("numpy>=1", "holds 'numpy>=1', where"),
        ("numpy==1 --hash=x", "where `name==version` is due"),
        ("numpy @ https://example.org/numpy.whl", "where `name==version` is due"),
        ("-r other.txt", "where `name==version` is due"),
        ("numpy==1\\", "where `name==version` is due"),
        ("numpy==${EVIL}", "where `name==version` is due"),
        (f"{HEAD}", "where `name==version` is due"),
        ("", "where `name==version` is due"),
        ("nump\u0443==1", "where `name==version` is due"),
        ("numpy==1\u2028evil==1", "where `name==version` is due"),
        ("numpy==1\x0cevil==1", "where `name==version` is due"),
        ("numpy==1\nNUMPY==1", "names NUMPY twice"),
    ],
)
def test_what_pip_could_take_otherwise(line: str, message: str) -> None:
    with pytest.raises(PackageError, match=message):
        check_lock(f"{HEAD}\n{line}\n")
