"""What a run leaves of its epochs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_training import SMALL, _one_thread, call  # noqa: F401

pytestmark = pytest.mark.torch
logs = pytest.importorskip("cnndsl.training.logs")

from cnndsl.training.progress import EpochMetrics, Validation  # noqa: E402
from cnndsl.training.runs import Run  # noqa: E402

FIRST = EpochMetrics(1, 0.75, 0.5, 0.125, 2.0, 100.0, Validation(0.25, 0.875))
SECOND = EpochMetrics(2, float("nan"), 0.25, 0.0625, 2.0, 200.0)


def never(text: str) -> None:
    raise AssertionError(text)


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_constant=never) for line in (run / "metrics.jsonl").read_text().splitlines()]


def events(run: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard reads: by tag, the epochs and their values."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(run / "tensorboard"))
    found.Reload()
    return {tag: [(each.step, each.value) for each in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_a_line_holds_an_epoch_and_no_number_that_json_has_not(tmp_path: Path) -> None:
    with logs.opened(Run(tmp_path), 0, never) as (first, *_):
        first.epoch(FIRST)
        assert lines(tmp_path) == [
            {
                "epoch": 1,
                "loss": 0.75,
                "accuracy": 0.5,
                "lr": 0.125,
                "seconds": 2.0,
                "images_per_second": 100.0,
                "validation": {"loss": 0.25, "accuracy": 0.875},
            }
        ]
        first.epoch(SECOND)
    assert (lines(tmp_path)[1]["loss"], lines(tmp_path)[1]["validation"]) == (None, None)


def test_tensorboard_reads_every_figure_as_soon_as_it_is_known(tmp_path: Path) -> None:
    with logs.opened(Run(tmp_path), 0, never) as opened:
        for log in opened:
            log.epoch(FIRST)
        assert events(tmp_path) == {
            "train/loss": [(1, 0.75)],
            "train/accuracy": [(1, 0.5)],
            "validation/loss": [(1, 0.25)],
            "validation/accuracy": [(1, 0.875)],
            "lr": [(1, 0.125)],
            "images_per_second": [(1, 100.0)],
        }
        for log in opened:
            log.epoch(SECOND)
    found = events(tmp_path)
    assert found["lr"] == [(1, 0.125), (2, 0.0625)]
    assert found["validation/loss"] == [(1, 0.25)]


def figure(line: dict[str, Any], tag: str) -> float:
    """What a line of JSON has for a tag of TensorBoard."""
    part, _, name = tag.rpartition("/")
    found: float = (line["validation"] if part == "validation" else line)[name]
    return found


def test_a_training_leaves_the_same_in_both(tmp_path: Path) -> None:
    assert call(*SMALL, "--out", tmp_path / "run").exit_code == 0
    for tag, values in events(tmp_path / "run").items():
        expected = [(line["epoch"], pytest.approx(figure(line, tag), rel=1e-6)) for line in lines(tmp_path / "run")]
        assert values == expected
    assert all(line["images_per_second"] * line["seconds"] == pytest.approx(1437) for line in lines(tmp_path / "run"))


def test_without_tensorboard_a_training_says_so_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    done = call(*SMALL, "--out", tmp_path / "run")
    assert done.exit_code == 0
    assert done.stderr.startswith("cnndsl: no files for TensorBoard: ")
    assert done.stderr.endswith("pip install 'cnndsl[train]' brings it\n")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run" / "tensorboard").exists()
    assert len(lines(tmp_path / "run")) == 3


def test_nothing_of_tensorboard_is_imported_before_an_epoch_is_over(tmp_path: Path) -> None:
    """A step that waits for an import is a step that comes late."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from cnndsl.training import logs, train\n"
        "from cnndsl.training.runs import Run\n"
        "with logs.opened(Run(Path(sys.argv[1])), 0, print):\n"
        "    print({'tensorboard', 'torchmetrics'} & {name.partition('.')[0] for name in sys.modules})\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"
