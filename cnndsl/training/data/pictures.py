"""Pictures in files of their own, decoded when they are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.data.images import Facts, Images, facts
from cnndsl.training.data.threads import in_threads
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import Broken, LeftOut, settle

if TYPE_CHECKING:
    from cnndsl.training.pictures import Fit, Header

__all__ = ["LIMIT", "SAMPLE", "Encoded", "PictureStream", "Pictures", "Stamp", "looked_at"]

LIMIT = 2**30
"""Bytes of pixels that may stay in memory, 1 GiB."""

SAMPLE = 2_000
"""Pictures whose pixels give mean and standard deviation where they do not all stay in memory."""

SAMPLE_SEED = 0
"""Of the choice of them; it has nothing to do with the seed of a run."""


class Stamp(NamedTuple):
    """Bytes of a file, and when it was written to, in nanoseconds; -1 where there is none."""

    size: int = -1
    written: int = -1

    @classmethod
    def of(cls, path: Path) -> Stamp:
        try:
            found = path.stat()
        except OSError:
            return cls()
        return cls(found.st_size, found.st_mtime_ns)


class Encoded(Protocol):
    """Where pictures are, by number. It can be sent to another process."""

    def name(self, number: int) -> str:
        """What a person finds it by."""

    def file(self, number: int) -> Path | BinaryIO:
        """Where its bytes can be read."""

    def stamp(self, number: int) -> Stamp:
        """What changes where someone writes to its file; nothing, where it has none of its own."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of which only the headers were read.

    Attributes:
        encoded: where they are.
        numbers: N, those of them that belong here.
        labels: N, int64, indices into `classes`.
        classes: the names of the classes.
        channels: 1 where all are grey, else 3.
        sizes: height and width of the smallest and of the largest, by area.
        shape: channels, height and width, where they all have one size.
        broken: what becomes of those that turn out to be broken.
        stamps: N x 2, int64, those of their files.
        left_out: what the data set holds besides and is not used.
    """

    encoded: Encoded
    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    channels: int
    sizes: tuple[tuple[int, int], tuple[int, int]]
    shape: tuple[int, int, int] | None
    broken: Broken
    stamps: NDArray[np.int64]
    left_out: tuple[LeftOut, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, indices: NDArray[np.int64]) -> Pictures:
        """Those with these indices."""
        return replace(self, numbers=self.numbers[indices], labels=self.labels[indices], stamps=self.stamps[indices])

    def facts(self, name: str) -> Facts:
        """What there is to know of them as the training part of the data set of this name, at their own size.

        Raises:
            Unusable: they have not all one size, or one cannot be read.
        """
        return self.at(self.one_size()).facts(name)

    def one_size(self) -> tuple[int, int]:
        """Height and width of each of them.

        Raises:
            Unusable: they have not all the same.
        """
        if self.shape is None:
            smallest, largest = (f"{height}x{width}" for height, width in self.sizes)
            what_to_write = f"write INPUT({self.channels}x224x224), or another size"
            raise Unusable(f"pictures from {smallest} to {largest} (height x width): {what_to_write}")
        return self.shape[1:]

    def at(
        self, size: tuple[int, int], fit: Fit = "stretch", *, channels: int | None = None, limit: int = LIMIT
    ) -> Images | PictureStream:
        """All of one size: in memory where they fit, else as a stream.

        Args:
            size: height and width.
            fit: how they come to it; see `cnndsl.training.pictures.Fit`.
            channels: 1 or 3, as the training part has them; their own if none is given.
            limit: bytes that their pixels may take in memory.

        Raises:
            Unusable: one cannot be read, and that is not to be passed over.
        """
        stream = PictureStream(self, (channels or self.channels, *size), fit)
        return stream.in_memory() if len(self) * stream.bytes_of_one <= limit else stream


@dataclass(frozen=True, eq=False)
class PictureStream:
    """Pictures that come to one size when they are read.

    Attributes:
        pictures: what they are.
        shape: channels, height and width of what they come to.
        fit: how.
    """

    pictures: Pictures
    shape: tuple[int, int, int]
    fit: Fit
    white: float = 255.0

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def labels(self) -> NDArray[np.int64]:
        """N, int64, indices into `classes`."""
        return self.pictures.labels

    @property
    def classes(self) -> tuple[str, ...]:
        return self.pictures.classes

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is known before they are decoded."""
        return self.pictures.left_out

    @property
    def broken(self) -> Broken:
        return self.pictures.broken

    @property
    def bytes_of_one(self) -> int:
        channels, height, width = self.shape
        return channels * height * width

    def read(self, index: int) -> NDArray[np.uint8] | LeftOut:
        """A picture as C x H x W, or why there is none; inside of `cnndsl.training.pictures.strict`."""
        from cnndsl.training.pictures import NoPicture, decode  # Pillow is imported where there are pictures

        encoded, number = self.pictures.encoded, int(self.pictures.numbers[index])
        before, now = Stamp(*self.pictures.stamps[index].tolist()), encoded.stamp(number)
        if now != before and now.size >= 0:
            return LeftOut(encoded.name(number), f"it has changed since it was looked at first{_grown(before, now)}")
        try:
            return decode(encoded.file(number), self.shape[0], self.shape[1:], self.fit)
        except NoPicture as error:
            return LeftOut(encoded.name(number), str(error))

    def facts(self, name: str) -> Facts:
        """What there is to know of them; mean and standard deviation are those of `SAMPLE` of them.

        Raises:
            Unusable: one of these cannot be read, and that is not to be passed over.
        """
        return facts(name, self.shape, self.classes, self.white, self.samples())

    def samples(self) -> Iterator[NDArray[np.uint8]]:
        """What statistics are made of: `SAMPLE` of them, one at a time, 1 x C x H x W.

        Raises:
            Unusable: one of these cannot be read, and that is not to be passed over.
        """
        count = min(SAMPLE, len(self))
        chosen = np.sort(np.random.default_rng(SAMPLE_SEED).permutation(len(self))[:count])
        found: list[LeftOut] = []
        yield from (pixels[None] for pixels in self._decoded(chosen.tolist(), found) if pixels is not None)
        settle(found, self.broken, f"the {count:,} pictures that were looked at first")

    def in_memory(self) -> Images:
        """All of them.

        Raises:
            Unusable: one cannot be read, and that is not to be passed over.
        """
        pixels = np.empty((len(self), *self.shape), np.uint8)
        kept = np.ones(len(self), bool)
        found: list[LeftOut] = []
        for index, picture in enumerate(self._decoded(range(len(self)), found)):
            if picture is None:
                kept[index] = False
            else:
                pixels[index] = picture
        left_out = self.left_out + settle(found, self.broken, f"{len(self):,} pictures")
        if found:
            pixels = pixels[kept]
        return Images(pixels, self.labels[kept], self.classes, self.white, left_out)

    def _decoded(self, indices: Sequence[int], found: list[LeftOut]) -> Iterator[NDArray[np.uint8] | None]:
        """Pictures in order, None for a broken one, which is told in `found`."""
        from cnndsl.training.pictures import strict

        with strict():
            for picture in in_threads(self.read, indices):
                if isinstance(picture, LeftOut):
                    found.append(picture)
                    yield None
                else:
                    yield picture


