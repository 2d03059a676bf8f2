"""Hearts and images that show none: the score's weights fitted on one half, how it tells the other half apart."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.refusal_images import Case, cases
from core.errors import PlannerError
from core.progress import Silent
from recon.engine import load_networks
from recon.inference import locate_heart, look_at_region
from recon.refusal import FACTS, LEAST_IN_VIEW, OFFSET, WEIGHTS, Evidence, evidence
from recon.registry import find_task
from recon.steadiness import look_from_aside
from recon.weights import WEIGHTS_FOLDER, LoadedNetwork

# Keeps the weights small where a few images can be told apart by anything.
RIDGE = 0.02


def main() -> None:
    """Make the images, look at each, fit on those of even number, and report on those of odd number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=10, help="images of every kind without a heart")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--engine-cache", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/bench/refusal.json"))
    parser.add_argument("--again", action="store_true", help="use the facts that --out holds already")
    options = parser.parse_args()
    if not options.again:
        networks = load_networks(find_task("heart"), "cpu", options.weights, options.engine_cache)
        rows = [_row(i, case, networks) for i, case in enumerate(cases(options.each))]
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(report(json.loads(options.out.read_text(encoding="utf-8"))))


def _row(number: int, case: Case, networks: tuple[LoadedNetwork, LoadedNetwork]) -> dict[str, object]:
    """The facts about one image; no facts where it was refused before there were any."""
    row: dict[str, object] = {"number": number, "kind": case.kind, "is_heart": case.is_heart}
    try:
        centre = locate_heart(case.volumes, networks[0], "cpu", Silent())
        region = look_at_region(case.volumes, centre, networks[1], "cpu", Silent())
        row |= asdict(evidence(region, look_from_aside(region, networks[1], "cpu")))
    except PlannerError as refusal:
        row["refused"] = str(refusal.why)
    print(json.dumps(row), flush=True)
    return row


def report(rows: list[dict]) -> str:
    """Weights from the even half; on the odd half the ROC, its area, and what each kind of image meets."""
    seen = [row for row in rows if "refused" not in row and row["in_view"] >= LEAST_IN_VIEW]
    facts = np.array([[row[name] for name in FACTS] for row in seen])
    truth = np.array([row["is_heart"] for row in seen])
    even = np.array([row["number"] % 2 == 0 for row in seen])
    weights, offset = fitted(facts[even], truth[even])
    odd = [row for row in rows if row["number"] % 2]
    lines = [f"fitted on {even.sum()} images: OFFSET = {offset:.2f}, WEIGHTS = {np.round(weights, 2).tolist()}"]
    lines += [f"in the program:      OFFSET = {OFFSET:.2f}, WEIGHTS = {list(WEIGHTS)}", ""]
    for name, (w, o) in {"fitted": (weights, offset), "program": (np.array(WEIGHTS), OFFSET)}.items():
        scores = np.array([_score(row, w, o) for row in odd])
        hearts = np.array([row["is_heart"] for row in odd])
        lines.append(f"{name}: area under the ROC of the other half {area_under_roc(scores, hearts):.3f}")
        lines += [
            f"  at {least:.2f}: {np.mean(scores[hearts] >= least):.0%} of {hearts.sum()} hearts are taken, "
            f"{np.mean(scores[~hearts] < least):.0%} of {(~hearts).sum()} others refused"
            for least in (0.3, 0.5, 0.7, 0.9)
        ]
    lines += [
        "",
        "| kind (other half, the program's score) | images | before scoring | taken at 0.5 | scores |",
        "|---|---|---|---|---|",
    ]
    for kind in dict.fromkeys(row["kind"] for row in odd):
        own = [row for row in odd if row["kind"] == kind]
        scores = sorted(_score(row, np.array(WEIGHTS), OFFSET) for row in own)
        early = sum("refused" in row or row["in_view"] < LEAST_IN_VIEW for row in own)
        taken = sum(score >= 0.5 for score in scores)
        lines.append(f"| {kind} | {len(own)} | {early} | {taken} | {' '.join(f'{s:.2f}' for s in scores)} |")
    return "\n".join(lines)


def fitted(facts: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and offset of a logistic regression in which both sides count the same."""
    middle, spread = facts.mean(axis=0), facts.std(axis=0) + 1e-6
    x = (facts - middle) / spread
    share = np.where(truth, 0.5 / max(truth.sum(), 1), 0.5 / max((~truth).sum(), 1))
    sign = np.where(truth, 1.0, -1.0)

    def loss(p: np.ndarray) -> float:
        return float((share * np.logaddexp(0.0, -sign * (x @ p[1:] + p[0]))).sum() + RIDGE * (p[1:] ** 2).sum())

    best = minimize(
        loss, np.zeros(facts.shape[1] + 1), bounds=[(None, None)] + [(0.0, None)] * facts.shape[1]
    ).x
    weights = best[1:] / spread
    return weights, float(best[0] - weights @ middle)


def area_under_roc(scores: np.ndarray, is_heart: np.ndarray) -> float:
    """The chance that a heart scores higher than another image; ties count half."""
    apart = scores[is_heart][:, None] - scores[~is_heart][None]
    return float(np.mean((apart > 0) + 0.5 * (apart == 0)))


def _score(row: dict, weights: np.ndarray, offset: float) -> float:
    """0 for what is refused before it has a score."""
    if "refused" in row or row["in_view"] < LEAST_IN_VIEW:
        return 0.0
    found = Evidence(**{field.name: row[field.name] for field in fields(Evidence)})
    return found.score_with(weights, offset)


if __name__ == "__main__":
    main()
