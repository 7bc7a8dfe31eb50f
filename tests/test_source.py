"""Texts, positions in them, and where they are read from."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from specs_in_tests import NETWORKS, SPECS

import cnndsl.source
from cnndsl.source import Source, Span, UnreadableSource, read, shipped, shipped_specs, zoo

pytestmark = pytest.mark.core

TEXT = "one\ntwo three\n\nfour"


def written(folder: Path, content: bytes, name: str = "net.cnn") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


# positions


@pytest.mark.parametrize(
    ("offset", "position"),
    [(0, (1, 1)), (2, (1, 3)), (3, (1, 4)), (4, (2, 1)), (8, (2, 5)), (14, (3, 1)), (15, (4, 1)), (19, (4, 5))],
)
def test_lines_and_columns_are_counted_from_one(offset: int, position: tuple[int, int]) -> None:
    assert Source("net.cnn", TEXT).position(offset) == position


@pytest.mark.parametrize("text", ["", "a", "a\n", "\n\n"])
def test_the_place_behind_the_last_character_has_a_position(text: str) -> None:
    source = Source("net.cnn", text)
    assert source.position(len(text)) == (text.count("\n") + 1, len(text) - text.rfind("\n"))


@given(st.text(alphabet="ab→×\n\r\t\v\f\x85\u2028"), st.data())
@settings(derandomize=True)
def test_only_a_newline_ends_a_line(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    before = text[:offset].split("\n")
    assert Source("net.cnn", text).position(offset) == (len(before), len(before[-1]) + 1)


@given(st.text(alphabet="a→\n"))
@settings(derandomize=True)
def test_the_lines_joined_are_the_text(text: str) -> None:
    source = Source("net.cnn", text)
    count = source.position(len(text)).line
    assert "\n".join(source.line(number) for number in range(1, count + 1)) == text


def test_a_column_is_a_character_however_many_bytes_it_takes() -> None:
    source = Source("net.cnn", "INPUT → CONV")
    assert source.position(source.text.index("CONV")) == (1, 9)


def test_a_line_is_given_without_its_end() -> None:
    source = Source("net.cnn", TEXT)
    assert [source.line(number) for number in (1, 2, 3, 4)] == ["one", "two three", "", "four"]


def test_a_span_knows_its_text_its_place_and_how_to_say_it() -> None:
    span = Span(Source("folder/net.cnn", TEXT), 8, 13)
    assert span.text == "three"
    assert span.position == (2, 5)
    assert str(span) == "folder/net.cnn:2:5"


def test_a_span_reaches_until_the_end_of_another() -> None:
    source = Source("net.cnn", TEXT)
    assert Span(source, 0, 3).until(Span(source, 8, 13)).text == "one\ntwo three"


# names


@pytest.mark.parametrize(
    ("name", "stem"),
    [("net.cnn", "net"), ("a/b.c/net.v2.cnn", "net.v2"), ("<text>", "text"), ("<stdin>", "stdin")],
)
def test_models_are_named_after_their_file(name: str, stem: str) -> None:
    assert Source(name, "").stem == stem


# reading


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a\nb\n", "a\nb\n"),
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\rb\r", "a\nb\n"),
        (b"a\r\n\rb\n\r\n", "a\n\nb\n\n"),
        (b"\xef\xbb\xbfa\n", "a\n"),
        (b"", ""),
        ("INPUT → CONV(8, 3×3)".encode(), "INPUT → CONV(8, 3×3)"),
    ],
    ids=["newlines", "CRLF", "CR", "mixed", "byte-order-mark", "empty", "arrow-and-times"],
)
def test_a_file_is_read_with_newlines_and_without_a_byte_order_mark(tmp_path: Path, content: bytes, text: str) -> None:
    assert read(written(tmp_path, content)).text == text


def test_a_byte_order_mark_inside_the_text_stays(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"a\xef\xbb\xbf")).text == "a\ufeff"


def test_a_source_is_named_by_the_path_it_was_read_from(tmp_path: Path) -> None:
    path = written(tmp_path, b"INPUT")
    assert read(path).name == read(str(path)).name == str(path)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"\xff\xfeI\x00N\x00", "0xff in line 1"),
        (b"INPUT\n# caf\xe9\n", "0xe9 in line 2"),
        (b"INPUT -> \xf0\x9f", "0xf0 in line 1"),
        (b"\xef\xbb\xbfa\n\nb\xc3", "0xc3 in line 3"),
    ],
    ids=["utf-16", "latin-1", "cut-off", "behind-a-byte-order-mark"],
)
def test_text_that_is_not_utf_8_is_refused_with_the_byte_and_its_line(
    tmp_path: Path, content: bytes, where: str
) -> None:
    with pytest.raises(UnreadableSource, match=where):
        read(written(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"cannot read .*absent\.cnn: No such file"):
        read(tmp_path / "absent.cnn")


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="cannot read"):
        read(tmp_path)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(UnreadableSource, match="cannot read"):
        read("a\0b.cnn")


# what is shipped


def test_every_spec_is_shipped() -> None:
    assert shipped_specs() == sorted({*zoo(), *(spec.stem for spec in SPECS)})


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_the_zoo_gives_the_shipped_text(spec: Path) -> None:
    source = read(f"zoo:{spec.stem}")
    assert source.text == spec.read_text(encoding="utf-8")
    assert source.name == spec.name


def test_an_unknown_name_in_the_zoo_is_answered_with_those_that_are_close() -> None:
    with pytest.raises(UnreadableSource) as caught:
        read("zoo:vgg17")
    assert str(caught.value) == (
        "zoo:vgg17 is not shipped; did you mean zoo:vgg19 or zoo:vgg16 or zoo:vgg13? `cnndsl zoo` lists what is"
    )
    with pytest.raises(UnreadableSource, match=r"is not shipped; `cnndsl zoo` lists what is$"):
        read("zoo:!")


def test_a_variant_is_the_file_of_its_family_with_what_is_set_of_it() -> None:
    found = read("zoo:vgg11-bn")
    assert (found.name, found.stem, found.file_name) == ("vgg.cnn", "vgg11-bn", "vgg11-bn.cnn")
    assert found.with_settings({"depth": 13, "classes": 7}) == {"depth": 13, "bn": "true", "classes": 7}
    assert not found.may_change


@pytest.mark.parametrize("name", ["", "../pyproject", "../specs/lenet5", "lenet5.cnn", "LENET5", "/etc/passwd", "a\0b"])
def test_the_zoo_has_names_not_paths(name: str) -> None:
    with pytest.raises(UnreadableSource, match="is not shipped"):
        read(f"zoo:{name}")


def test_in_a_checkout_folders_are_found_beside_the_package() -> None:
    assert shipped("specs") == ROOT / "specs"
    assert (shipped("grammars") / "cnn.lark").is_file()


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that takes the package's place."""
    package = folder / "cnndsl"
    package.mkdir()
    monkeypatch.setattr(cnndsl.source, "__file__", str(package / "source.py"))
    return package


def test_in_an_installed_package_folders_are_found_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = installed(tmp_path, monkeypatch)
    (tmp_path / "specs").mkdir()
    assert shipped("specs") == tmp_path / "specs"
    (package / "specs").mkdir()
    assert shipped("specs") == package / "specs"


def test_the_zoo_is_whatever_the_shipped_folder_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = installed(tmp_path, monkeypatch) / "specs"
    specs.mkdir()
    (specs / "b.cnn").write_text("INPUT")
    (specs / "a.cnn").write_text("INPUT -> FC")
    (specs / "notes.txt").write_text("")
    assert shipped_specs() == ["a", "b"]
    assert read("zoo:a").text == "INPUT -> FC"
