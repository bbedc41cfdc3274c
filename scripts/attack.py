"""Attack nbsuite: mutated files of every kind it reads, and processes killed at any moment.

A case is a command on one mutated file, in a process of its own, judged by one rule: see
tests/adversarial/judge.py. The same seed gives the same cases, and `--only KIND --case NUMBER`
repeats one of them. The exit status is 1 if anything broke the rule. Needs Linux.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CASES_A_LINE = 5000
ROOT = Path(__file__).resolve().parents[1]

# As pytest names it. The repository's root stays off the path: there, ./nbsuite alone would be
# taken for the whole.
TESTS = types.ModuleType("tests")
TESTS.__path__ = [str(ROOT / "tests")]
sys.modules["tests"] = TESTS


def main() -> int:
    """Run what the command line asks for."""
    arguments = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with _work_folder() as work:
        from tests.adversarial.warm import warm_up

        warm_up()
        return _attack(arguments, work)


def _attack(arguments: argparse.Namespace, work: Path) -> int:
    from tests.adversarial.attacks import KINDS
    from tests.adversarial.corpus import Corpus
    from tests.adversarial.kills import KillLane, run_storms
    from tests.adversarial.lane import Lane, run_lanes
    from tests.adversarial.plan import plan_jobs
    from tests.adversarial.server import serving
    from tests.adversarial.storms import all_storms
    from tests.adversarial.tally import Tally
    from tests.adversarial.warm import settle, warm_up_training

    corpus, tally = Corpus(work / "corpus"), Tally()
    places = [work / f"lane{number}" for number in range(arguments.lanes)]
    jobs = plan_jobs(KINDS, arguments.cases, only=arguments.only, number=arguments.case)
    storms = [each for each in all_storms() if arguments.only in (None, each.name)]
    settle()
    try:
        with serving() as corpus.server:
            lanes = [Lane(place, corpus, arguments.seed, arguments.keep) for place in places]
            for result in run_lanes(lanes, jobs):
                tally.add(result)
                if tally.cases % _CASES_A_LINE == 0:
                    print(f"{tally.cases} of {len(jobs)} cases", file=sys.stderr)
            if arguments.kills and storms:
                warm_up_training()
                killers = [KillLane(place, corpus, arguments.seed) for place in places]
                for storm in run_storms(killers, storms, arguments.kills):
                    tally.add_storm(storm)
    finally:  # what an interrupted attack has found counts too
        print("\n".join(tally.lines()))
    return 0 if tally.is_clean else 1


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A folder in memory, where there is one: every case makes and removes dozens of files."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(prefix="attack-", dir=memory if memory.is_dir() else None))
    owner = os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="How many files to mutate.")
    parser.add_argument("--kills", type=int, default=0, help="How many processes to kill.")
    parser.add_argument("--seed", type=int, default=1, help="Random seed.")
    parser.add_argument("--only", metavar="NAME", help="One kind of file, or one job to kill.")
    parser.add_argument("--case", type=int, metavar="NUMBER", help="Repeat one case of that kind.")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="Keep the files of failures.")
    parser.add_argument("--lanes", type=int, default=2, help="How many at a time.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
