"""The pairing address as a picture that a headset's camera reads."""

from __future__ import annotations

import io


def qr_svg(url: str) -> str:
    """A QR code as SVG, with the quiet zone that readers need."""
    svg: str = _code(url).svg_inline(scale=6, border=4, dark="#000", light="#fff")
    return svg


def qr_text(url: str) -> str:
    """A QR code for a terminal, in half-height blocks."""
    out = io.StringIO()
    _code(url).terminal(out, compact=True, border=4)
    return out.getvalue()


def _code(url: str):  # type: ignore[no-untyped-def]  # segno has no types
    import segno

    return segno.make(url, error="m", micro=False)
