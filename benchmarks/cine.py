"""How well cine planes become a moving heart.

`python -m benchmarks.cine synthetic` misplaces the planes of unseen synthetic patients by known shifts and says how far
they are off before and after realignment. `... beating` reconstructs unseen patients whose hearts beat by a formula and
compares volumes and ejection with the exact ones. `... real` reconstructs all frames of the cine study in AURICLE_DATA
and measures them against the surfaces and contour points that came with it. These were made by another network and a
model fit, not by an expert's hand. Nothing here is trained on or tuned to them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks import cine_real, cine_synthetic
from recon.weights import WEIGHTS_FOLDER

MEASURES = {
    "synthetic": cine_synthetic.measure_shifts,
    "beating": cine_synthetic.measure_beating,
    "real": cine_real.measure,
}


def main() -> None:
    """Run one of them and print its tables; the figures also go to a JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=list(MEASURES))
    parser.add_argument("--patients", type=int, default=6)
    parser.add_argument("--shift-mm", type=float, default=3.5, help="standard deviation along rows and columns")
    parser.add_argument(
        "--as-given", action="store_true", help="real: leave slices where their headers have them"
    )
    parser.add_argument("--every", type=int, default=1, help="real: compare only every so many frames")
    parser.add_argument("--phases", type=int, default=10, help="beating: phases of the cycle")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    results = MEASURES[options.what](options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"cine-{options.what}.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
