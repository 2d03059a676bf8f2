"""How tissues relax at 1.5 T, and the signal equations of the sequences that image the heart.

Sources of T1 and T2: Stanisz et al., Magn Reson Med 54 (2005) 507 (blood, heart, muscle, liver, cartilage);
de Bazelaire et al., Radiology 230 (2004) 652 (spleen, marrow, subcutaneous fat). Proton densities relative to water
follow the water and fat content of tissues in ICRU Report 44. Sources of the equations: Freeman and Hill, J Magn
Reson 4 (1971) 366, and Scheffler and Hennig, Magn Reson Med 49 (2003) 395 (balanced steady state); Kellman and Arai,
J Magn Reson Imaging 36 (2012) 529 (late enhancement by inversion recovery).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recon.anatomy.tissues import TISSUES

FAT_SHIFT_HZ = -220.0  # 3.4 ppm at 1.5 T


@dataclass(frozen=True)
class Relaxation:
    """T1 and T2 in ms, proton density relative to water, and whether its protons are fat's."""

    t1_ms: float
    t2_ms: float
    density: float
    is_fat: bool = False


BLOOD = Relaxation(1441.0, 290.0, 0.85)
HEART = Relaxation(1030.0, 40.0, 0.80)
SKELETAL = Relaxation(1008.0, 44.0, 0.78)
LIVER = Relaxation(576.0, 46.0, 0.75)
FAT = Relaxation(343.0, 58.0, 0.90, is_fat=True)
FLUID = Relaxation(3600.0, 1500.0, 1.0)
GAS = Relaxation(1000.0, 40.0, 0.0)

_OTHERS = {
    **dict.fromkeys(("heart_fat", "skin_fat", "mediastinum"), FAT),
    **dict.fromkeys(("effusion", "pleural_effusion", "spinal_canal"), FLUID),
    **dict.fromkeys(("air", "airway", "stomach_gas"), GAS),
    **dict.fromkeys(("muscle", "diaphragm", "oesophagus", "stomach"), SKELETAL),
    "lung": Relaxation(1200.0, 30.0, 0.12),
    "bone": Relaxation(500.0, 2.0, 0.1),
    "marrow": Relaxation(549.0, 49.0, 0.7),
    "cartilage": Relaxation(1024.0, 30.0, 0.7),
    "liver": LIVER,
    "spleen": Relaxation(1057.0, 79.0, 0.8),
    "pericardium": Relaxation(1000.0, 20.0, 0.4),
    "vessel_wall": SKELETAL,
}
_BLOODY = (
    ("lv", "la", "la_appendage", "aorta", "arch_branch", "pulmonary_vein", "coronary_artery", "lung_vessel")
    + ("rv", "ra", "pulmonary_artery", "svc", "ivc", "coronary_vein", "liver_vessel")
)  # fmt: skip

TISSUE_RELAXATION: tuple[Relaxation, ...] = tuple(
    _OTHERS.get(name, BLOOD if name in _BLOODY else HEART) for name in TISSUES
)
"""In the order of `TISSUES`; heart muscle, valves and trabeculae are what no other line names."""


def balanced_signal(
    tissue: Relaxation, repetition_ms: float, flip_deg: float, off_resonance_hz: np.ndarray | float
) -> np.ndarray:
    """Complex transverse magnetisation at half the repetition time, pulses alternating in sign.

    It is real there, and turns its sign from one band to the next (Scheffler and Hennig 2003).
    """
    shift_hz = np.asarray(off_resonance_hz) + (FAT_SHIFT_HZ if tissue.is_fat else 0.0)
    e1, e2 = np.exp(-repetition_ms / tissue.t1_ms), np.exp(-repetition_ms / tissue.t2_ms)
    turn = 2.0 * np.pi * shift_hz * repetition_ms * 1e-3
    beta = turn + np.pi
    cosine, sine = np.cos(np.radians(flip_deg)), np.sin(np.radians(flip_deg))
    below = (1.0 - e1 * cosine) * (1.0 - e2 * np.cos(beta)) - e2 * (e1 - cosine) * (e2 - np.cos(beta))
    size = (1.0 - e1) * sine * np.sqrt((1.0 - e2 * np.cos(beta)) ** 2 + (e2 * np.sin(beta)) ** 2) / below
    echo = np.exp(-0.5 * repetition_ms / tissue.t2_ms)
    return np.asarray(tissue.density * size * echo * np.where(np.cos(0.5 * turn) < 0.0, -1.0, 1.0))


def with_agent(tissue: Relaxation, concentration_mmol_per_l: float, relaxivity: float = 4.5) -> Relaxation:
    """A tissue's T1 under gadolinium of this concentration; relaxivity per mmol/l and s."""
    rate = 1e3 / tissue.t1_ms + relaxivity * concentration_mmol_per_l
    return Relaxation(1e3 / rate, tissue.t2_ms, tissue.density, tissue.is_fat)


def inversion_signal(tissue: Relaxation, inversion_ms: float, between_ms: float, echo_ms: float) -> float:
    """Signed signal at a time after inversion, pulses `between_ms` apart; its magnitude is what is shown."""
    recovered = 1.0 - 2.0 * np.exp(-inversion_ms / tissue.t1_ms) + np.exp(-between_ms / tissue.t1_ms)
    return float(tissue.density * recovered * np.exp(-echo_ms / tissue.t2_ms))


def null_time_ms(t1_ms: float, between_ms: float) -> float:
    """The inversion time at which a tissue of this T1 gives no signal."""
    return float(t1_ms * np.log(2.0 / (1.0 + np.exp(-between_ms / t1_ms))))
