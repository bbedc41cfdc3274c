"""The texts of a package for people: README.md, and the source of evaluate.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources

from nbsuite.benchmarking.quantities import CHALLENGE, R2
from nbsuite.submissions.package.contents import Contents
from nbsuite.submissions.package.layout import LOCK, RECIPES, SCRIPT, SOURCE
from nbsuite.submissions.results.formats import markdown_paragraph, markdown_text

_FIGURES = (R2, *(each for each in CHALLENGE if each is not R2))


def script() -> bytes:
    """The source of evaluate.py."""
    return (resources.files("nbsuite.submissions") / "package" / "evaluate_script.py").read_bytes()


def render_readme(contents: Contents) -> str:
    """The README of a package: tables of its results and how to reproduce them."""
    submission = contents.submission
    kind = "session TWINS: synthetic data, no submission" if contents.twin else "real recordings"
    seeds = ", ".join(map(str, contents.seeds))
    return "\n".join(
        [
            f"# {markdown_text(submission.team)}: {submission.model}",
            "",
            *map(markdown_paragraph, submission.description.split("\n")),
            "",
            f"- Authors: {markdown_text(', '.join(submission.authors))}",
            f"- Contact: {markdown_text(submission.contact)}",
            f"- Track: {submission.track}",
            f"- Licence of the weights: {markdown_text(submission.licence)}",
            f"- Measured on: {kind}",
            *_training(contents),
            f"- Seeds: {seeds}",
            "",
            "## Results",
            "",
            f"Test sets of NeuroBench's primate-reaching task; means over {len(contents.seeds)} "
            "seed(s). Operations are per sample.",
            "",
            *_table(contents),
            "",
            "## Reproduce",
            "",
            *_HOW[contents.runner](),
            "",
            f"`{RECIPES}` tells how each checkpoint was trained or what it was converted from,",
            "`results/*.provenance.json` which weights, data and versions made each number.",
            "",
        ]
    )


def _with_script() -> list[str]:
    """How to measure again a decoder that evaluate.py knows."""
    return [
        "With the recordings (.mat) in a folder `data`, in an environment of its own:",
        "",
        "```",
        f"pip install -r {LOCK}",
        f"python {SCRIPT} --data data",
        "```",
        "",
        f"`{SCRIPT}` defines the decoder and runs NeuroBench's official metrics; it ends with",
        "status 0 only if every number is the one in `results/`. With nbsuite:",
        "`nbsuite submission verify PACKAGE.zip`.",
    ]


def _with_own_code() -> list[str]:
    """How to measure again a decoder of the team's own."""
    return [
        f"`{SOURCE}` defines the decoder and is code of the team's own: read it first. Then, in an",
        "environment of its own, with the recordings (.mat) in a folder `data`:",
        "",
        "```",
        f"pip install nbsuite -r {LOCK}",
        "nbsuite submission verify PACKAGE.zip --run-code --data-dir data",
        "```",
    ]


def _with_nbsuite() -> list[str]:
    """How to measure again a decoder that nbsuite alone knows."""
    return [
        "With the recordings (.mat) in a folder `data`, in an environment of its own:",
        "",
        "```",
        f"pip install nbsuite -r {LOCK}",
        "nbsuite submission verify PACKAGE.zip --data-dir data",
        "```",
    ]


_HOW = {SCRIPT: _with_script, SOURCE: _with_own_code, None: _with_nbsuite}


def _training(contents: Contents) -> Iterator[str]:
    if contents.trained_on_twins:
        sessions = ", ".join(contents.trained_on_twins)
        yield f"- Trained on TWINS, synthetic data: the weights for {sessions}"


def _table(contents: Contents) -> Iterator[str]:
    labels = {each.recording: each.session.label for each in contents.sessions}
    yield f"| session | {' | '.join(quantity.heading for quantity in _FIGURES)} |"
    yield f"|---|{'---|' * len(_FIGURES)}"
    for recording, label in (*labels.items(), ("average", "mean")):
        yield _row(label, contents.summary[recording])


def _row(label: str, means: Mapping[str, float]) -> str:
    cells = (quantity.text(means[quantity.key]) for quantity in _FIGURES)
    return f"| {label} | {' | '.join(cells)} |"
