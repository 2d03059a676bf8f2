"""Is a convolution in half precision right here? It was silently wrong with cuDNN 9.10.2 (pytorch#163539)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as functional

MOST_ERROR = 0.02
"""Of the result's own size. bfloat16 has 8 bits, so 0.4 % is due; a wrong kernel is off by its whole size."""
WIDTHS = ((16, 32), (64, 128))


@dataclass(frozen=True)
class Numerics:
    """What was measured. `error` is the largest relative difference of bfloat16 from float32 convolutions."""

    cudnn: int | None
    error: float

    @property
    def is_bfloat16_right(self) -> bool:
        """Whether it may be trained in bfloat16 here."""
        return self.error <= MOST_ERROR

    def __str__(self) -> str:
        library = f"cuDNN {self.cudnn}" if self.cudnn else "no cuDNN"
        verdict = "right" if self.is_bfloat16_right else "WRONG, float32 is used"
        return f"{library}; conv3d in bfloat16 is off by {self.error:.2%} of its size: {verdict}"


def check_numerics(device: str) -> Numerics:
    """Compare 3x3x3 convolutions and their gradients in bfloat16 with float32, in both memory layouts."""
    # A GPU picks its kernels by size; a CPU is slow in half precision and is not trained in it.
    n = 32 if device.startswith("cuda") else 8
    generator = torch.Generator(device).manual_seed(0)
    errors = [0.0]
    for n_in, n_out in WIDTHS:
        x = torch.randn(2, n_in, n, n, n, generator=generator, device=device)
        kernel = torch.randn(n_out, n_in, 3, 3, 3, generator=generator, device=device)
        # The reference is the same rounded input, so that only the arithmetic differs.
        x, kernel = x.bfloat16().float(), kernel.bfloat16().float()
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            wanted = _convolved(x, kernel, torch.float32, torch.contiguous_format)
        for layout in (torch.contiguous_format, torch.channels_last_3d):
            found = _convolved(x, kernel, torch.bfloat16, layout)
            errors += [_off(a, b) for a, b in zip(found, wanted, strict=True)]
    return Numerics(torch.backends.cudnn.version() if device.startswith("cuda") else None, max(errors))


def _convolved(
    x: torch.Tensor, kernel: torch.Tensor, kind: torch.dtype, layout: torch.memory_format
) -> tuple[torch.Tensor, ...]:
    """A convolution and its gradients by input and by kernel."""
    x = x.to(kind).contiguous(memory_format=layout).requires_grad_()
    kernel = kernel.to(kind).contiguous(memory_format=layout).requires_grad_()
    y = functional.conv3d(x, kernel, padding=1)
    slope = torch.linspace(-1.0, 1.0, y.shape[-1], device=y.device, dtype=kind).expand_as(y)
    by_x, by_kernel = torch.autograd.grad(y, (x, kernel), slope)
    return y.detach(), by_x, by_kernel


def _off(found: torch.Tensor, wanted: torch.Tensor) -> float:
    off = float((found.float() - wanted).norm() / wanted.norm().clamp_min(1e-12))
    return off if math.isfinite(off) else math.inf
