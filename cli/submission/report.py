"""What ``nbsuite submission`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.cli.frame.output import note, print_json, print_table, say
from nbsuite.twin_labels import TWINS

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.submissions.package.validation import Validation
    from nbsuite.submissions.package.verification import Figure


def print_validation(package: Path, validation: Validation, verdict: str, *, as_json: bool) -> None:
    """Print what a valid package holds, after a verdict, and the remarks on it."""
    contents = validation.contents
    if as_json:
        print_json(
            {
                "package": str(package),
                "team": contents.submission.team,
                "model": contents.submission.model,
                "track": contents.submission.track,
                "sessions": [each.session.label for each in contents.sessions],
                "seeds": list(contents.seeds),
                "twin": contents.twin,
                "packed_by": validation.packed_by,
                "remarks": list(validation.remarks),
            }
        )
        return
    sessions = ", ".join(each.session.label for each in contents.sessions)
    seeds = ", ".join(map(str, contents.seeds))
    say(
        f"{verdict} {package}: {contents.submission.model} by {contents.submission.team} on "
        f"{sessions}{f' ({TWINS})' if contents.twin else ''}, seeds {seeds}"
    )
    for remark in validation.remarks:
        note(f"Note: {remark}")


def print_figures(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print packed and measured figures side by side."""
    if as_json:
        print_json([vars(figure) | {"agrees": figure.agrees} for figure in figures])
        return
    print_table(
        ["Session", "Seed", "Metric", "Package", "Measured", "Agrees"],
        [
            [
                figure.session,
                str(figure.seed),
                figure.metric,
                repr(figure.packed),
                repr(figure.measured),
                "yes" if figure.agrees else "NO",
            ]
            for figure in figures
        ],
        right=["Seed", "Package", "Measured"],
    )
