"""The command `fmt`: what it writes, what it says, and with which exit status."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Run

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


def test_standard_input_goes_to_standard_output(run: Run) -> None:
    done = run("fmt", "-", stdin=UNFORMATTED)
    assert (done.returncode, done.stdout, done.stderr) == (0, FORMATTED, "")
    assert run("fmt", "-", stdin=FORMATTED).stdout == FORMATTED
    assert run("fmt", "--check", "-", stdin=UNFORMATTED).returncode == 1


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
    text = "x=" + "a+" * 130_000 + "b"
    net.write_text(text)
    done = run("fmt", str(net))
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[text-too-long]" in done.stderr
    assert net.read_text() == text


@pytest.mark.parametrize("name", ["missing.cnn", ".", "zoo:lenet5", "bytes.cnn"])
def test_what_cannot_be_read_is_status_2(run: Run, net: Path, name: str) -> None:
    net.with_name("bytes.cnn").write_bytes(b"INPUT \xff")
    done = run("fmt", name, "net.cnn", cwd=net.parent)
    assert (done.returncode, done.stdout) == (2, "formatted net.cnn\n")
    assert f"cannot read {name}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="needs a user who may not write everywhere")
def test_what_cannot_be_written_is_status_2(run: Run, net: Path) -> None:
    net.chmod(0o444)
    done = run("fmt", str(net))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"cannot write {net}" in done.stderr


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
