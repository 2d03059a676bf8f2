"""A residual U-Net that works at half resolution inside: space to depth first, pixel shuffle last."""

from __future__ import annotations

import torch
from torch import nn

from recon.networks.landmarks import directed
from recon.networks.output import TRUNCATION_MM, NetworkOutput
from recon.task import NetworkSpec


class ResidualBlock(nn.Module):
    """Two 3x3x3 convolutions with instance normalisation and a shortcut."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.first = nn.Conv3d(n_in, n_out, 3, padding=1, bias=False)
        self.first_norm = nn.InstanceNorm3d(n_out, affine=True)
        self.second = nn.Conv3d(n_out, n_out, 3, padding=1, bias=False)
        self.second_norm = nn.InstanceNorm3d(n_out, affine=True)
        self.shortcut = nn.Identity() if n_in == n_out else nn.Conv3d(n_in, n_out, 1, bias=False)
        self.act = nn.LeakyReLU(0.01, inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, n_in, d, h, w) to (b, n_out, d, h, w)."""
        y = self.act(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return self.act(y + self.shortcut(x))


class UNet(nn.Module):
    """Intensity and observed mask (b, 2, n, n, n) to a `NetworkOutput`.

    `n` must be a multiple of 2 ** len(channels). All heads are 1x1x1 convolutions on the last decoder's features.
    """

    def __init__(
        self,
        n_classes: int,
        channels: tuple[int, ...],
        has_distances: bool = False,
        n_landmarks: int = 0,
        n_directed: int = 0,
    ) -> None:
        super().__init__()
        # 2x2x2 blocks of both channels become 16 channels at half the resolution.
        self.stem = nn.Conv3d(16, channels[0], 3, padding=1)
        self.encoders = nn.ModuleList(
            ResidualBlock(n if level == 0 else channels[level - 1], n) for level, n in enumerate(channels)
        )
        self.pool = nn.MaxPool3d(2)
        ups = [(channels[i + 1], channels[i]) for i in reversed(range(len(channels) - 1))]
        self.ups = nn.ModuleList(nn.ConvTranspose3d(a, b, 2, stride=2) for a, b in ups)
        self.decoders = nn.ModuleList(ResidualBlock(2 * b, b) for _, b in ups)
        width = channels[0]
        self.head = nn.Conv3d(width, n_classes * 8, 1)
        self.distance_head = nn.Conv3d(width, (n_classes - 1) * 8, 1) if has_distances else None
        self.heatmap_head = nn.Conv3d(width, n_landmarks, 1) if n_landmarks else None
        self.direction_head = nn.Conv3d(width, 3 * n_directed, 1) if n_directed else None
        if self.distance_head is not None:
            # Nearly all of a grid is far outside any one structure.
            nn.init.constant_(self.distance_head.bias, 1.0)

    def forward(self, x: torch.Tensor) -> NetworkOutput:
        """See the class."""
        x = self.stem(space_to_depth(x))
        skips = []
        for level, encoder in enumerate(self.encoders):
            x = encoder(self.pool(x) if level else x)
            skips.append(x)
        for up, decoder, skip in zip(self.ups, self.decoders, reversed(skips[:-1]), strict=True):
            x = decoder(torch.cat([up(x), skip], dim=1))
        logits = depth_to_space(self.head(x))
        distances_mm = None
        if self.distance_head is not None:
            distances_mm = TRUNCATION_MM * depth_to_space(self.distance_head(x)).float().tanh()
        heatmaps = self.heatmap_head(x) if self.heatmap_head is not None else None
        directions = self.direction_head(x) if self.direction_head is not None else None
        return NetworkOutput(logits, distances_mm, heatmaps, directions)


def build_network(spec: NetworkSpec) -> UNet:
    """The network of a spec, with fresh weights."""
    return UNet(
        spec.n_classes,
        spec.channels,
        spec.has_distances,
        len(spec.landmarks),
        len(directed(spec.landmarks)),
    )


def space_to_depth(x: torch.Tensor) -> torch.Tensor:
    """(b, c, 2d, 2h, 2w) to (b, 8c, d, h, w), nothing lost."""
    b, c, d, h, w = x.shape
    x = x.reshape(b, c, d // 2, 2, h // 2, 2, w // 2, 2)
    return x.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(b, 8 * c, d // 2, h // 2, w // 2)


def depth_to_space(x: torch.Tensor) -> torch.Tensor:
    """The inverse of `space_to_depth`."""
    b, c, d, h, w = x.shape
    x = x.reshape(b, c // 8, 2, 2, 2, d, h, w)
    return x.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(b, c // 8, 2 * d, 2 * h, 2 * w)
