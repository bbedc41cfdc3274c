"""The texts of a package that are generated: README.md and requirements.txt."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator, Mapping
from importlib import resources

from nbsuite.submissions.package_contents import Contents
from nbsuite.submissions.package_layout import LOCK, RECIPES, SCRIPT
from nbsuite.submissions.quantities import MEASURED

NEEDED = ("torch", "snntorch", "neurobench", "h5py", "scipy", "numpy")
"""What evaluate.py imports, itself or through NeuroBench."""

LOCK_LINE = re.compile(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+|")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def script() -> bytes:
    """The source of evaluate.py."""
    return (resources.files("nbsuite.submissions") / "evaluate_script.py").read_bytes()


def dependency_lock() -> str:
    """The installed versions of what evaluate.py needs, and of what those need in turn."""
    found: dict[str, str] = {}
    for name in NEEDED:
        _collect(name, found)
    lines = [f"{name}=={version}" for name, version in sorted(found.items())]
    return "\n".join([f"# What {SCRIPT} needs, as installed where this was packed.", *lines, ""])


def _collect(name: str, found: dict[str, str]) -> None:
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in found:
        return
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # of another platform or Python version
    # A build such as 2.13.0+cpu is found in no index under that version.
    found[name] = distribution.version.partition("+")[0]
    for requirement in distribution.requires or []:
        match = _NAME.match(requirement)
        if match is not None and "extra ==" not in requirement:
            _collect(match[0], found)


def render_readme(contents: Contents) -> str:
    """The README of a package: tables of its results and how to reproduce them."""
    submission = contents.submission
    kind = "session TWINS: synthetic data, no submission" if contents.twin else "real recordings"
    seeds = ", ".join(map(str, contents.seeds))
    return "\n".join(
        [
            f"# {submission.team}: {submission.model}",
            "",
            submission.description,
            "",
            f"- Authors: {', '.join(submission.authors)}",
            f"- Contact: {submission.contact}",
            f"- Track: {submission.track}",
            f"- Licence of the weights: {submission.licence}",
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
            "",
            f"`{RECIPES}` tells how each checkpoint was trained or what it was converted from,",
            "`results/*.provenance.json` which weights, data and versions made each number.",
            "",
        ]
    )


def _training(contents: Contents) -> Iterator[str]:
    if contents.trained_on_twins:
        sessions = ", ".join(contents.trained_on_twins)
        yield f"- Trained on TWINS, synthetic data: the weights for {sessions}"


def _table(contents: Contents) -> Iterator[str]:
    labels = {each.recording: each.session.label for each in contents.sessions}
    yield f"| session | {' | '.join(quantity.heading for quantity in MEASURED)} |"
    yield f"|---|{'---|' * len(MEASURED)}"
    for recording, label in (*labels.items(), ("average", "mean")):
        yield _row(label, contents.summary[recording])


def _row(label: str, means: Mapping[str, float]) -> str:
    cells = (quantity.text(means[quantity.key]) for quantity in MEASURED)
    return f"| {label} | {' | '.join(cells)} |"
