"""Ctrl-C, wherever it comes: in processes of their own, for it ends them."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAD = """
import os, signal, sys, threading, weakref
from nbsuite.cli.frame.errors import reported_errors
from nbsuite.cli.frame.interruption import ended_by_interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may have it ignored
interrupt = lambda *_: (os.kill(os.getpid(), signal.SIGINT), threading.Event().wait(0))
class Thing:
    pass
"""
FOREVER = "threading.Event().wait()"

ENDS = {
    "at once": f"""
        with reported_errors(debug=False), ended_by_interrupt():
            interrupt()
            {FOREVER}
    """,
    "given twice": """
        with reported_errors(debug=False), ended_by_interrupt():
            try:
                interrupt()
            finally:
                interrupt()
                print("tidied up")
    """,
    "given again at the very end": """
        import atexit
        atexit.register(interrupt)
        with reported_errors(debug=False), ended_by_interrupt():
            interrupt()
    """,
    "where it is printed and forgotten": f"""
        with reported_errors(debug=False), ended_by_interrupt():
            thing = Thing()
            reference = weakref.ref(thing, interrupt)
            del thing
            {FOREVER}
    """,
    "where it is taken for something else": """
        with reported_errors(debug=False), ended_by_interrupt():
            try:
                interrupt()
            except BaseException:
                raise ValueError("cannot be imported")
    """,
    "where it is caught": """
        with reported_errors(debug=False), ended_by_interrupt():
            try:
                interrupt()
            except BaseException:
                pass
    """,
    "and tidying up does not end": f"""
        with reported_errors(debug=False), ended_by_interrupt(seconds=0.1):
            try:
                interrupt()
            finally:
                {FOREVER}
    """,
    "and the process does not end": """
        with reported_errors(debug=False), ended_by_interrupt(seconds=0.1):
            threading.Thread(target=threading.Event().wait).start()
            interrupt()
    """,
}


def _run(body: str) -> subprocess.CompletedProcess[str]:
    lines = [line.removeprefix(" " * 8) for line in body.splitlines()]
    program = "\n".join([HEAD, *lines])
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("where", ENDS)
def test_it_ends_the_command_with_one_word(where: str) -> None:
    body = ENDS[where].replace("with reported_errors", "with exits(), reported_errors")
    exits = """
        import click, contextlib
        @contextlib.contextmanager
        def exits():
            try:
                yield
            except click.exceptions.Exit as end:
                sys.exit(end.exit_code)
    """
    ended = _run(exits + body)
    assert (ended.returncode, ended.stderr) == (130, "Interrupted.\n")
    assert ended.stdout == ("tidied up\n" if where == "given twice" else "")


def test_without_it_all_is_as_before() -> None:
    ended = _run("""
        with ended_by_interrupt():
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert sys.unraisablehook is sys.__unraisablehook__
        try:
            with ended_by_interrupt():
                raise ValueError
        except ValueError:
            print("raised")
    """)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "raised\n", "")


def test_who_ignores_it_goes_on_ignoring_it() -> None:
    ended = _run("""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with ended_by_interrupt():
            interrupt()
        print("went on")
    """)
    assert (ended.returncode, ended.stdout) == (0, "went on\n")


def test_other_exceptions_that_go_no_further_are_still_shown() -> None:
    ended = _run("""
        with ended_by_interrupt():
            thing = Thing()
            reference = weakref.ref(thing, lambda _: 1 / 0)
            del thing
    """)
    assert ended.returncode == 0
    assert "ZeroDivisionError" in ended.stderr
