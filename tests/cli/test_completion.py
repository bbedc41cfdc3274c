"""Shell completion: the scripts, and what they complete."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main


def _complete(words: str) -> set[str]:
    """What is offered for the last of ``words``, as fish asks for it."""
    finished = subprocess.run(
        [sys.executable, "-m", "nbsuite"],
        env={
            **os.environ,
            "_NBSUITE_COMPLETE": "fish_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": words.rpartition(" ")[2],
        },
        capture_output=True,
        text=True,
    )
    assert finished.stderr == ""
    lines = finished.stdout.split("\n")
    return {line.partition(",")[2].partition("\t")[0] for line in lines if line.startswith("plain")}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_prints_the_script(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0, result.output
    assert "_NBSUITE_COMPLETE" in result.stdout


def test_takes_the_shell_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    result = CliRunner().invoke(main, ["completion"])
    assert "fish_complete" in result.stdout


def test_says_which_shells_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    result = CliRunner().invoke(main, ["completion"])
    assert result.exit_code == 2
    assert "(tcsh) has no completion script: name one of bash, zsh, fish." in result.output


def test_completes_commands() -> None:
    assert _complete("nbsuite be") == {"benchmark"}


def test_completes_sessions() -> None:
    assert _complete("nbsuite data verify L") >= {"L1", "L2", "L3", "loco_20170210_03"}
    assert _complete("nbsuite data fetch a") == {"all"}
    assert _complete("nbsuite benchmark a.safetensors --session I") >= {"I1", "I2", "I3"}


def test_completes_choices() -> None:
    assert _complete("nbsuite benchmark --data ") == {"auto", "real", "twin"}


def test_completes_what_is_trained() -> None:
    assert _complete("nbsuite train tiny") == {"tinyRSNN"}
    assert _complete("nbsuite train tinyRSNN --set model.re") == {
        "model.recurrent=",
        "model.readouts=",
    }
    assert _complete("nbsuite train tinyRSNN --set training.l") == {"training.lr="}
    assert _complete("nbsuite train tinyRSNN --stages finetune,p") == {
        "finetune,pretrain",
        "finetune,prune",
    }
