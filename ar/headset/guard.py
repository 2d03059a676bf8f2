"""What every request meets first: the name it came by, the page it came from, and the headers of each answer."""

from __future__ import annotations

import logging
from collections.abc import Set

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ar.headset.lines import Lines

_LOG = logging.getLogger(__name__)
COOKIE = "__Host-auricle"
# Draco's decoder is WebAssembly; nothing else may run that is not the page's own file.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self' wss://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), xr-spatial-tracking=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def guard_of(hosts: Set[str], lines: Lines) -> Middleware:
    """A middleware that refuses requests to any other name, and gives every answer its headers.

    Args:
        hosts: the values of the Host header that are this server.
        lines: are told while a request is answered.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if len(request.headers.getall("Host", [])) != 1 or host not in hosts:
            return _plain(421, "This server is not known by that name.", "")
        try:
            with lines.answering(request):
                answer = await handler(request)
        except web.HTTPException as refusal:
            return _plain(refusal.status, refusal.reason, host)
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
            # What went wrong inside is told to whoever runs Auricle, without the request that it was asked by.
            _LOG.warning("a headset's request failed", exc_info=True)
            return _plain(500, "The server could not answer this.", host)
        if not answer.prepared:
            _protect(answer, host)
        return answer

    return guard


def is_own_page(request: web.Request) -> bool:
    """True when the request comes from a page of this very server: its Origin is the name it was called by."""
    origins = request.headers.getall("Origin", [])
    return origins == [f"https://{request.headers.get('Host', '')}"]


def _plain(status: int, text: str, host: str) -> web.Response:
    answer = web.Response(status=status, text=text + "\n")
    _protect(answer, host)
    return answer


def _protect(answer: web.StreamResponse, host: str) -> None:
    answer.headers.update(HEADERS)
    answer.headers["Content-Security-Policy"] = POLICY.format(host=host) if host else "default-src 'none'"
    answer.headers["Server"] = "Auricle"
