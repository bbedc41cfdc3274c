"""The frame of the command line: help, suggestions, errors and exit statuses."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import nbsuite
from nbsuite.cli.frame.errors import mendable
from nbsuite.cli.frame.groups import walk_commands
from nbsuite.cli.main import TOPICS, RootGroup, main
from nbsuite.errors import DataError, UsageError
from tests.submissions.results_files import write_six

HEAVY = (
    *("torch", "snntorch", "neurobench", "scipy", "h5py", "numba", "matplotlib", "numpy"),
    *("jsonschema", "rich", "requests", "jinja2", "msgspec"),
)
COMMANDS = {name: command for topic in TOPICS.values() for name, command in topic.items()}

# A command that makes a file slowly, as a stand-in for all that take long.
SLOW_PROGRAM = """
import pathlib, signal, sys, time
import click
from nbsuite.cli.main import RootGroup
from nbsuite.files import atomic_write

# A shell that starts us in the background makes us ignore Ctrl-C; a person's does not.
signal.signal(signal.SIGINT, signal.default_int_handler)

root = RootGroup("nbsuite", topics={}, params=[click.Option(["--debug"], is_flag=True)])

@root.command()
@click.argument("path", type=click.Path(path_type=pathlib.Path))
def slow(path):
    with atomic_write(path) as temporary:
        temporary.write_text("half of it")
        print("ready", flush=True)
        while True:  # one long sleep that a signal just misses would be slept to its end
            time.sleep(0.05)

