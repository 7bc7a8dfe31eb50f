"""Pictures in a folder for each class: which are read, as what, at what size, and every kind of damage."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import drawn, write_folder, write_picture

from cnndsl.training.data import Images, Pictures, PictureStream, find
from cnndsl.training.errors import Unusable

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("sklearn")


def training(path: Path, **options: Any) -> Pictures:
    pictures = find(str(path), **options).training()
    assert isinstance(pictures, Pictures)
    return pictures


def held_back(path: Path, **options: Any) -> Pictures:
    pictures = find(str(path), **options).held_back()
    assert isinstance(pictures, Pictures)
    return pictures


def in_memory(pictures: Pictures, size: tuple[int, int] = (6, 5), **options: Any) -> Images:
    images = pictures.at(size, **options)
    assert isinstance(images, Images)
    return images


def names(pictures: Pictures) -> list[str]:
    """Class and file of each."""
    paths = [Path(pictures.encoded.name(int(number))) for number in pictures.numbers]
    return [f"{path.parent.name}/{path.name}" for path in paths]


def test_a_fifth_of_each_class_is_held_back_by_names_alone(tmp_path: Path) -> None:
    write_folder(tmp_path, each=10)
    parts = names(training(tmp_path)), names(held_back(tmp_path))
    assert sorted(parts[0] + parts[1]) == sorted(f"{name}/{n}.png" for name in ("cat", "dog") for n in range(10))
    assert [sum(name.startswith("cat") for name in part) for part in parts] == [8, 2]
    broken = tmp_path / parts[0][0]
    broken.write_bytes(b"")
    assert names(training(tmp_path, broken="skip")) == parts[0][1:]
    assert names(held_back(tmp_path, broken="skip")) == parts[1]


@pytest.mark.parametrize("name", ["val", "valid", "validation", "test", "Testing"])
def test_folders_of_the_parts_are_taken_as_they_are(name: str, tmp_path: Path) -> None:
    write_folder(tmp_path / "train")
    write_folder(tmp_path / name, each=2)
    assert names(training(tmp_path)) == [f"{name}/{n}.png" for name in ("cat", "dog") for n in range(5)]
    assert names(held_back(tmp_path)) == ["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"]


def test_a_third_part_is_told(tmp_path: Path) -> None:
    for part in ("train", "val", "test"):
        write_folder(tmp_path / part)
    assert training(tmp_path).left_out == ((str(tmp_path / "test"), "another folder is held back"),)


def test_train_without_another_part_is_told_what_to_name(tmp_path: Path) -> None:
    write_folder(tmp_path / "train")
    write_folder(tmp_path / "more")
    with pytest.raises(Unusable, match=rf"name {tmp_path / 'train'} to have a fifth held back$"):
        find(str(tmp_path))
    assert len(training(tmp_path / "train")) == 8


def test_train_may_be_a_class(tmp_path: Path) -> None:
    write_folder(tmp_path, ("bus", "train"))
    assert training(tmp_path).classes == ("bus", "train")


def test_a_folder_without_classes_is_told(tmp_path: Path) -> None:
    write_picture(tmp_path / "0.png")
    with pytest.raises(Unusable, match="put the pictures of each class into a folder of its own"):
        find(str(tmp_path))
    write_picture(tmp_path / "cat" / "0.png")
    with pytest.raises(Unusable, match="has a single class, cat"):
        training(tmp_path)


def test_pictures_are_what_pillow_decodes(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", mode="RGB", each=3)
    write_folder(tmp_path / "val", mode="RGB")
    pictures = training(tmp_path)
    images = in_memory(pictures)
    assert (pictures.shape, pictures.sizes, images.shape) == ((3, 6, 5), ((6, 5), (6, 5)), (3, 6, 5))
    for pixels, name in zip(images.pixels, names(pictures), strict=True):
        assert (pixels == np.asarray(Image.open(tmp_path / "train" / name)).transpose(2, 0, 1)).all()
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert pictures.facts("pets") == images.facts("pets")


def test_sizes_that_differ_are_told_with_what_to_write(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", size=(100, 80))
    write_folder(tmp_path / "val")
    write_picture(tmp_path / "train" / "cat" / "large.png", (375, 500))
    write_picture(tmp_path / "train" / "cat" / "long.png", (10, 300))
    pictures = training(tmp_path)
    assert (pictures.shape, pictures.sizes) == (None, ((10, 300), (375, 500)))
    with pytest.raises(Unusable) as told:
        pictures.facts("pets")
    assert (
        str(told.value) == "pictures from 10x300 to 375x500 (height x width): write INPUT(1x224x224), or another size"
    )


def quarters() -> np.ndarray:
    """Black and white in four columns of ten pixels each, ten high."""
    return np.repeat(np.array([[0, 255, 0, 255]], np.uint8), 10, axis=1).repeat(10, axis=0)


@pytest.mark.parametrize(("fit", "expected"), [("stretch", [0, 255, 0, 255]), ("cover", [255, 255, 0, 0])])
def test_a_picture_is_stretched_or_its_middle_taken(fit: Any, expected: list[int], tmp_path: Path) -> None:
    for name in ("a", "b"):
        for part in ("train", "val"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.fromarray(quarters()).save(tmp_path / part / name / "0.png")
    square = in_memory(training(tmp_path), (20, 20), fit=fit).pixels[0, 0]
    assert square[10, [2, 7, 12, 17]].tolist() == expected
    assert (square == square[0]).all()


def test_grey_and_colour_are_what_the_pictures_are(tmp_path: Path) -> None:
    grey = {"l.png": ("L", 100), "one.png": ("1", 1), "deep.png": ("I;16", 100 * 257), "la.png": ("LA", (100, 255))}
    for name in ("a", "b"):
        for file, (mode, value) in grey.items():
            write_picture(tmp_path / "train" / name / file, mode=mode, value=value)
        write_picture(tmp_path / "val" / name / "rgb.png", mode="RGB", value=(10, 20, 30))
        palette = Image.new("L", (5, 6), 100).convert("P")
        palette.save(tmp_path / "train" / name / "p.gif")
    pictures = training(tmp_path)
    assert (pictures.channels, held_back(tmp_path).channels) == (1, 3)
    images = in_memory(pictures)
    assert dict(zip(names(pictures), images.pixels[:, 0, 0, 0].tolist(), strict=True)) == {
        f"{name}/{file}": 255 if file == "one.png" else 100 for name in "ab" for file in (*grey, "p.gif")
    }
    assert in_memory(held_back(tmp_path), channels=1).shape == (1, 6, 5)
    coloured = Image.new("P", (5, 6))
    coloured.putpalette([0, 0, 0, 255, 0, 0])
    coloured.save(tmp_path / "train" / "a" / "coloured.png")
    assert training(tmp_path).channels == 3


def test_a_picture_is_upright_and_what_is_transparent_is_black(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for part in ("train", "val"):
        for name in ("a", "b"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.new("RGB", (8, 4), "red").save(tmp_path / part / name / "0.jpg", exif=exif)
            Image.new("RGBA", (4, 8), (255, 255, 255, 0)).save(tmp_path / part / name / "1.png")
    pictures = training(tmp_path)
    assert pictures.shape == (3, 8, 4)
    assert in_memory(pictures, (8, 4)).pixels[1].max() == 0


def test_a_large_photograph_is_decoded_small(tmp_path: Path) -> None:
    """JPEG may be decoded at a part of its size; what comes of it is nearly the same."""
    from cnndsl.training.pictures import decode

    rough = Image.fromarray(drawn(40, 30, 3)).resize((900, 1200), Image.Resampling.BICUBIC)
    rough.save(tmp_path / "photo.jpg", quality=95)
    small = decode(tmp_path / "photo.jpg", 3, (80, 60)).astype(int)
    whole = np.asarray(rough.resize((60, 80), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert abs(small - whole).max() <= 12
    assert abs(small - whole).mean() < 2


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


PROGRAM = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 6 5\n"

HEADER_DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "it is empty"),
    "a text": (lambda path: path.write_text("no picture"), "it is no picture that Pillow knows"),
    "cut in the header": (lambda path: path.write_bytes(path.read_bytes()[:20]), "it is"),
    "a program": (lambda path: path.write_bytes(PROGRAM), "EPS is a program"),
    "too many pixels": (lambda path: Image.new("1", (20_000, 20_000)).save(path), "it holds too many pixels"),
    "a link to nothing": (lambda path: (path.unlink(), path.symlink_to("nothing")), "No such file"),
    "a link to itself": (loop, "Too many levels of symbolic links"),
    "a pipe": (lambda path: (path.unlink(), os.mkfifo(path)), "it is no file"),
}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are those of POSIX")
@pytest.mark.parametrize("damage", HEADER_DAMAGES)
def test_what_is_no_picture_is_named_or_left_out(damage: str, tmp_path: Path) -> None:
    write_folder(tmp_path / "train")
    write_folder(tmp_path / "val")
    do, reason = HEADER_DAMAGES[damage]
    do(tmp_path / "train" / "cat" / "3.png")
    with pytest.raises(Unusable) as told:
        training(tmp_path)
    first, named, how = str(told.value).splitlines()
    assert first.startswith("1 of 10 ")
    assert named.startswith(f"  {tmp_path / 'train' / 'cat' / '3.png'}: {reason}")
    assert how == "write --broken skip to leave it out"
    pictures = training(tmp_path, broken="skip")
    assert len(pictures) == len(in_memory(pictures)) == 9
    assert [left_out.path for left_out in pictures.left_out] == [str(tmp_path / "train" / "cat" / "3.png")]


def test_truncated_pictures_are_counted_when_they_are_decoded(tmp_path: Path) -> None:
    write_folder(tmp_path, each=20, size=(40, 40))
    pictures = training(tmp_path, broken="skip")
    damaged = names(pictures)[::4]
    for name in damaged:
        cut(tmp_path / name)
    pictures = training(tmp_path, broken="skip")
    images = in_memory(pictures)
    assert len(images) == 32 - len(damaged) == 24
    assert [Path(left_out.path) for left_out in images.left_out] == [tmp_path / name for name in damaged]
    assert all("it is damaged" in left_out.reason for left_out in images.left_out)
    kept = [name for name in names(pictures) if name not in damaged]
    assert [bytes(pixels) for pixels in in_memory(pictures, (40, 40)).pixels] == [
        Image.open(tmp_path / name).tobytes() for name in kept
    ]
    with pytest.raises(Unusable, match=r"^8 of 32 pictures cannot be used:\n(.*\n){5}  and 3 more\nwrite"):
        training(tmp_path).at((6, 5))


def test_what_is_no_picture_by_its_name_is_told_and_stops_nothing(tmp_path: Path) -> None:
    write_folder(tmp_path)
    for name in ("cat/Thumbs.db", "dog/notes.txt", "cat/.DS_Store", "README.md"):
        (tmp_path / name).write_text("")
    write_picture(tmp_path / "stray.png")
    told = [(Path(path).relative_to(tmp_path).as_posix(), reason) for path, reason in training(tmp_path).left_out]
    assert told == [
        ("cat/Thumbs.db", "its name does not end as a picture's"),
        ("dog/notes.txt", "its name does not end as a picture's"),
        ("stray.png", "it is in no class"),
    ]


def test_an_empty_class_is_told_or_is_no_class(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "emu").mkdir()
    (tmp_path / ".cache").mkdir()
    with pytest.raises(Unusable, match="emu: there is no picture in it"):
        training(tmp_path)
    pictures = training(tmp_path, broken="skip")
    assert (pictures.classes, len(pictures.left_out)) == (("cat", "dog"), 1)


def test_a_class_that_only_one_part_has_is_told(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", ("ant", "cat", "dog"))
    write_folder(tmp_path / "val", ("cat", "emu"))
    with pytest.raises(Unusable, match=r"1 of 11 files in .*\n.*emu: the training part has no such class"):
        held_back(tmp_path)
    pictures = held_back(tmp_path, broken="skip")
    assert (pictures.classes, set(pictures.labels.tolist())) == (("ant", "cat", "dog"), {1})
    assert [Path(path).name for path, _ in pictures.left_out] == ["emu", "ant", "dog"]


@pytest.mark.skipif(os.name != "posix", reason="links are those of POSIX")
def test_folders_in_a_class_belong_to_it_and_no_link_is_followed_for_ever(tmp_path: Path) -> None:
    write_folder(tmp_path)
    write_picture(tmp_path / "cat" / "tabby" / "deep" / "0.png")
    (tmp_path / "cat" / "tabby" / "round").symlink_to(tmp_path / "cat")
    (tmp_path / "emu").symlink_to(tmp_path / "dog", target_is_directory=True)
    pictures = training(tmp_path)
    assert pictures.classes == ("cat", "dog", "emu")
    assert len(pictures) + len(held_back(tmp_path)) == 16
    assert pictures.left_out == (
        (str(tmp_path / "cat" / "tabby" / "round"), "it leads to a folder that was read already"),
    )


def test_a_name_from_elsewhere_does_no_harm(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "cat" / "a\x1b[2J.png").write_bytes(b"")
    with pytest.raises(Unusable) as told:
        training(tmp_path)
    assert "\x1b" not in str(told.value)
    write_folder(tmp_path, ("a\x1b[2J", "b"))
    with pytest.raises(Unusable, match=r"has a class whose name cannot be shown: 'a\\x1b\[2J'"):
        training(tmp_path, broken="skip")


def test_what_does_not_fit_in_memory_is_a_stream_of_the_same(tmp_path: Path) -> None:
    write_folder(tmp_path, mode="RGB", size=(9, 7))
    pictures = training(tmp_path)
    stream, images = pictures.at((6, 5), limit=8 * 3 * 6 * 5 - 1), in_memory(pictures, limit=8 * 3 * 6 * 5)
    assert isinstance(stream, PictureStream)
    assert (len(stream), stream.shape, stream.classes) == (len(images), images.shape, images.classes)
    assert all((stream.read(index) == images.pixels[index]).all() for index in range(len(stream)))
    assert stream.facts("pets").std == pytest.approx(images.facts("pets").std, rel=1e-12)  # a sample of all


def test_broken_pictures_in_the_sample_of_a_stream_are_told(tmp_path: Path) -> None:
    write_folder(tmp_path, size=(40, 40))
    for broken in ("fail", "skip"):
        stream = training(tmp_path, broken=broken).at((6, 5), limit=0)
        if broken == "fail":
            cut(tmp_path / names(stream.pictures)[2])
            with pytest.raises(Unusable, match="1 of the 8 pictures that were looked at first cannot be used"):
                stream.facts("pets")
        else:
            assert stream.facts("pets").shape == (1, 6, 5)
