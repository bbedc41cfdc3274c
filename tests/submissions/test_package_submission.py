"""submission.toml: the template, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbsuite.errors import PackageError
from nbsuite.submissions.package.submission import (
    TEMPLATE,
    Submission,
    read_submission,
    write_template,
)


def test_a_filled_in_template(submission_toml: Path) -> None:
    assert read_submission(submission_toml) == Submission(
        team="The Decoders",
        authors=("A. Author",),
        contact="a@example.org",
        track="trade-off",
        model="tinyRSNN",
        licence="MIT",
        description="Random weights.",
    )


def test_a_template_as_it_is_lacks_the_team(tmp_path: Path) -> None:
    path = tmp_path / "submission.toml"
    write_template(path)
    assert path.read_text() == TEMPLATE
    with pytest.raises(PackageError, match="does not give 'team'; fill in a text"):
        read_submission(path)


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "submission.toml"
    path.write_text("precious")
    with pytest.raises(PackageError, match="exists already and is kept"):
        write_template(path)
    assert path.read_text() == "precious"
    write_template(path, force=True)
    assert path.read_text() == TEMPLATE


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('team = "The', "team = The", "is not valid TOML"),
        ("[" + '"A. Author"]', "[]", "does not give 'authors'"),
        ("[" + '"A. Author"]', '["A", 3]', "does not give 'authors'"),
        ("[" + '"A. Author"]', '"A. Author"', "does not give 'authors'"),
        ('"trade-off"\n\n', '"best"\n\n', "'best'; choose one of r2, trade-off"),
        ('licence = "MIT"', "licence = 3", "does not give 'licence'"),
        ('licence = "MIT"', 'license = "MIT"', "unknown value 'license'; did you mean licence"),
        ("Random weights.", "x" * 20_000, "more than 10,000 characters"),
        ('"tinyRSNN"', '"tiny/../RSNN"', "has an impossible 'model': 'tiny/../RSNN' is no name"),
        ('"tinyRSNN"', '"x" + 1', "is not valid TOML"),
        ('"MIT"', f'"MIT"\n{"a." * 501}a = 1', "has a line with more than 500 dots"),
        ('"MIT"', f'"MIT"\nx = {"[" * 100_000}', "is nested too deeply"),
        ('"MIT"', f'"MIT"\n# {"x" * 300_000}', "is larger than 262,144 bytes"),
        ('"MIT"', f'"MIT"\nx = {"9" * 5_000}', "is not valid TOML"),
        ('"MIT"', '"MIT"\n"\\u001b[31m" = 1', r"unknown value '\\x1b\[31m'"),
        ('"MIT"', '"\\u202eMIT"', "control characters in 'licence'"),
    ],
)
def test_values_that_are_wrong(
    submission_toml: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = submission_toml.read_text()
    assert old in text
    path = tmp_path / "submission.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(PackageError, match=message) as caught:
        read_submission(path)
    assert str(path) in str(caught.value)


def test_names_are_on_one_line(submission_toml: Path, tmp_path: Path) -> None:
    path = tmp_path / "submission.toml"
    text = submission_toml.read_text().replace("The Decoders", "The\\n \\tDecoders")
    path.write_text(text.replace("A. Author", "A.\\nAuthor"))
    described = read_submission(path)
    assert described.team == "The Decoders"
    assert described.authors == ("A. Author",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_submission(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "submission.toml")
    with pytest.raises(PackageError, match="There is no"):
        read_submission(tmp_path / "submission.toml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="write one with `nbsuite submission new`"):
        read_submission(tmp_path / "submission.toml")
