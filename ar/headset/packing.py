"""Packs surfaces beside the server's loop: one after the other, each once, and none that nobody is shown any more."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ar.headset.compression import PackedSurface, pack_surface
from ar.headset.shown import CutSource

MOST_KEPT_BYTES = 64_000_000
# A viewer that is slow still gets a moving heart's phase when newer ones are told already.
MOST_OLDER = 12


class Packing:
    """Surfaces by their random name, packed when they are asked for. For the server's own thread."""

    def __init__(self) -> None:
        self._rounds: list[Mapping[str, CutSource]] = []
        self._space = ""
        self._jobs: dict[str, asyncio.Future[PackedSurface | None]] = {}
        self._packed: OrderedDict[str, PackedSurface | None] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, "headset packing")
        self._turn = asyncio.Lock()

    def show(self, space: str, sources: Mapping[str, CutSource]) -> None:
        """Serve these from now on, and of the same patient space those shown a moment ago."""
        if space != self._space or not sources:
            self._rounds.clear()
            self._packed.clear()
        self._space = space
        if not self._rounds or self._rounds[-1].keys() != sources.keys():
            self._rounds = [*self._rounds, sources][-MOST_OLDER:]

    def knows(self, name: str) -> bool:
        """Whether this surface may be asked for now."""
        return any(name in sources for sources in self._rounds)

    async def packed(self, name: str) -> PackedSurface | None:
        """The packed surface; None when the cuts leave nothing of it. Raises KeyError for one not shown now."""
        if name in self._packed:
            self._packed.move_to_end(name)
            return self._packed[name]
        if name not in self._jobs:
            self._jobs[name] = asyncio.ensure_future(self._pack(name))
        return await asyncio.shield(self._jobs[name])

    def close(self) -> None:
        """Start nothing more, and end the worker."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    async def _pack(self, name: str) -> PackedSurface | None:
        try:
            async with self._turn:
                # While it waited for its turn it may have become one that nobody is shown.
                source = self._source(name)
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(self._worker, _pack, source)
        finally:
            del self._jobs[name]
        if self.knows(name):
            self._keep(name, found)
        return found

    def _source(self, name: str) -> CutSource:
        for sources in self._rounds:
            if name in sources:
                return sources[name]
        raise KeyError(name)

    def _keep(self, name: str, packed: PackedSurface | None) -> None:
        self._packed[name] = packed
        while sum(len(one.draco) for one in self._packed.values() if one) > MOST_KEPT_BYTES:
            self._packed.popitem(last=False)


def _pack(source: CutSource) -> PackedSurface | None:
    mesh = source.cut()
    return pack_surface(mesh) if len(mesh.faces) else None
