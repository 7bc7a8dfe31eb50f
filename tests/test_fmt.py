"""The command `fmt`: what it writes, what it says, and with which exit status."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT, Run

from cnndsl.cli import commands
from cnndsl.files import write_whole

UNFORMATTED, FORMATTED = "INPUT>>FC # all\n", "INPUT -> FC  # all\n"


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.cnn"
    path.write_text(UNFORMATTED)
    return path


def test_a_file_is_rewritten_and_named(run: Run, net: Path) -> None:
    done = run("fmt", str(net))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"formatted {net}\n", "")
    assert net.read_text() == FORMATTED
    assert list(net.parent.iterdir()) == [net]


def test_a_formatted_file_is_left_alone_and_not_named(run: Run, net: Path) -> None:
    net.write_text(FORMATTED)
    before = net.stat()
    for options in ([], ["--check"], ["--diff"]):
        done = run("fmt", *options, str(net))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (net.stat().st_ino, net.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_check_names_the_files_that_would_change(run: Run, net: Path) -> None:
    done = run("fmt", "--check", "specs/lenet5.cnn", str(net))
    assert (done.returncode, done.stdout, done.stderr) == (1, f"would format {net}\n", "")
    assert net.read_text() == UNFORMATTED


def test_diff_shows_what_would_change(run: Run, net: Path) -> None:
    net.write_text(UNFORMATTED.rstrip())
    done = run("fmt", "--diff", "net.cnn", cwd=net.parent)
    expected = """\
--- net.cnn
+++ net.cnn, formatted
@@ -1 +1 @@
-INPUT>>FC # all
\\ No newline at end of file
+INPUT -> FC  # all
"""
    assert (done.returncode, done.stdout, done.stderr) == (1, expected, "")
    assert net.read_text() == UNFORMATTED.rstrip()


def test_diff_wins_over_check(run: Run, net: Path) -> None:
    shown = run("fmt", "--diff", str(net)).stdout
    for options in (["--check", "--diff"], ["--diff", "--check"]):
        done = run("fmt", *options, str(net))
        assert (done.returncode, done.stdout) == (1, shown)
    assert net.read_text() == UNFORMATTED


def test_standard_input_goes_to_standard_output(run: Run) -> None:
    done = run("fmt", "-", stdin=UNFORMATTED)
    assert (done.returncode, done.stdout, done.stderr) == (0, FORMATTED, "")
    assert run("fmt", "-", stdin=FORMATTED).stdout == FORMATTED
    assert run("fmt", "--check", "-", stdin=UNFORMATTED).stdout == "would format <stdin>\n"
    assert run("fmt", "-", "-", stdin=UNFORMATTED).stdout == FORMATTED


def test_a_closed_standard_output_is_no_mistake() -> None:
    command = f"{sys.executable} -m cnndsl fmt - >&-"
    done = subprocess.run(command, shell=True, input=b"INPUT", cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_with_mistakes_is_left_as_it_is(run: Run, net: Path) -> None:
    wrong = net.with_name("wrong.cnn")
    wrong.write_text("INPUT -> -> FC")
    done = run("fmt", str(wrong), str(net))
    assert (done.returncode, done.stdout) == (1, f"formatted {net}\n")
    assert "error[syntax]: there is nothing between two arrows" in done.stderr
    assert wrong.read_text() == "INPUT -> -> FC"
    assert run("fmt", "-", stdin="INPUT -> -> FC").stdout == ""


def test_a_file_whose_mistakes_are_no_mistakes_of_syntax_is_formatted(run: Run, net: Path) -> None:
    net.write_text("INPUT>>CONF(3)")
    assert run("fmt", str(net)).returncode == 0
    assert net.read_text() == "INPUT -> CONF(3)\n"


def test_what_would_become_too_long_is_left_as_it_is(run: Run, net: Path) -> None:
    text = "x=" + "abc+" * 45_000 + "b"
    net.write_text(text)
    done = run("fmt", str(net))
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[text-too-long]: in the one style, this text of 180,003 characters would have 360,006" in done.stderr
    assert net.read_text() == text


@pytest.mark.parametrize("wrong", ["INPUT -> FC\n", "INPUT -> CONV  # some\n", "INPUT ->\n"])
def test_what_would_say_something_else_is_not_written(net: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setattr("cnndsl.syntax.format.formatted", lambda file: wrong)
    net.write_text("INPUT>>CONV # all")
    done = CliRunner().invoke(commands, ["fmt", str(net)])
    assert isinstance(done.exception, AssertionError)
    assert net.read_text() == "INPUT>>CONV # all"


@pytest.mark.parametrize("name", ["missing.cnn", "*.cnn", "zoo:lenet5", "bytes.cnn"])
def test_what_cannot_be_read_is_status_2(run: Run, net: Path, name: str) -> None:
    net.with_name("bytes.cnn").write_bytes(b"INPUT \xff")
    done = run("fmt", name, "net.cnn", cwd=net.parent)
    assert (done.returncode, done.stdout) == (2, "formatted net.cnn\n")
    assert f"cannot read {name}" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_written_is_status_2(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root may write everywhere, the refusal is played."""
    other = net.with_name("other.cnn")
    other.write_text(UNFORMATTED)

    def write(path: Path, content: bytes) -> None:
        if path == net:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        write_whole(path, content)

    monkeypatch.setattr("cnndsl.files.write_whole", write)
    done = CliRunner().invoke(commands, ["fmt", str(net), str(other)])
    assert (done.exit_code, done.stdout) == (2, f"formatted {other}\n")
    assert done.stderr == f"cnndsl: cannot write {net}: Permission denied\n"
    assert (net.read_text(), other.read_text()) == (UNFORMATTED, FORMATTED)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="needs a user who may not write everywhere")