root(["slow", sys.argv[1]])
"""


def _run_failing(error: BaseException, *options: str) -> Result:
    """Run a command that raises ``error``."""
    root = RootGroup("nbsuite", topics={}, params=[click.Option(["--debug"], is_flag=True)])

    @root.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(root, [*options, "fail"])


def test_every_command_is_found_and_shows_help() -> None:
    names = {name for name, _command in walk_commands("nbsuite", main)}
    assert {f"nbsuite {name}" for name in COMMANDS} <= names
    for name, command in walk_commands("nbsuite", main):
        result = CliRunner().invoke(main, [*name.split()[1:], "--help"])
        assert result.exit_code == 0, result.output
        assert command.help, f"{name} says nothing about itself"
        assert "Examples:" in result.output or isinstance(command, click.Group), name


def test_the_list_of_commands_has_each_under_its_topic_with_a_whole_sentence() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert [f"{topic}:" in result.output for topic in TOPICS] == [True] * len(TOPICS)
    context = click.Context(main)
    text = " ".join(result.output.split())
    for name, command in COMMANDS.items():
        found = main.get_command(context, name)
        assert found is not None
        assert command.summary == found.get_short_help_str(200)
        assert f"{name} {command.summary}" in text


def test_help_imports_no_command() -> None:
    program = (
        "import sys\n"
        "from nbsuite.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"heavy = {HEAVY!r} + ('email', 'nbsuite.data', 'nbsuite.submissions')\n"
        "assert not [name for name in heavy if name in sys.modules]\n"
        "own = [name for name in sys.modules if name.startswith('nbsuite.')]\n"
        "assert len(own) < 20, own\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


def test_help_does_not_import_heavy_packages() -> None:
    pages = [name.split()[1:] for name, _command in walk_commands("nbsuite", main)]
    program = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from nbsuite.cli.main import main\n"
        f"for words in {pages!r}:\n"
        "    result = CliRunner().invoke(main, [*words, '--help'])\n"
        "    assert result.exit_code == 0, result.output\n"
        f"    heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "    assert not heavy, (words, heavy)\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


def test_runs_as_a_module_and_as_a_script() -> None:
    script = Path(sys.executable).parent / "nbsuite"
    for program in ([sys.executable, "-m", "nbsuite"], [str(script)]):
        finished = subprocess.run([*program, "--version"], capture_output=True, text=True)
        assert finished.stdout == f"nbsuite, version {nbsuite.__version__}\n"


def test_a_mistyped_command_is_answered_with_the_closest() -> None:
    result = CliRunner().invoke(main, ["benchmrk"])
    assert result.exit_code == 2
    assert "There is no command 'benchmrk': did you mean benchmark?" in result.output


def test_a_mistyped_subcommand_is_answered_with_the_closest() -> None:
    result = CliRunner().invoke(main, ["data", "fecth"])
    assert result.exit_code == 2
    assert "did you mean fetch" in result.output


def test_an_unheard_of_command_is_answered_with_all() -> None:
    result = CliRunner().invoke(main, ["xyzzy"])
    assert result.exit_code == 2
    assert ", ".join(COMMANDS) in result.output


def test_an_error_of_ours_is_one_sentence_and_its_status() -> None:
    result = _run_failing(DataError("a.mat is empty: fetch it again."))
    assert (result.exit_code, result.output) == (1, "Error: a.mat is empty: fetch it again.\n")
    assert _run_failing(UsageError("There is no I9.")).exit_code == 2


def test_debug_adds_the_traceback() -> None:
    result = _run_failing(DataError("a.mat is empty."), "--debug")
    assert result.exit_code == 1
    assert "Traceback" in result.output
    assert result.output.endswith("Error: a.mat is empty.\n")


def test_a_bug_is_not_hidden() -> None:
    result = _run_failing(KeyError("absent"))
    assert isinstance(result.exception, KeyError)
    assert "nbsuite env" in result.output


def test_interruption_has_its_status() -> None:
    result = _run_failing(KeyboardInterrupt())
    assert (result.exit_code, result.output) == (130, "Interrupted.\n")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "no such file or folder"),
        (errno.ENOTDIR, "not a folder"),
        (errno.EISDIR, "is a folder"),
        (errno.ELOOP, "lead round in a circle"),
        (errno.EINVAL, "does not allow that"),
        (errno.ENXIO, "no place for a file"),
        (errno.EMFILE, "too many files are open"),
        (errno.EIO, "check the disk"),
        (errno.EBUSY, "in use"),
    ],
)
def test_an_error_of_the_system_names_path_and_remedy(number: int, remedy: str) -> None:
    result = _run_failing(OSError(number, os.strerror(number), "/results/a.json"))
    assert result.exit_code == 1
    assert result.output.startswith("Error: Cannot use /results/a.json: ")
    assert remedy in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_recognised_without_a_path(error: Exception) -> None:
    assert mendable(error) == "The disk is full: free some space or choose another folder."


def test_a_file_that_may_not_grow_is_recognised_in_what_others_say() -> None:
    error = RuntimeError("Error while serializing: I/O error: File too large (os error 27)")
    assert str(mendable(error)).startswith("A file would be larger than is allowed here:")


def test_of_two_paths_the_one_that_was_asked_for_is_named() -> None:
    error = IsADirectoryError(errno.EISDIR, "Is a directory", ".a.json.x7.part", None, "a.json")
    assert str(mendable(error)).startswith("Cannot use a.json: it is a folder")


def test_lack_of_memory_is_said() -> None:
    assert "not enough memory" in str(mendable(MemoryError()))


def test_the_lack_of_memory_that_torch_tells_of_is_said() -> None:
    error = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 byte")
    assert mendable(error) == mendable(MemoryError())
    assert mendable(RuntimeError("shape mismatch")) is None


def test_what_is_nested_too_deeply_is_said() -> None:
    assert "--debug" in str(mendable(RecursionError()))


def test_names_that_cannot_be_encoded_are_said() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        ("x" * 9000 + "\udcff").encode()
    sentence = str(mendable(caught.value))
    assert sentence.startswith("The name 'xxx")
    assert "x?' cannot be written as utf-8: rename the file" in sentence
    assert len(sentence) < 300


def test_an_error_of_the_system_without_a_path_is_said_too() -> None:
    assert str(mendable(OSError(errno.ENOENT, "x"))).startswith("A file or folder cannot be used:")


def test_strange_names_are_shown_without_harm() -> None:
    error = FileNotFoundError(errno.ENOENT, "x", "a\x1b[2J\nb\udcff")
    assert str(mendable(error)).startswith("Cannot use a?[2J b?: there is no such file")
    error = FileNotFoundError(errno.ENOENT, "x", b"a\xff")
    assert str(mendable(error)).startswith("Cannot use a?: ")


@pytest.mark.parametrize(
    "words", [["a\x1bb"], ["--a\x1bb"], ["table", "a\x1bb", "."], ["env", "\x1b"]]
)
def test_what_was_typed_is_quoted_without_harm(words: list[str]) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "\x1b" not in result.output


@pytest.mark.parametrize("encoding", ["ascii", "ascii:strict", "cp1252"])
def test_streams_of_any_encoding(tmp_path: Path, encoding: str) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xe9\xa1.json"
    results = os.fsencode(write_six(tmp_path / "results"))
    arguments: list[list[str | bytes]] = [["table", "1", results], ["table", "1", name]]
    for words, status in zip(arguments, (0, 1), strict=True):
        finished = subprocess.run(
            [sys.executable, "-m", "nbsuite", *words],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        )
        assert finished.returncode == status, finished.stderr
        assert b"Traceback" not in finished.stderr
        assert finished.stdout or finished.stderr.count(b"\n") == 1


def test_an_error_without_a_remedy_is_a_bug() -> None:
    assert mendable(OSError(errno.EBADF, "bad file descriptor", "x")) is None
    assert mendable(OSError(errno.EINVAL, "invalid argument")) is None
    assert mendable(OSError("Unable to open file")) is None


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [(signal.SIGINT, 130, "Interrupted.\n"), (signal.SIGTERM, 143, "")],
)
def test_signals_leave_nothing_half_written(
    tmp_path: Path, number: signal.Signals, status: int, message: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_PROGRAM, str(tmp_path / "result.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)
        _output, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (status, message)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_ends_the_command_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    finished = subprocess.run(
        [sys.executable, "-m", "nbsuite", "sessions", "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert finished.stderr == ""
    assert finished.returncode == 1
