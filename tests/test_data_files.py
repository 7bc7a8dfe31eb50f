"""Data sets in files of a known format: what is read from them, and every kind of damage."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import drawn, idx_bytes, labelled, write_cifar10, write_idx

from cnndsl.training.data import find
from cnndsl.training.errors import Unusable

TRAINING, HELD_BACK = drawn(20, 3, 5), drawn(8, 3, 5)


def refused(name: str, **options: Any) -> str:
    """Why a data set cannot be used, in one of its parts."""

    def read() -> None:
        data_set = find(name, **options)
        data_set.training()
        data_set.held_back()

    with pytest.raises(Unusable) as told:
        read()
    return str(told.value)


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_idx_files_are_read_in_every_spelling(mark: str, end: str, tmp_path: Path) -> None:
    write_idx(tmp_path, TRAINING, HELD_BACK, mark=mark, end=end)
    data_set = find(f"idx:{tmp_path}")
    training, held_back = data_set.training(), data_set.held_back()
    assert (training.pixels == TRAINING[:, None]).all()
    assert (held_back.pixels == HELD_BACK[:, None]).all()
    assert training.labels.tolist() == labelled(20, 2).tolist()
    assert (training.labels.dtype, training.classes, training.white) == (np.int64, ("0", "1"), 255)
    assert training.left_out == ()


def test_idx_classes_have_the_names_of_classes_txt(tmp_path: Path) -> None:
    write_idx(tmp_path, TRAINING, HELD_BACK, classes=3)
    (tmp_path / "classes.txt").write_text("shirt\nankle boot\nbag\n\n", encoding="utf-8-sig")
    assert find(f"idx:{tmp_path}").held_back().classes == ("shirt", "ankle boot", "bag")


def test_idx_labels_that_begin_with_1_are_their_own_names(tmp_path: Path) -> None:
    write_idx(tmp_path, TRAINING, HELD_BACK)
    for part, count in (("train", 20), ("t10k", 8)):
        labels = labelled(count, 2).astype(np.uint8) + 1
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    training = find(f"idx:{tmp_path}").training()
    assert (training.classes, set(training.labels.tolist())) == (("1", "2"), {0, 1})


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
PACKED = gzip.compress(idx_bytes(TRAINING))

IDX_DAMAGES: dict[str, tuple[str, bytes, str]] = {
    "empty": (IMAGES, b"", "it is empty"),
    "cut in the header": (IMAGES, idx_bytes(TRAINING)[:10], "it ends within its header"),
    "cut": (IMAGES, idx_bytes(TRAINING)[:-7], "its header announces 300 bytes, and 293 follow"),
    "too long": (IMAGES, idx_bytes(TRAINING) + b"!", "its header announces 300 bytes, and more follow"),
    "another magic number": (IMAGES, b"\x00\x00\x08\x01" + bytes(400), "it begins with 00000801, and IDX bytes with 3"),
    "of floating-point numbers": (IMAGES, b"\x00\x00\x0d\x03" + bytes(400), "it begins with 00000d03"),
    "a picture": (
        LABELS,
        b"\x89PNG\r\n\x1a\n",
        "it begins with 89504e47, and IDX bytes with 1 axes",
    ),
    "a size from hell": (IMAGES, struct.pack(">HBB3I", 0, 8, 3, *3 * [2**32 - 1]), "and 0 follow"),
    "gz cut": (IMAGES, PACKED[:-9], "it cannot be unpacked to its end"),
    "gz damaged in the middle": (IMAGES, PACKED[:60] + b"\xff\x00" + PACKED[62:], "damaged: it cannot be unpacked"),
    "gz with another sum": (IMAGES, PACKED[:-6] + b"\x00\x00" + PACKED[-4:], "damaged: it cannot be unpacked"),
    "fewer labels": (LABELS, idx_bytes(labelled(19, 2).astype(np.uint8)), "holds 20 images, and"),
    "no labels": (LABELS, idx_bytes(np.zeros(0, np.uint8)), "has no class"),
    "one class": (LABELS, idx_bytes(np.zeros(20, np.uint8)), "has a single class, 0"),
}


@pytest.mark.parametrize("damage", IDX_DAMAGES)
def test_a_damaged_idx_file_is_named_with_what_is_wrong(damage: str, tmp_path: Path) -> None:
    name, content, message = IDX_DAMAGES[damage]
    write_idx(tmp_path, TRAINING, HELD_BACK)
    (tmp_path / name).write_bytes(content)
    told = refused(f"idx:{tmp_path}", broken="skip")
    assert str(tmp_path / name) in told
    assert message in told


def test_a_missing_idx_file_is_named_before_anything_is_read(tmp_path: Path) -> None:
    write_idx(tmp_path, TRAINING, HELD_BACK)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(Unusable, match=r"there is no t10k-labels-idx1-ubyte in .*, nor one with \.gz behind it"):
        find(f"idx:{tmp_path}")


def test_idx_labels_out_of_range_are_counted_and_named_or_left_out(tmp_path: Path) -> None:
    write_idx(tmp_path, TRAINING, HELD_BACK)
    (tmp_path / "classes.txt").write_text("a\nb\n")
    labels = labelled(20, 2).astype(np.uint8)
    labels[[3, *range(10, 17)]] = 7
    (tmp_path / LABELS).write_bytes(idx_bytes(labels))
    told = refused(f"idx:{tmp_path}")
    assert told.splitlines()[0] == f"8 of 20 images in {tmp_path / IMAGES} cannot be used:"
    assert told.splitlines()[1] == f"  {tmp_path / LABELS}[3]: the label 7 is none of the 2 classes"
    assert told.splitlines()[-2:] == ["  and 3 more", "write --broken skip to leave them out"]
    training = find(f"idx:{tmp_path}", broken="skip").training()
    assert (len(training), len(training.left_out)) == (12, 8)
    assert (training.pixels[:, 0] == TRAINING[labels < 7]).all()


def test_a_class_that_training_lacks_is_none(tmp_path: Path) -> None:
    write_idx(tmp_path, TRAINING, HELD_BACK)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(8, dtype=np.uint8) % 3))
    held_back = find(f"idx:{tmp_path}", broken="skip").held_back()
    assert (held_back.classes, len(held_back)) == (("0", "1"), 6)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("a\n", "has a single class, a"),
        ("a\nb\na\n", "has 2 classes of the name a"),
        ("a\n\nb\n", "has a class whose name cannot be shown: ''"),
        ("a\nb\x1b[2J\n", "has a class whose name cannot be shown"),
        ("a\n\xff\n", "it is not UTF-8 text"),
    ],
)
def test_names_of_classes_that_cannot_be_are_told(names: str, message: str, tmp_path: Path) -> None:
    write_idx(tmp_path, TRAINING, HELD_BACK)
    (tmp_path / "classes.txt").write_bytes(names.encode("latin-1"))
    assert message in refused(f"idx:{tmp_path}")


def test_cifar10_is_read_file_by_file(tmp_path: Path) -> None:
    records = write_cifar10(tmp_path)
    data_set = find(f"cifar:{tmp_path}")
    training, held_back = data_set.training(), data_set.held_back()
    assert (training.pixels.reshape(20, -1) == records[:5, :, 1:].reshape(20, -1)).all()
    assert (held_back.pixels.reshape(4, -1) == records[5, :, 1:]).all()
    assert training.labels.tolist() == [0, 1, 2, 3] * 5
    assert (training.classes[9], training.shape) == ("class 9", (3, 32, 32))


def test_cifar100_has_its_fine_labels(tmp_path: Path) -> None:
    records = drawn(6, 3074)
    records[:, 1] = labelled(6, 3)
    for name in ("train.bin", "test.bin"):
        (tmp_path / name).write_bytes(records.tobytes())
    (tmp_path / "fine_label_names.txt").write_text("apple\nbear\ncloud\n")
    training = find(f"cifar:{tmp_path}").training()
    assert (training.labels.tolist(), training.classes) == ([0, 1, 2] * 2, ("apple", "bear", "cloud"))
    assert (training.pixels.reshape(6, -1) == records[:, 2:]).all()


CIFAR_DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "it is empty"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "it holds 12,291 bytes, no multiple of the 3,073"),
    "gone": (lambda path: path.unlink(), "No such file"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
}


@pytest.mark.parametrize("damage", CIFAR_DAMAGES)
def test_a_damaged_cifar_file_is_named_or_left_out(damage: str, tmp_path: Path) -> None:
    records = write_cifar10(tmp_path)
    do, message = CIFAR_DAMAGES[damage]
    do(tmp_path / "data_batch_3.bin")
    told = refused(f"cifar:{tmp_path}")
    assert told.startswith(f"1 of 5 files in {tmp_path} cannot be used:\n  {tmp_path / 'data_batch_3.bin'}: ")
    assert message in told
    training = find(f"cifar:{tmp_path}", broken="skip").training()
    assert (training.pixels.reshape(16, -1) == records[[0, 1, 3, 4], :, 1:].reshape(16, -1)).all()
    assert [left_out.path for left_out in training.left_out] == [str(tmp_path / "data_batch_3.bin")]


def test_where_cifar_is_instead_is_told(tmp_path: Path) -> None:
    write_cifar10(tmp_path / "cifar-10-batches-bin")
    assert refused(f"cifar:{tmp_path}").endswith(f"write cifar:{tmp_path / 'cifar-10-batches-bin'}")
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "data_batch_1").write_bytes(pickle.dumps({}))
    assert "take the binary version" in refused(f"cifar:{tmp_path / 'python'}")


def test_the_names_of_cifar_are_needed(tmp_path: Path) -> None:
    write_cifar10(tmp_path)
    (tmp_path / "batches.meta.txt").unlink()
    assert "cannot read the names of the classes" in refused(f"cifar:{tmp_path}")


def saved(path: Path, **arrays: Any) -> str:
    np.savez(path / "set.npz", **arrays)
    return str(path / "set.npz")


@pytest.mark.parametrize(
    "names",
    [
        "x_train y_train x_test y_test",
        "X_train y_train X_val y_val",
        "train_images train_labels test_images test_labels",
    ],
)
def test_npz_parts_are_found_by_their_names(names: str, tmp_path: Path) -> None:
    arrays = dict(zip(names.split(), [TRAINING, labelled(20, 2), HELD_BACK, labelled(8, 2)], strict=True))
    data_set = find(saved(tmp_path, **arrays))
    training, held_back = data_set.training(), data_set.held_back()
    assert (training.pixels == TRAINING[:, None]).all()
    assert (held_back.pixels == HELD_BACK[:, None]).all()
    assert (training.classes, training.left_out) == (("0", "1"), ())


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "f4", "f8", "f2"])
@pytest.mark.parametrize("channels", [1, 3, 13])
def test_npz_axes_are_told_by_their_sizes(dtype: str, channels: int, tmp_path: Path) -> None:
    first = drawn(10, channels, 32, 26, dtype=np.dtype(dtype).newbyteorder("="))
    arrays = {"y_train": labelled(10, 2), "y_test": labelled(10, 2)}
    last = first.transpose(0, 2, 3, 1).astype(dtype)
    data_set = find(saved(tmp_path, x_train=first.astype(dtype), x_test=last, **arrays))
    training, held_back = data_set.training(), data_set.held_back()
    wanted = first if first.dtype.kind == "u" else first.astype(np.float32)
    assert training.pixels.dtype == held_back.pixels.dtype == wanted.dtype
    assert training.pixels.flags.c_contiguous
    assert held_back.pixels.flags.c_contiguous
    assert (training.pixels == wanted).all()
    assert (held_back.pixels == wanted).all()
    assert training.white == {1: 255, 2: 65535, 4: 1}[wanted.dtype.itemsize]


def test_npz_axes_that_their_sizes_do_not_tell_are_asked_for(tmp_path: Path) -> None:
    pixels, labels = drawn(10, 8, 8, 9), labelled(10, 2)
    told = refused(saved(tmp_path, x=pixels, y=labels))
    assert "x is 10 x 8 x 8 x 9, which does not show where the channels are: save layout='NCHW'" in told
    for layout, shape in (("NCHW", (8, 8, 9)), ("NHWC", (9, 8, 8))):
        pytest.importorskip("sklearn")
        assert find(saved(tmp_path, x=pixels, y=labels, layout=layout)).training().shape == shape
    assert "layout is 'CHWN': write NCHW or NHWC" in refused(saved(tmp_path, x=pixels, y=labels, layout="CHWN"))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (labelled(20, 3), ("0", "1", "2")),
        (labelled(20, 3)[:, None], ("0", "1", "2")),
        (labelled(20, 3).astype(np.float32), ("0", "1", "2")),
        (labelled(20, 3).astype(np.uint8) + 1, ("1", "2", "3")),
        (np.eye(4)[labelled(20, 3)], ("0", "1", "2", "3")),
        (np.array(["ant", "bee", "cat"])[labelled(20, 3)], ("ant", "bee", "cat")),
        (np.array([b"ant", b"bee", "käfer".encode()])[labelled(20, 3)], ("ant", "bee", "käfer")),
    ],
    ids=["numbers", "a column", "floating point", "from 1", "one-hot", "strings", "bytes"],
)
def test_npz_labels_have_many_forms(labels: np.ndarray, classes: tuple[str, ...], tmp_path: Path) -> None:
    name = saved(tmp_path, x_train=TRAINING, y_train=labels, x_test=TRAINING, y_test=labels)
    training = find(name).training()
    assert training.classes == classes
    assert training.labels.tolist() == labelled(20, 3).tolist()


def test_npz_classes_are_in_the_order_of_the_array(tmp_path: Path) -> None:
    part = {"x_train": TRAINING, "x_test": TRAINING}
    words = np.array(["ant", "bee"])[labelled(20, 2)]
    by_word = find(saved(tmp_path, **part, y_train=words, y_test=words, classes=["bee", "ant", "cow"])).training()
    assert (by_word.classes, by_word.labels[:2].tolist()) == (("bee", "ant", "cow"), [1, 0])
    numbers = labelled(20, 2)
    by_number = find(saved(tmp_path, **part, y_train=numbers, y_test=numbers, classes=["bee", "ant"])).training()
    assert (by_number.classes, by_number.labels[:2].tolist()) == (("bee", "ant"), [0, 1])


@pytest.mark.parametrize(("largest", "white"), [(0.5, 1), (1, 1), (255, 255), (28_000, 28_000)])
def test_white_of_floating_point_numbers_is_1_or_the_largest_of_the_training(
    largest: float, white: float, tmp_path: Path
) -> None:
    pixels = np.zeros((4, 8, 8))
    pixels[2, 3, 3] = largest
    name = saved(tmp_path, x_train=pixels, y_train=labelled(4, 2), x_test=pixels / 3, y_test=labelled(4, 2))
    assert find(name).training().white == find(name).held_back().white == white


@pytest.mark.parametrize(
    ("dtype", "largest", "kept"), [("i8", 255, "uint8"), ("i4", 256, "uint16"), ("i2", 9, "uint8"), ("?", 1, "uint8")]
)
def test_whole_numbers_of_other_types_are_kept_where_they_fit(
    dtype: str, largest: int, kept: str, tmp_path: Path
) -> None:
    pixels = np.zeros((4, 8, 8), dtype)
    pixels[0, 0, 0] = largest
    name = saved(tmp_path, x_train=pixels, y_train=labelled(4, 2), x_test=pixels, y_test=labelled(4, 2))
    training = find(name).training()
    assert training.pixels.dtype == kept
    assert training.pixels.max() == (255 if dtype == "?" else largest)


def objects() -> bytes:
    file = io.BytesIO()
    np.savez(file, x_train=np.array([{}], object), y_train=np.array([0]))
    return file.getvalue()


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return file.getvalue()


def npz_bytes(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


HEADER = b"{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999, 8, 8)}"
HUGE = b"\x93NUMPY\x01\x00\x50\x00" + HEADER.ljust(79) + b"\n"
GOOD = npz_bytes(x_train=TRAINING, y_train=labelled(20, 2), x_test=HELD_BACK, y_test=labelled(8, 2))

NPZ_DAMAGES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "cut": (GOOD[: len(GOOD) // 2], "is damaged, or no .npz file"),
    "damaged in the middle": (GOOD[:100] + bytes(60) + GOOD[160:], "is damaged"),
    "a pickle": (pickle.dumps(print), "is damaged, or no .npz file"),
    "objects": (objects(), "x_train holds Python objects, which are never loaded"),
    "no arrays": (archive(), "holds nothing: name the arrays x_train"),
    "other names": (npz_bytes(pictures=TRAINING), "holds pictures: name the arrays x_train"),
    "no array in it": (archive(**{"x.npy": b"hello", "y.npy": b"hello"}), "is no array"),
    "a size from hell": (archive(**{"x.npy": HUGE, "y.npy": HUGE}), ""),
    "rows": (npz_bytes(x=drawn(9, 64), y=labelled(9, 2)), "x is 9 x 64, and images are N x H x W,"),
    "no images": (npz_bytes(x=drawn(0, 8, 8), y=np.zeros(0, int)), "x is 0 x 1 x 8 x 8"),
    "words as pixels": (npz_bytes(x=np.full((9, 8, 8), "a"), y=labelled(9, 2)), "is an array of <U1: save it in uint8"),
    "negative numbers": (npz_bytes(x=np.full((9, 8, 8), -1), y=labelled(9, 2)), "whole numbers from -1 to -1"),
    "complex labels": (npz_bytes(x=drawn(9, 8, 8), y=np.zeros(9, complex)), "an array of 9 in complex128"),
    "fewer labels": (npz_bytes(x=drawn(9, 8, 8), y=labelled(8, 2)), "holds 9 images, and "),
}


@pytest.mark.parametrize("damage", NPZ_DAMAGES)
def test_an_npz_file_that_cannot_be_used_is_named_with_what_is_wrong(damage: str, tmp_path: Path) -> None:
    content, message = NPZ_DAMAGES[damage]
    (tmp_path / "set.npz").write_bytes(content)
    told = refused(str(tmp_path / "set.npz"), broken="skip")
    assert str(tmp_path / "set.npz") in told
    assert message in told


def test_npz_images_that_cannot_be_used_are_named_or_left_out(tmp_path: Path) -> None:
    pixels = drawn(20, 8, 8, dtype=np.float32)
    pixels[3, 1, 1], pixels[4, 0, 0] = np.nan, np.inf
    one_hot = np.eye(3)[labelled(20, 3)]
    one_hot[7] = 0.3
    name = saved(tmp_path, x_train=pixels, y_train=one_hot, x_test=pixels[5:7], y_test=one_hot[5:7], more=[1])
    told = refused(name)
    assert told.startswith(f"3 of 20 images in {name}: x_train cannot be used:\n")
    assert f"{name}: x_train[3]: a pixel is no finite number" in told
    assert f"{name}: y_train[7]: the label -1 is none of the 3 classes" in told
    training = find(name, broken="skip").training()
    assert (len(training), training.white) == (17, 1)
    assert np.isfinite(training.pixels).all()
    assert [left_out.path.split(": ")[1] for left_out in training.left_out] == [
        "x_train[3]",
        "x_train[4]",
        "y_train[7]",
        "more",
    ]
