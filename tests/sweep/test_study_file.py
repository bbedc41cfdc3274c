"""Study and cluster files: what they may say, and one sentence for what they may not."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from nbsuite.errors import UsageError
from nbsuite.sweep.clusters import ClusterFile, read_cluster_file
from nbsuite.sweep.study_file import read_study

HEAD = 'models = ["tinyRSNN"]\nsessions = ["I1"]\n'


def _write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_least_that_a_study_says(tmp_path: Path) -> None:
    study = read_study(_write(tmp_path, HEAD))
    assert (study.name, study.seeds, study.stages, study.threads) == ("study", (1,), None, 1)
    assert study.settings == ()
    assert [variant.name for variant in study.variants] == [""]


def test_everything_that_a_study_may_say(tmp_path: Path) -> None:
    study = read_study(
        _write(
            tmp_path,
            """
            name = "lr search"
            models = ["tinyRSNN", "bigRSNN", "tinyRSNN"]
            sessions = ["I1", "L3", "here/mine.mat"]
            pretrain_on = ["I2"]
            seeds = "2-4"
            data = "twin"
            stages = ["half", "finetune"]
            threads = 2
            kernel = "numba"
            device = "cpu"
            [recipe]
            finetune.epochs = 3
            "loss.name" = "mse"
            [grid]
            training.lr = [0.001, 0.002]
            "dropout.input" = [0.0, 0.3]
            """,
        )
    )
    assert study.models == ("tinyRSNN", "bigRSNN")
    assert study.sessions == ("I1", "L3", str(tmp_path / "here/mine.mat"))
    assert (study.seeds, study.stages) == ((2, 3, 4), ("finetune", "half"))
    assert study.settings == ("finetune.epochs=3", "loss.name=mse")
    assert study.variants[1].settings == ("training.lr=0.001", "dropout.input=0.3")
    assert len(study.variants) == 4


def test_random_search(tmp_path: Path) -> None:
    text = """
        [random]
        count = 7
        seed = 3
        training.lr = {low = 1e-4, high = 1e-2, log = true}
        training.batch = {low = 10, high = 20}
        "loss.name" = ["rmse", "huber"]
    """
    study = read_study(_write(tmp_path, HEAD + text))
    assert len(study.variants) == 7
    keys = [setting.partition("=")[0] for setting in study.variants[0].settings]
    assert keys == ["training.lr", "training.batch", "loss.name"]


FAULTS = {
    "is not valid TOML": "models = [",
    "does not give models": 'sessions = ["I1"]',
    "models = 3; it must be a list of texts": "models = 3",
    r"models = \[\]; it must be a list": "models = []",
    "unknown key 'session'; did you mean sessions": f'{HEAD}session = "I1"',
    "did you mean tinyRSNN": 'models = ["tinyRNN"]\nsessions = ["I1"]',
    "I9": 'models = ["tinyRSNN"]\nsessions = ["I9"]',
    "seeds = '5-1'": f'{HEAD}seeds = "5-1"',
    r"seeds = \[-1\]": f"{HEAD}seeds = [-1]",
    r"seeds = \[True\]": f"{HEAD}seeds = [true]",
    "data = 'twins'; it must be one of auto, real, twin": f'{HEAD}data = "twins"',
    "some of pretrain, finetune, prune, half": f'{HEAD}stages = ["train"]',
    "with finetune, from which": f'{HEAD}stages = ["half"]',
    "threads = 0; it must be a whole number, at least 1": f"{HEAD}threads = 0",
    "threads = '2'": f'{HEAD}threads = "2"',
    "'../x' is no name: .* give the study another one": f'{HEAD}name = "../x"',
    r"'\\xe9tude' is no name: .* give the study another one": f'{HEAD}name = "étude"',
    "is no name: it has more than 100": f'{HEAD}name = "{"n" * 300}"',
    "a text of 1 to 1000 printable": f'{HEAD}name = "a\\u001bb"',
    "more than 100,000 tasks, .* divide it": f'{HEAD}seeds = "1-3000000"',
    "more than 100,000 tasks,": f"{HEAD}[random]\ncount = 9223372036854775807\ntraining.lr = [1]",
    "has more than 100,000|asks for more than 100,000": (
        f"{HEAD}[grid]\n"
        + "".join(
            f"training.{key} = [{', '.join(map(str, range(1, 100)))}]\n"
            for key in ("lr", "batch", "eps", "schedule_epochs")
        )
    ),
    r"seeds = \[1000000000000000000000000000000\]": f"{HEAD}seeds = [{10**30}]",
    "count = 100000000": f"{HEAD}[random]\ncount = {10**30}\ntraining.lr = [1]",
    "at most 1,024": f"{HEAD}threads = {10**18}",
    r"sessions = \['/\\x00'\]; it must be a list of texts": (
        'models = ["tinyRSNN"]\nsessions = ["/\\u0000"]'
    ),
    "~nobody-of-that-name/x.mat begins with a home folder that is unknown": (
        'models = ["tinyRSNN"]\nsessions = ["~nobody-of-that-name/x.mat"]'
    ),
    "lr = inf; it must be a number or": f"{HEAD}[recipe]\ntraining.lr = inf",
    "lr = nan; it must be a number or": f"{HEAD}[grid]\ntraining.lr = [1, nan]",
    "high = inf; it must be a number": f"{HEAD}[random]\ntraining.lr = {{low = 1, high = inf}}",
    "low = 10000000.*; it must be a number": (
        f"{HEAD}[random]\ntraining.lr = {{low = {10**30}, high = {10**40}}}"
    ),
    "batch = 10000000.*; it must be a number": f"{HEAD}[recipe]\ntraining.batch = {10**30}",
    r"lr = datetime\.date\(2024, 1, 1\); it must be": f"{HEAD}[recipe]\ntraining.lr = 2024-01-01",
    r"lr = \[1\]; it must be a number": f"{HEAD}[grid]\ntraining.lr = [[1]]",
    "lr = False; it must be a number": f"{HEAD}[grid]\ntraining.lr = [false]",
    "gives 'training.lr' twice": f'{HEAD}[grid]\ntraining.lr = [1]\n"training.lr" = [2]',
    "gives ' training.lr' twice, or with spaces": f'{HEAD}[grid]\n" training.lr" = [1]',
    "written differently but named alike": f'{HEAD}[grid]\n"loss.name" = ["a b", "a,b"]',
    "is larger than 262,144": f"{HEAD}# {'x' * 300_000}",
    "with more than 500 dots": f"{HEAD}[{'a.' * 1000}a]",
    "recipe = 1; it must be a table": f"{HEAD}recipe = 1",
    "did you mean training.lr": f"{HEAD}[recipe]\ntraining.lrr = 1",
    "training.lr is 'fast'; it must be a number": f'{HEAD}[recipe]\ntraining.lr = "fast"',
    "training.lr = True": f"{HEAD}[recipe]\ntraining.lr = true",
    "training.batch is '1.5'": f"{HEAD}[recipe]\ntraining.batch = 1.5",
    "must be a list of values": f"{HEAD}[grid]\ntraining.lr = 0.1",
    "training.lr is -1.0": f"{HEAD}[grid]\ntraining.lr = [-1]",
    "searches training.lr, which": (
        f"{HEAD}[recipe]\ntraining.lr = 0.1\n[grid]\ntraining.lr = [0.2]"
    ),
    "both": f"{HEAD}[grid]\ntraining.lr = [1]\n[random]\ntraining.eps = [1]",
    "names no hyperparameter": f"{HEAD}[random]\ncount = 3",
    "count = 0": f"{HEAD}[random]\ncount = 0\ntraining.lr = [1]",
    "does not give high": f"{HEAD}[random]\ntraining.lr = {{low = 1}}",
    "low = 0; it must be at most high, and above 0": (
        f"{HEAD}[random]\ntraining.lr = {{low = 0, high = 1, log = true}}"
    ),
    "low = 1.5; it must be a whole": (f"{HEAD}[random]\ntraining.batch = {{low = 1.5, high = 3}}"),
    "unknown key 'min'": f"{HEAD}[random]\ntraining.lr = {{min = 1, high = 3}}",
}


@pytest.mark.parametrize("message", FAULTS)
def test_faults_are_named(tmp_path: Path, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_study(_write(tmp_path, FAULTS[message]))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 500


def test_seeds_are_counted_and_not_written_out(tmp_path: Path) -> None:
    study = _write(tmp_path, f'{HEAD}seeds = "1-999999999"')
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match="100,000 tasks"):
            read_study(study)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_as_many_tasks_as_there_may_be(tmp_path: Path) -> None:
    """A study of 20,000 seeds of four stages and a benchmark, and one more."""
    assert len(read_study(_write(tmp_path, f'{HEAD}seeds = "1-20000"')).seeds) == 20_000
    with pytest.raises(UsageError, match="100,000 tasks"):
        read_study(_write(tmp_path, f'{HEAD}seeds = "1-20001"'))


def test_files_that_are_none(tmp_path: Path) -> None:
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)
    for path, message in (
        (tmp_path, "is no regular file"),
        (loop, "cannot be read"),
        (tmp_path / ("n" * 300), "cannot be read"),
    ):
        with pytest.raises(UsageError, match=message):
            read_study(path)


def test_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file .*nowhere.toml"):
        read_study(tmp_path / "nowhere.toml")


def test_cluster_files(tmp_path: Path) -> None:
    name = "dask_jobqueue.lsf.LSFCluster"
    fixed = _write(tmp_path, f'class = "{name}"\nworkers = 3\n[options]\ncores = 1')
    assert read_cluster_file(fixed) == ClusterFile(fixed, name, {"cores": 1}, 3)
    elastic = _write(tmp_path, f'class = "{name}"\n[adapt]\nminimum = 1\nmaximum = 9')
    assert read_cluster_file(elastic) == ClusterFile(elastic, name, {}, None, 1, 9)


CLUSTER_FAULTS = {
    "unknown key 'clas'; did you mean class": 'clas = "a.B"\nworkers = 1',
    "class = 'SLURMCluster'": 'class = "SLURMCluster"\nworkers = 1',
    "either workers or": 'class = "distributed.B"',
    "class = 'subprocess.Popen'; it must be a class of": 'class = "subprocess.Popen"\nworkers = 1',
    "class = 'os.system'; .* start others yourself": 'class = "os.system"\nworkers = 1',
    "class = 'distributed_.B'": 'class = "distributed_.B"\nworkers = 1',
    "at most 100,000": 'class = "distributed.B"\nworkers = 1000000000',
    "workers = 0": 'class = "distributed.B"\nworkers = 0',
    "maximum = 1; it must be a whole number, at least 2": (
        'class = "distributed.B"\n[adapt]\nminimum = 2\nmaximum = 1'
    ),
}


@pytest.mark.parametrize("message", CLUSTER_FAULTS)
def test_faults_of_cluster_files_are_named(tmp_path: Path, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_cluster_file(_write(tmp_path, CLUSTER_FAULTS[message]))
