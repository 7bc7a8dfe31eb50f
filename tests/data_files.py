"""Small data sets as files, written here byte by byte."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWN = np.random.default_rng(7)


def drawn(*shape: int, dtype: Any = np.uint8) -> NDArray[Any]:
    """Pixels from 0 to the largest of the type, or from 0 to 1."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return DRAWN.random(shape).astype(dtype)
    return DRAWN.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def labelled(count: int, classes: int) -> NDArray[np.int64]:
    """Labels in which every class has its share."""
    return np.arange(count) % classes


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(
    folder: Path,
    training: NDArray[np.uint8],
    held_back: NDArray[np.uint8],
    *,
    classes: int = 2,
    mark: str = "-",
    end: str = "",
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, images in (("train", training), ("t10k", held_back)):
        labels = labelled(len(images), classes).astype(np.uint8)
        for what, array in (("images", images), ("labels", labels)):
            content = idx_bytes(array)
            path = folder / f"{part}-{what}{mark}idx{array.ndim}-ubyte{end}"
            path.write_bytes(gzip.compress(content) if end else content)


def write_cifar10(folder: Path, each: int = 4) -> NDArray[np.uint8]:
    """Six files of so many images; what was written, 6 x each x 3073."""
    folder.mkdir(parents=True, exist_ok=True)
    records = drawn(6, each, 3073)
    records[:, :, 0] = labelled(each, 10)
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    for name, part in zip(names, records, strict=True):
        (folder / name).write_bytes(part.tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(f"class {n}" for n in range(10)) + "\n\n")
    return records


def write_picture(path: Path, size: tuple[int, int] = (6, 5), mode: str = "L", value: Any = None) -> None:
    """A picture of a height and width, of one value or drawn."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    if value is not None:
        Image.new(mode, size[::-1], value).save(path)
    else:
        channels = {"L": (), "RGB": (3,)}[mode]
        Image.fromarray(drawn(*size, *channels)).save(path)


def write_folder(folder: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 5, **picture: Any) -> None:
    for name in classes:
        for number in range(each):
            write_picture(folder / name / f"{number}.png", **picture)