def looked_at(
    encoded: Encoded,
    numbers: NDArray[np.int64],
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    broken: Broken,
    where: str,
) -> Pictures:
    """Pictures of which the header can be read.

    Args:
        encoded: where pictures are.
        numbers: N, those that are meant.
        labels: N, their classes.
        classes: the names of the classes.
        broken: what becomes of what is no picture.
        where: they are, for a person.

    Raises:
        Unusable: there is none, or something is no picture that is not to be passed over.
    """
    from cnndsl.training.pictures import NoPicture, header, strict

    def look(number: int) -> tuple[Header, Stamp] | LeftOut:
        try:
            return header(encoded.file(number)), encoded.stamp(number)
        except NoPicture as error:
            return LeftOut(encoded.name(number), str(error))

    with strict():
        seen = list(in_threads(look, numbers.tolist()))
    headers = [each[0] for each in seen if not isinstance(each, LeftOut)]
    stamps = [each[1] for each in seen if not isinstance(each, LeftOut)]
    found = [each for each in seen if isinstance(each, LeftOut)]
    left_out = settle(found, broken, f"{len(seen):,} pictures in {where}")
    if not headers:
        raise Unusable(f"there is no picture in {where} that can be used")
    kept = np.array([not isinstance(each, LeftOut) for each in seen])
    sizes = sorted({each[:2] for each in headers}, key=lambda size: (size[0] * size[1], size))
    channels = 1 if all(each.is_grey for each in headers) else 3
    shape = (channels, *sizes[0]) if len(sizes) == 1 else None
    return Pictures(
        encoded=encoded,
        numbers=numbers[kept],
        labels=labels[kept],
        classes=classes,
        channels=channels,
        sizes=(sizes[0], sizes[-1]),
        shape=shape,
        broken=broken,
        stamps=np.array(stamps, np.int64),
        left_out=left_out,
    )


def _grown(before: Stamp, now: Stamp) -> str:
    return "" if before.size == now.size else f": {before.size:,} bytes then, {now.size:,} now"
