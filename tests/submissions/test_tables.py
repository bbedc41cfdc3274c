"""Tables 1 and 2: every figure that the publication prints, and what they do with other results."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.formats import Table, records, to_csv
from nbsuite.submissions.tables.published_tables import accuracy_table, demand_table
from tests.submissions.results_files import NAMES, write_lists, write_six

# Transcribed from the README of the publication's repository, with five figures put right, which
# are marked: what it prints instead stands behind.
TABLE_1 = """
I1    0.677  0.697  0.752 ± 0.003  0.770 ± 0.002
I2    0.501  0.577  0.545 ± 0.004  0.585 ± 0.012
I3    0.599  0.652  0.746 ± 0.007  0.772 ± 0.006
L1    0.571  0.623  0.622 ± 0.003  0.698 ± 0.006
L2    0.515  0.568  0.608 ± 0.006  0.629 ± 0.008
L3    0.620  0.681  0.690 ± 0.006  0.734 ± 0.005
Mean  0.581  0.633  0.660 ± 0.076  0.698 ± 0.070
"""  # bigRSNN on I1: ± 0.003
TABLE_2 = """
tinyRSNN  I1  21000  0.47 ± 0.02  0.9838 ± 0.0004  10368  0  299 ± 14
-  I2  21000  0.45 ± 0.03  0.9853 ± 0.0003  10368  0  197 ± 12
-  I3  21000  0.50 ± 0.00  0.9842 ± 0.0002  10368  0  143 ± 2
-  L1  33288  0.44 ± 0.04  0.9831 ± 0.0001  16512  0  354 ± 28
-  L2  33288  0.42 ± 0.02  0.9832 ± 0.0002  16512  0  405 ± 20
-  L3  33288  0.45 ± 0.03  0.9820 ± 0.0003  16512  0  427 ± 28
-  mean  27144  0.45 ± 0.04  0.9836 ± 0.0011  13440  0  304 ± 106
bigRSNN  I1  4636752  0.0  0.9622 ± 0.0002  1157120  0  48097 ± 254
-  I2  4636752  0.0  0.9718 ± 0.0006  1157120  0  34837 ± 659
-  I3  4636752  0.0  0.9721 ± 0.0002  1157120  0  33289 ± 181
-  L1  5029968  0.0  0.9677 ± 0.0012  1255424  0  44664 ± 1258
-  L2  5029968  0.0  0.9674 ± 0.0010  1255424  0  45945 ± 1097
-  L3  5029968  0.0  0.9686 ± 0.0014  1255424  0  45189 ± 1437
-  mean  4833360  0.0  0.9683 ± 0.0034  1206272  0  42004 ± 5810
Baseline SNN2  mean  29248  0.0  0.9976  7300  0  414
Baseline SNN3  mean  33996  0.0  0.7880  43680  32256  5831
"""  # mean ACs: 213 ± 66 and 45266 ± 1376; SNN2: 0.9967; SNN3: 3226


def _printed(text: str) -> list[list[str]]:
    lines = [line.split("  ") for line in text.strip().splitlines()]
    return [[cell.strip().removeprefix("-") for cell in line if cell.strip()] for line in lines]


def _texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_table_1_of_the_publication(shared: Path) -> None:
    table = accuracy_table(read_results(shared / "published" / "zenkelab").real)
    headings = ["Session", "Baseline SNN2", "Baseline SNN3", "tinyRSNN", "bigRSNN"]
    assert [column.heading for column in table.columns] == headings
    assert _texts(table) == _printed(TABLE_1)
    [misprint] = [note for note in table.notes if "publication" in note]
    assert "0.770 ± 0.003" in misprint


def test_table_2_of_the_publication(shared: Path) -> None:
    table = demand_table(read_results(shared / "published" / "zenkelab").real)
    assert _texts(table) == _printed(TABLE_2)
    notes = " ".join(table.notes)
    for printed, due in (("213 ± 66", "304.15"), ("45266 ± 1376", "42003.53")):
        assert f"prints {printed}" in notes
        assert due in notes
    means = {(row["model"], row["session"]): row["acs"]["mean"] for row in records(table)}
    assert means["tinyRSNN", "mean"] == pytest.approx(304.15190859)
    assert means["bigRSNN", "mean"] == pytest.approx(42003.52721879)


def test_transcriptions_differ_from_the_document_where_it_is_wrong_only(shared: Path) -> None:
    [document] = (shared / "seed").glob("*.txt")
    text = document.read_text(encoding="utf-8")
    wrong = {
        "0.770 ± 0.002": "0.770 ± 0.003",
        "304 ± 106": "213 ± 66",
        "42004 ± 5810": "45266 ± 1376",
        "0.9976": "0.9967",
        "32256": "3226",
    }
    for line in (TABLE_1 + TABLE_2).strip().splitlines():
        words = " ".join(line.removeprefix("-").split())
        for right, printed in wrong.items():
            words = words.replace(right, printed)
        assert words in text or not words


def test_means_and_deviations_of_other_results(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    r2, acs = rng.random((6, 3)), 1000 * rng.random((6, 3))
    for name, accuracies, operations in zip(NAMES, r2, acs, strict=True):
        write_lists(tmp_path, recording=name, seeds=3, r2=accuracies, acs=operations)
    models = read_results(tmp_path).real
    first, last = (
        accuracy_table(models).rows[0][-1].value,
        accuracy_table(models).rows[-1][-1].value,
    )
    assert first == pytest.approx({"mean": r2[0].mean(), "deviation": r2[0].std()})
    assert last == pytest.approx({"mean": r2.mean(), "deviation": r2.mean(axis=1).std()})
    demand = demand_table(models).rows[6][-1].value
    assert demand == pytest.approx({"mean": acs.mean(), "deviation": acs.std()})


def test_a_mean_over_some_sessions_is_not_given(tmp_path: Path) -> None:
    for name in NAMES[:3]:
        write_lists(tmp_path, recording=name)
    table = accuracy_table(read_results(tmp_path).real)
    assert [row[-1].text for row in table.rows] == ["0.600 ± 0.000"] * 3 + ["-"] * 4
    assert "mine lacks L1, L2, L3, hence has no mean." in table.notes


def test_one_seed_has_no_deviation(tmp_path: Path) -> None:
    write_six(tmp_path, seeds=1)
    assert accuracy_table(read_results(tmp_path).real).rows[0][-1].text == "0.600"


def test_seeds_may_differ_in_number_between_sessions(tmp_path: Path) -> None:
    write_six(tmp_path, seeds=1)
    write_lists(tmp_path, seeds=4, r2=[0.0, 0.0, 0.0, 0.4])
    value = accuracy_table(read_results(tmp_path).real).rows[-1][-1].value
    assert isinstance(value, dict)
    assert value["mean"] == pytest.approx(fmean([0.1] + 5 * [0.6]))


def test_twins_stand_alone_and_are_called_so(tmp_path: Path) -> None:
    write_six(tmp_path, "tinyRSNN", "-twin-seed1")
    for table in (accuracy_table, demand_table):
        made = table(read_results(tmp_path).twins)
        assert made.title.startswith("TWINS")
        assert not any("Baseline" in cell.text for row in made.rows for cell in row)
        assert not any("Baseline" in column.heading for column in made.columns)
        assert not any("publication" in note for note in made.notes)


def test_csv_holds_exact_values(tmp_path: Path) -> None:
    write_six(tmp_path, seeds=2, r2=[0.1, 1 / 3])
    text = to_csv(accuracy_table(read_results(tmp_path).real))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert float(rows[0]["mine.mean"]) == fmean([0.1, 1 / 3])
    assert math.isclose(float(rows[0]["mine.deviation"]), (1 / 3 - 0.1) / 2)
    assert rows[-1]["session"] == "mean"
