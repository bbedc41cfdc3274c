"""Attack nbsuite: mutated files of every kind it reads, and processes killed at any moment.

A case is a command on one mutated file, in a process of its own, judged by one rule: see
tests/adversarial/judge.py. The same seed gives the same cases, and `--only KIND --case NUMBER`
repeats one of them. The exit status is 1 if anything broke the rule.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import types
from pathlib import Path

ROOT = Path(__file__).parents[1]

# As pytest names it. The repository's root stays off the path: there, ./nbsuite alone would be
# taken for the whole.
TESTS = types.ModuleType("tests")
TESTS.__path__ = [str(ROOT / "tests")]
sys.modules["tests"] = TESTS


def main() -> int:
    """Run what the command line asks for."""
    arguments = _parse()
    from tests.adversarial.warm import settle, warm_up

    warm_up()
    fast = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    work = Path(tempfile.mkdtemp(prefix="nbsuite-attack-", dir=fast if fast.is_dir() else None))
    try:
        from tests.adversarial.attacks import KINDS
        from tests.adversarial.corpus import Corpus
        from tests.adversarial.lane import Lane, run_lanes
        from tests.adversarial.plan import plan_jobs
        from tests.adversarial.server import serving
        from tests.adversarial.tally import Tally

        corpus = Corpus(work / "corpus")
        settle()
        chosen = [kind for kind in KINDS if arguments.only in (None, kind.name)]
        jobs = plan_jobs(chosen, arguments.cases, arguments.case)
        tally = Tally()
        with serving() as corpus.server:
            lanes = [
                Lane(work / f"lane{number}", corpus, arguments.seed, arguments.keep)
                for number in range(arguments.lanes)
            ]
            for result in run_lanes(lanes, jobs):
                tally.add(result)
        print("\n".join(tally.lines()))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if tally.failures else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="How many files to mutate.")
    parser.add_argument("--kills", type=int, default=0, help="How many processes to kill.")
    parser.add_argument("--seed", type=int, default=1, help="Random seed.")
    parser.add_argument("--only", metavar="KIND", help="Attack files of one kind only.")
    parser.add_argument("--case", type=int, metavar="NUMBER", help="Repeat one case of that kind.")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="Keep the files of failures.")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1, help="Cases at a time.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
