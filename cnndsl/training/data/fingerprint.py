"""Whether images are the same as another time."""

from __future__ import annotations

from hashlib import sha256
from pathlib import PurePath

from cnndsl.training.data.images import Images, chunks
from cnndsl.training.data.pictures import Pictures

__all__ = ["fingerprint"]


def fingerprint(images: Images | Pictures) -> str:
    """A digest of images and their classes, in their order.

    Of images in memory every pixel counts; of pictures in files the name, the class and the bytes of each, wherever
    they lie.
    """
    digest = sha256("\n".join(images.classes).encode("utf-8", errors="replace"))
    digest.update(images.labels.tobytes())
    if isinstance(images, Images):
        digest.update(f"{images.pixels.dtype} {images.pixels.shape}".encode())
        for chunk in chunks(images.pixels):
            digest.update(chunk.tobytes())
    else:
        for number, (size, _) in zip(images.numbers.tolist(), images.stamps.tolist(), strict=True):
            name = PurePath(images.encoded.name(number)).name
            digest.update(f"{name} {size}\n".encode("utf-8", errors="replace"))
    return digest.hexdigest()[:32]