def test_a_file_that_may_only_be_read_stays(run: Run, net: Path) -> None:
    net.chmod(0o444)
    done = run("fmt", str(net))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"cannot write {net}" in done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is formatted in it has a name that says so."""
    folder = tmp_path / "nets"
    for name in ("yes.cnn", "a/yes.cnn", "a/b.cnn/yes.cnn", ".hidden/no.cnn", "a/.no.cnn", "no.txt", "a/no.CNN"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(UNFORMATTED)
    outside = tmp_path / "outside.cnn"
    outside.write_text(UNFORMATTED)
    (folder / "no.cnn").symlink_to("../outside.cnn")
    (folder / "no").symlink_to(".")
    return folder


def test_a_folder_stands_for_the_specs_in_it_and_below(run: Run, folder: Path) -> None:
    found = ["nets/yes.cnn", "nets/a/yes.cnn", "nets/a/b.cnn/yes.cnn"]
    done = run("fmt", "--check", "nets", "./nets/yes.cnn", "nets/a", cwd=folder.parent)
    assert (done.returncode, done.stdout.splitlines()) == (1, [f"would format {name}" for name in found])
    assert run("fmt", ".", cwd=folder).returncode == 0
    rewritten = [path for path in folder.parent.rglob("*.*") if path.is_file() and path.read_text() == FORMATTED]
    assert sorted(rewritten) == sorted(folder.parent / name for name in found)
    assert run("fmt", "--check", ".", cwd=folder).returncode == 0


def test_a_folder_without_specs_is_told(run: Run, tmp_path: Path) -> None:
    done = run("fmt", "--check", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"cnndsl: there is no .cnn file in {tmp_path}\n")


def test_a_file_that_is_given_twice_is_formatted_once(run: Run, net: Path) -> None:
    net.with_name("link.cnn").symlink_to("net.cnn")
    done = run("fmt", "--check", "net.cnn", "./net.cnn", "link.cnn", str(net), cwd=net.parent)
    assert (done.returncode, done.stdout) == (1, "would format net.cnn\n")


@pytest.mark.parametrize("arguments", [[], ["--nonsense", "net.cnn"]])
def test_wrong_usage_is_status_2(run: Run, arguments: list[str]) -> None:
    assert run("fmt", *arguments).returncode == 2


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["newlines", "carriage-returns"])
def test_line_ends_and_byte_order_marks_stay(run: Run, net: Path, mark: bytes, end: bytes) -> None:
    net.write_bytes(mark + b"a=1" + end + b"# \xc3\xa9" + end + b"INPUT>>FC")
    assert run("fmt", str(net)).returncode == 0
    assert net.read_bytes() == mark + b"a = 1" + end + b"# \xc3\xa9" + end + b"INPUT -> FC" + end
    assert run("fmt", "--check", str(net)).returncode == 0


@pytest.mark.parametrize(
    ("before", "others", "total"),
    [
        (b"a = 1\r\n# b\nINPUT -> FC\r\n", 2, 3),
        (b"a = 1\n# b\nINPUT -> FC\r\n", 1, 3),
        (b"a = 1\r\n# b\rINPUT -> FC\r\n", 3, 3),
        (b"a = 1\r# b\rINPUT -> FC\r", 3, 3),
    ],
)
def test_line_ends_of_several_kinds_become_newlines_and_are_told(
    run: Run, net: Path, before: bytes, others: int, total: int
) -> None:
    words = f"net.cnn: {others} of {total} line ends become LF\n"
    for option, told in {"--check": f"would format {words}", "--diff": words}.items():
        net.write_bytes(before)
        done = run("fmt", option, "net.cnn", cwd=net.parent)
        assert (done.returncode, done.stdout) == (1, told)
        assert net.read_bytes() == before
    assert run("fmt", "net.cnn", cwd=net.parent).stdout == f"formatted {words}"
    assert net.read_bytes() == b"a = 1\n# b\nINPUT -> FC\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b" \n\n\t\n", b""),
        (b"\xef\xbb\xbf", b"\xef\xbb\xbf"),
        (b"# a", b"# a\n"),
        (b"\n# a\n\n\n# b\n\n", b"# a\n\n# b\n"),
        (b"INPUT", b"INPUT\n"),
        (b"\f\nINPUT\t->\x0bFC\xc2\xa0# a\t b\xc2\xa0\n\f\n", b"INPUT -> FC  # a\t b\n"),
    ],
    ids=["empty", "blank", "only-a-mark", "only-a-comment", "only-comments", "no-last-line-end", "kinds-of-blanks"],
)
def test_files_of_little(run: Run, net: Path, before: bytes, after: bytes) -> None:
    net.write_bytes(before)
    for _ in range(2):
        assert run("fmt", str(net)).returncode == 0
        assert net.read_bytes() == after


def test_bytes_of_standard_input_stay() -> None:
    command = [sys.executable, "-m", "cnndsl", "fmt", "-"]
    done = subprocess.run(
        command, input=b"\xef\xbb\xbfINPUT>>FC#\xc3\xa9\r\n", cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == b"\xef\xbb\xbfINPUT -> FC  #\xc3\xa9\r\n"


def test_permissions_stay_and_links_stay_links(run: Run, net: Path) -> None:
    net.chmod(0o640)
    link = net.with_name("link.cnn")
    link.symlink_to("net.cnn")
    assert run("fmt", str(link)).returncode == 0
    assert link.is_symlink()
    assert net.read_text() == FORMATTED
    assert stat.S_IMODE(net.stat().st_mode) == 0o640
