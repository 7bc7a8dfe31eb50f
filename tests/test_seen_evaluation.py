"""How good a network is: against scikit-learn, and as `eval` tells it."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_training import SMALL, _one_thread, call  # noqa: F401

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
metrics = pytest.importorskip("cnndsl.training.metrics")
sklearn_metrics = pytest.importorskip("sklearn.metrics")

from cnndsl.training.evaluation import ClassFigures, Evaluation  # noqa: E402


def random_case(classes: int, seed: int) -> tuple[Any, Any]:
    """Logits that often hit, and labels; the last class never occurs, and the first is never predicted."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes - 1, (200,), generator=generator)
    logits = torch.randn(200, classes, generator=generator)
    logits[torch.arange(200), labels] += 2
    logits[:, 0] -= 20
    return logits, labels


def evaluated(logits: Any, labels: Any, batch: int = 64) -> Evaluation:
    names = [f"class {index}" for index in range(logits.shape[1])]
    batches = zip(logits.split(batch), labels.split(batch), strict=True)
    found: Evaluation = metrics.evaluate(lambda logits: logits.double().softmax(1), batches, names)
    return found


@pytest.mark.parametrize(("classes", "seed"), [(3, 0), (5, 1), (6, 2), (12, 3)])
def test_the_figures_are_those_of_scikit_learn(classes: int, seed: int) -> None:
    logits, labels = random_case(classes, seed)
    found = evaluated(logits, labels)
    every, predicted, probabilities = range(classes), logits.argmax(1), logits.double().softmax(1)
    assert found.confusion == tuple(
        map(tuple, sklearn_metrics.confusion_matrix(labels, predicted, labels=every).tolist())
    )
    assert found.accuracy == sklearn_metrics.accuracy_score(labels, predicted)
    assert found.loss == pytest.approx(sklearn_metrics.log_loss(labels, probabilities, labels=every), rel=1e-6)
    by_class = sklearn_metrics.precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    ours = zip(*((each.precision, each.recall, each.f1, each.support) for each in found.classes), strict=True)
    for one, other in zip(ours, by_class, strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    top5 = sklearn_metrics.top_k_accuracy_score(labels, logits, k=5, labels=every) if classes > 5 else None
    assert found.top5 == pytest.approx(top5, abs=1e-6)


def test_the_size_of_the_batches_changes_nothing() -> None:
    logits, labels = random_case(7, 4)
    one, *others = (evaluated(logits, labels, batch) for batch in (200, 64, 1))
    for other in others:
        assert other.as_data() | {"loss": None} == one.as_data() | {"loss": None}
        assert other.loss == pytest.approx(one.loss, rel=1e-6)


def test_a_first_batch_without_a_mistake_does_not_hide_the_top_5() -> None:
    logits, labels = random_case(7, 4)
    first = logits[0].argmax()
    found = evaluated(torch.cat([logits[:1], logits]), torch.cat([first[None], labels]), 1)
    assert found.top5 is not None
    assert found.top5 > found.accuracy


def test_a_network_that_gives_no_numbers_is_evaluated_all_the_same() -> None:
    found = evaluated(torch.full((4, 3), float("nan")), torch.tensor([0, 1, 2, 2]))
    assert found.images == 4
    assert np.isnan(found.loss)


def test_confusions_come_the_most_frequent_first() -> None:
    classes = tuple(ClassFigures(name=name, precision=0, recall=0, f1=0, support=0) for name in "abc")
    found = Evaluation(loss=0, top5=None, classes=classes, confusion=((9, 1, 0), (0, 9, 3), (1, 2, 9)))
    assert found.confusions == [("b", "c", 3), ("c", "b", 2), ("a", "b", 1), ("c", "a", 1)]
    assert (found.right, found.images) == (27, 34)


# eval


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few epochs, to look at and not to change."""
    out = tmp_path_factory.mktemp("seen") / "run"
    assert call(*SMALL, "--out", out).exit_code == 0
    return out


@pytest.fixture(scope="module")
def evaluation(small_run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call("eval", small_run, "--format", "json").stdout)
    return found


def test_json_holds_everything(small_run: Path, evaluation: dict[str, Any]) -> None:
    totals = ["run", "data", "images", "right", "accuracy", "loss", "top5"]
    assert list(evaluation) == [*totals, "classes", "confusion"]
    assert (evaluation["run"], evaluation["data"], evaluation["images"]) == (str(small_run), "digits", 360)
    assert evaluation["accuracy"] == evaluation["right"] / 360
    assert evaluation["accuracy"] <= evaluation["top5"] <= 1
    assert list(evaluation["classes"][0]) == ["name", "precision", "recall", "f1", "support"]
    assert [each["name"] for each in evaluation["classes"]] == list("0123456789")
    assert [sum(row) for row in evaluation["confusion"]] == [each["support"] for each in evaluation["classes"]]


def test_text_tells_the_same(small_run: Path, evaluation: dict[str, Any]) -> None:
    done = call("eval", small_run)
    assert (done.exit_code, done.stderr) == (0, "")
    totals, classes, matrix = done.stdout.split("\n\n")
    right, percent = evaluation["right"], 100 * evaluation["accuracy"]
    assert totals.splitlines() == [
        f"accuracy {percent:.2f} %  ({right} of 360 held-back images of digits)",
        f"top-5    {100 * evaluation['top5']:.2f} %",
        f"loss     {evaluation['loss']:.4f}",
    ]
    first = evaluation["classes"][0]
    figures = [f"{100 * first[name]:.1f}" for name in ("precision", "recall", "f1")]
    assert classes.splitlines()[2].replace("%", "").split() == ["0", *figures, str(first["support"])]
    rows = [[int(cell.replace("-", "0")) for cell in line.split()[1:]] for line in matrix.splitlines()[2:]]
    assert rows == evaluation["confusion"]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_confusion_matrix_can_be_had_as_a_file(small_run: Path, evaluation: dict[str, Any], tmp_path: Path) -> None:
    assert call("eval", small_run, "--confusion", tmp_path / "confusion.csv").stdout == call("eval", small_run).stdout
    head, *rows = csv.reader((tmp_path / "confusion.csv").read_text().splitlines())
    assert head[1:] == list("0123456789") == [row[0] for row in rows]
    assert [list(map(int, row[1:])) for row in rows] == evaluation["confusion"]
    done = call("eval", small_run, "--confusion", tmp_path / "no" / "confusion.csv")
    assert done.exit_code == 2
    assert f"cannot write {tmp_path / 'no' / 'confusion.csv'}: there is no folder" in done.stderr
    assert done.stdout.startswith("accuracy ")


def test_a_matrix_that_does_not_fit_becomes_the_most_frequent_confusions() -> None:
    from cnndsl.cli._evaluation import as_text

    labels = torch.arange(200) % 40
    logits = torch.nn.functional.one_hot(labels, 40).double()
    logits[4] = logits[44] = logits[9]  # class 4 is taken for 9 two times of five
    logits[7] = logits[9]
    text = as_text(evaluated(logits, labels), "letters")
    assert text.startswith("accuracy 98.50 %  (197 of 200 held-back images of letters)\ntop-5 ")
    assert text.endswith(
        "\n\nmost frequent confusions\n\nclass 4 taken for class 9: 2 times\nclass 7 taken for class 9: 1 time\n"
    )
    _, classes, *_ = text.split("\n\n")
    assert [line.split("  ")[0].strip() for line in classes.splitlines()[2:5]] == ["class 4", "class 9", "class 7"]
    assert len(classes.splitlines()) == 2 + 20
    assert "the 20 of 40 classes with the lowest F1: --format json has all" in text


def test_few_classes_have_no_top_5_and_without_mistakes_there_is_no_matrix() -> None:
    from cnndsl.cli._evaluation import as_text

    text = as_text(evaluated(torch.eye(5), torch.arange(5)), "letters")
    assert "top-5" not in text
    assert len(text.split("\n\n")) == 2


def test_without_torchmetrics_there_is_one_line_and_status_2(small_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cnndsl.training.metrics")
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchmetrics"]:
        monkeypatch.setitem(sys.modules, name, None)
    done = call("eval", small_run)
    message = "eval needs torchmetrics, which is not installed: pip install 'cnndsl[train]'\n"
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith(message)


# other data


def with_data(monkeypatch: pytest.MonkeyPatch, name: str, change: Any) -> None:
    """A data set made of the digits."""
    from cnndsl.training import data

    digits = data.find("digits")
    made = data.DataSet(name, lambda: change(digits.training()), lambda: change(digits.held_back()))
    monkeypatch.setitem(data.DATA_SETS, name, made)


def test_other_data_may_number_the_classes_in_another_way(
    small_run: Path, evaluation: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnndsl.training.data import Images

    order = np.random.default_rng(0).permutation(10)

    def renumbered(images: Images) -> Images:
        classes = tuple(images.classes[index] for index in order)
        return Images(images.pixels, np.argsort(order)[images.labels], classes)

    with_data(monkeypatch, "renumbered", renumbered)
    found = json.loads(call("eval", small_run, "--data", "renumbered", "--format", "json").stdout)
    assert found == {**evaluation, "data": "renumbered"}


def test_other_data_may_be_coloured(
    small_run: Path, evaluation: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnndsl.training.data import Images

    def coloured(images: Images) -> Images:
        return Images(images.pixels.repeat(3, 1), images.labels, images.classes)

    with_data(monkeypatch, "coloured", coloured)
    found = json.loads(call("eval", small_run, "--data", "coloured", "--format", "json").stdout)
    assert found["confusion"] == evaluation["confusion"]


def test_other_data_may_be_larger(small_run: Path, evaluation: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from cnndsl.training.data import Images

    def larger(images: Images) -> Images:
        return Images(images.pixels.repeat(2, 2).repeat(3, 3), images.labels, images.classes)

    with_data(monkeypatch, "larger", larger)
    found = json.loads(call("eval", small_run, "--data", "larger", "--format", "json").stdout)
    assert found["accuracy"] == pytest.approx(evaluation["accuracy"], abs=0.1)


def test_colour_becomes_grey_for_a_network_that_learned_grey_in_three_channels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from cnndsl.training.data import Images

    spec = "INPUT(3x8x8) -> FC(10)"
    assert call("train", "-e", spec, "--epochs", "3", "--out", tmp_path / "run").exit_code == 0

    def green(images: Images) -> Images:
        blank = np.zeros_like(images.pixels)
        return Images(np.concatenate([blank, images.pixels, blank], axis=1), images.labels, images.classes)

    def dark(images: Images) -> Images:
        return Images(np.rint(images.pixels * 0.587).astype(np.uint8), images.labels, images.classes)

    with_data(monkeypatch, "green", green)
    with_data(monkeypatch, "dark", dark)
    green_loss, dark_loss = (
        json.loads(call("eval", tmp_path / "run", "--data", name, "--format", "json").stdout)["loss"]
        for name in ("green", "dark")
    )
    assert green_loss == pytest.approx(dark_loss, abs=0.01)


@pytest.mark.parametrize(
    ("classes", "channels", "message"),
    [
        (
            (*"01234567", "eight", "nine"),
            1,
            "the run was trained on the classes of digits, which other does not have: "
            "only digits has 8, 9 and only other has eight, nine",
        ),
        (
            tuple("abcdefghij"),
            1,
            "only digits has 0, 1, 2, 3, 4 and 5 more and only other has a, b, c, d, e and 5 more",
        ),
        (tuple("0123456789X"), 1, "which other does not have: only other has X"),
        (
            tuple("0123456789"),
            13,
            "the images of digits, which the run was trained on, have 1 channels, and those of other have 13: "
            "only grey and colour are turned into one another",
        ),
    ],
)
def test_data_that_the_network_does_not_know_is_status_2(
    small_run: Path, monkeypatch: pytest.MonkeyPatch, classes: tuple[str, ...], channels: int, message: str
) -> None:
    from cnndsl.training.data import Images

    with_data(monkeypatch, "other", lambda images: Images(images.pixels.repeat(channels, 1), images.labels, classes))
    done = call("eval", small_run, "--data", "other")
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_data_that_does_not_exist_is_status_2(small_run: Path) -> None:
    done = call("eval", small_run, "--data", "digit")
    assert (done.exit_code, done.stderr) == (2, "cnndsl: there is no data set `digit`; did you mean `digits`?\n")
