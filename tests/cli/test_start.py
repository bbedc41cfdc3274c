"""Ctrl-C while the command line is still being imported."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import Any, NoReturn

import pytest

from nbsuite.__main__ import main
from nbsuite.cli.frame.errors import STATUS_INTERRUPTED


class _Interrupted:
    def __getattr__(self, name: str) -> NoReturn:
        raise KeyboardInterrupt


def test_interrupted_while_it_is_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "nbsuite.cli.main", _Interrupted())
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == STATUS_INTERRUPTED
    assert capsys.readouterr().err == "Interrupted.\n"


def test_runs_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["anything", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("nbsuite, version ")


def test_is_where_the_command_begins() -> None:
    scripts: Any = entry_points(group="console_scripts", name="nbsuite")
    assert [each.value for each in scripts] == ["nbsuite.__main__:main"]
