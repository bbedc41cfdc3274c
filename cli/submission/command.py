"""``nbsuite submission``: packages of results that others can check."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.groups import Group
from nbsuite.cli.frame.output import note, progress
from nbsuite.cli.submission.report import print_figures, print_validation
from nbsuite.errors import PackageError
from nbsuite.tasks.known import find_session

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.submissions.package.validation import Validation
    from nbsuite.submissions.package.verification import Figure

PACKAGE = click.argument("package", type=click.Path(path_type=Path))


@click.group(cls=Group)
def submission() -> None:
    """Pack results for a challenge, and check such packages."""


def _admissions() -> options.Decorator[Any]:
    def decorate(function: Any) -> Any:
        function = click.option(
            "--partial", is_flag=True, help="Admit results on some of the six sessions."
        )(function)
        return click.option(
            "--allow-twins",
            is_flag=True,
            help="Admit results on session twins, to try the procedure: never a submission.",
        )(function)

    return decorate


@submission.command(
    epilog=examples(
        "nbsuite submission new",
        "nbsuite submission new -o teams/ours/submission.toml",
    )
)
@options.output_option("File to write.", default=Path("submission.toml"))
@options.force_option("files")
def new(output: Path, force: bool) -> None:
    """Write a commented submission.toml to be filled in."""
    from nbsuite.submissions.package.submission import write_template

    write_template(output, force=force)
    note(f"Wrote {output}: fill in every value, then run `nbsuite submission pack`.")


@submission.command(
    epilog=examples(
        "nbsuite submission pack results/ runs/ -o team.zip",
        "nbsuite submission pack results/twins runs/ -o trial.zip --allow-twins --partial",
    )
)
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--submission",
    "description",
    type=click.Path(path_type=Path),
    default=Path("submission.toml"),
    show_default=True,
    help="The filled-in submission.toml.",
)
@options.output_option("Package to write (.zip).", default=Path("submission.zip"))
@_admissions()
@options.force_option("packages")
@options.json_option()
def pack(
    sources: tuple[Path, ...],
    description: Path,
    output: Path,
    allow_twins: bool,
    partial: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Pack results, checkpoints and what reproduces them into one archive.

    SOURCES are files and folders of results and of checkpoints, searched to the bottom. Taken are
    the results of the model that submission.toml names, and the checkpoints that their provenance
    names. The same inputs give the same bytes.
    """
    from nbsuite.submissions.package.build import pack as build

    validation = build(
        sources, description, output, allow_twins=allow_twins, partial=partial, force=force
    )
    print_validation(output, validation, "Wrote", as_json=as_json)


@submission.command(
    epilog=examples(
        "nbsuite submission validate team.zip",
        "nbsuite submission validate team.zip --json",
    )
)
@PACKAGE
@_admissions()
@options.json_option()
def validate(package: Path, allow_twins: bool, partial: bool, as_json: bool) -> None:
    """Check a package without any data and without executing anything in it.

    Checked are the archive, the digests, the formats, that all sessions and seeds are there, and
    that results, provenance and checkpoints agree.
    """
    from nbsuite.submissions.package.validation import validate_package

    with tempfile.TemporaryDirectory() as folder:
        validation = validate_package(
            package, Path(folder), allow_twins=allow_twins, partial=partial
        )
    print_validation(package, validation, "Valid:", as_json=as_json)


@submission.command(
    epilog=examples(
        "nbsuite submission verify team.zip",
        "nbsuite submission verify team.zip --session I1 --session L2",
        "nbsuite submission verify team.zip --run-script",
    )
)
@PACKAGE
@options.session_option()
@options.data_dir_option()
@_admissions()
@click.option(
    "--run-script",
    is_flag=True,
    help="Run the package's evaluate.py instead, if it is the one that nbsuite packs.",
)
@click.option(
    "--run-code",
    is_flag=True,
    help="Run the package's decoder.py, where the decoder is made by code of the team's own: read"
    " it first, for it may do anything that you may.",
)
@options.json_option()
def verify(
    package: Path,
    session: tuple[str, ...],
    data_dir: Path,
    allow_twins: bool,
    partial: bool,
    run_script: bool,
    run_code: bool,
    as_json: bool,
) -> None:
    """Validate a package, measure its checkpoints again, and compare.

    All sessions are measured unless --session names some. Twins are generated as the package says.
    Operations have to be equal, R2 within 1e-6.
    """
    from nbsuite.submissions.package.validation import validate_package
    from nbsuite.submissions.package.verification import require_permission

    with tempfile.TemporaryDirectory() as folder:
        validation = validate_package(
            package, Path(folder), allow_twins=allow_twins, partial=partial
        )
        for remark in validation.remarks:
            note(f"Note: {remark}")
        if run_script:
            _verify_by_script(package, validation, session, data_dir)
        else:
            require_permission(validation, run_code=run_code)
            if validation.contents.has_own_code:
                note(f"Running the team's own code: decoder.py of {package}.")
            _verify(package, validation, session, data_dir, as_json=as_json)


def _verify(
    package: Path, validation: Validation, names: tuple[str, ...], data_dir: Path, *, as_json: bool
) -> None:
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.observer import stage_reporter
    from nbsuite.submissions.package.verification import (
        find_recording,
        measure_again,
        select_sessions,
    )

    chosen = select_sessions(validation, [find_session(name) for name in names])
    figures: list[Figure] = []
    for each in chosen:
        with shown_progress(quiet=as_json) as observer:
            recording = find_recording(each, data_dir, stage_reporter(observer))
        with progress(quiet=as_json) as display:
            task = display.add_task(f"Measuring {each.session.label}", total=len(each.runs))
            for figure in measure_again(validation, each, recording):
                figures.append(figure)
                display.update(task, completed=len({known.seed for known in figures}))
    print_figures(figures, as_json=as_json)
    differing = [figure for figure in figures if not figure.agrees]
    if differing:
        first = differing[0]
        raise PackageError(
            f"{package} is not verified: it has {first.metric} = {first.packed!r} for seed "
            f"{first.seed} on {first.session}, where {first.measured!r} was measured; "
            "ask the team how it was measured."
        )


def _verify_by_script(
    package: Path, validation: Validation, names: tuple[str, ...], data_dir: Path
) -> None:
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.observer import stage_reporter
    from nbsuite.submissions.package.verification import (
        find_recording,
        select_sessions,
    )
    from nbsuite.submissions.package.verification import (
        run_script as run,
    )

    chosen = select_sessions(validation, [find_session(name) for name in names])
    with shown_progress() as observer:
        report = stage_reporter(observer)
        recordings = [find_recording(each, data_dir, report) for each in chosen]
    if not run(validation, chosen, recordings):
        raise PackageError(
            f"{package} is not verified: its evaluate.py measured other figures than it has; "
            "verify without --run-script to see which."
        )
