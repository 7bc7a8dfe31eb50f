"""SVG as PNG and PDF, with the font of the pictures in it."""

from __future__ import annotations

import re
import struct
import zlib

from cnndsl.backends.pictures.fonts import FILED, files
from cnndsl.backends.pictures.layout import Unrendered

__all__ = ["pdf", "png"]

_DPI = 144
"""Dots to an inch: sharp in print."""

_SIZE = re.compile(r'<svg [^>]*width="([\d.]+)pt" height="([\d.]+)pt"')
_BY = re.compile(r"<!-- (laid out by .*?) -->")

_PAGE = """\
#set document(date: none, title: sys.inputs.title, description: sys.inputs.description, keywords: sys.inputs.by)
#set page(width: {width}pt, height: {height}pt, margin: 0pt)
#image(bytes(sys.inputs.picture), format: "svg", width: 100%, alt: sys.inputs.description)
"""


def png(svg: str) -> bytes:
    """The picture at 144 dots to an inch.

    Raises:
        Unrendered: the package that draws it is missing, or fails.
    """
    try:
        import resvg_py
    except ImportError:
        raise Unrendered("PNG needs resvg_py, which is not installed: pip install resvg_py") from None
    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=svg,
            dpi=96,  # a point is 4/3 of a pixel of CSS, and the zoom is of those
            zoom=_DPI / 96,
            skip_system_fonts=True,
            font_files=[str(file) for file in files()],
            font_family=FILED,
            sans_serif_family=FILED,
        )
    except ValueError as error:
        raise Unrendered(f"resvg fails: {error}".splitlines()[0]) from None
    return _with_text(bytes(drawn), "Software", _program(svg))


def pdf(svg: str) -> bytes:
    """One page as large as the picture.

    Raises:
        Unrendered: typst, which makes it, is missing, or fails.
    """
    try:
        import typst
    except ImportError:
        raise Unrendered("PDF needs typst, which is not installed: pip install 'cnndsl[pdf]'") from None
    width, height = _size(svg)
    inputs = {"picture": svg, "title": _tagged(svg, "title"), "description": _tagged(svg, "desc"), "by": _program(svg)}
    page = _PAGE.format(width=width, height=height)
    try:
        content = typst.compile(
            page.encode(),
            format="pdf",
            sys_inputs=inputs,
            font_paths=typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(files()[0].parent)]
            ),
        )
    except RuntimeError as error:
        raise Unrendered(f"typst fails: {error}".splitlines()[0]) from None
    assert isinstance(content, bytes)
    return content


def _size(svg: str) -> tuple[float, float]:
    found = _SIZE.search(svg)
    assert found
    return float(found[1]), float(found[2])


def _program(svg: str) -> str:
    found = _BY.search(svg)
    return f"cnndsl, {found[1]}" if found else "cnndsl"


def _tagged(svg: str, tag: str) -> str:
    from xml.sax.saxutils import unescape

    return unescape(svg.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0])


def _with_text(png: bytes, keyword: str, text: str) -> bytes:
    """The picture with a text chunk behind its header, as section 11.3.4.3 of the PNG specification has it."""
    content = b"tEXt" + keyword.encode("latin-1") + b"\0" + text.encode("latin-1", errors="replace")
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    header_ends = 8 + 4 + 4 + 13 + 4
    return png[:header_ends] + chunk + png[header_ends:]
