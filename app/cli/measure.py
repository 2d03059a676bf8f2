"""`auricle measure`: every value of a plan and of the anatomy below it, with bands, on paper and as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.cli.console import say, write_json
from app.describe import structure_title
from app.measuring import anatomy_to_json, items_to_json, read_measured, ventricles_to_json
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE
from plan.formula import LANDMARK_SD_MM, NO_BAND, Reading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.add_argument("input", type=Path, metavar="PLAN_OR_CASE", help="a plan.json or a saved case")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all values to FILE")
    parser.add_argument(
        "--landmark-sd",
        type=spread,
        default=LANDMARK_SD_MM,
        metavar="MM",
        help="how far per axis a point is placed differently the next time, for the bands (default %(default)s)",
    )
    parser.add_argument("--systole", type=Path, metavar="CASE", help="the same heart at the end of systole")
    parser.add_argument("--height-cm", type=float, metavar="H", help="with the weight: values per body surface")
    parser.add_argument("--weight-kg", type=float, metavar="W", help="see --height-cm")


def run(options: argparse.Namespace) -> None:
    """Measure and print. Raises PlannerError when a file cannot be read or does not belong."""
    measured = read_measured(options.input)
    content: dict[str, Any] = {
        "notice": RESEARCH_NOTICE,
        "frame_of_reference_uid": measured.plan.frame_of_reference_uid,
        "landmark_sd_mm": options.landmark_sd,
        "items": items_to_json(measured.plan, options.landmark_sd, measured.anatomy),
        **anatomy_to_json(measured),
    }
    body = _body(options)
    if measured.anatomy is not None:
        systole = read_measured(options.systole).anatomy if options.systole else None
        if options.systole and systole is None:
            raise PlannerError(
                "no ejection fraction", "the second case has no reconstruction", "reconstruct it first"
            )
        content["ventricles"] = ventricles_to_json(measured.anatomy, systole, body)
    elif options.systole or body:
        raise PlannerError(
            "no volumes", "there is no reconstruction beside this plan", "give a case with a reconstruction"
        )
    _say_items(content)
    _say_anatomy(content)
    if options.json is not None:
        write_json(options.json, content)


def spread(text: str) -> float:
    """A standard deviation of placed points in mm. Raises ArgumentTypeError out of its range."""
    value = float(text)
    if not 0.0 < value <= 20.0:
        raise argparse.ArgumentTypeError("a number of millimetres above 0, at most 20")
    return value


def _body(options: argparse.Namespace) -> tuple[float, float] | None:
    if (options.height_cm is None) != (options.weight_kg is None):
        raise PlannerError("no body surface area", "height or weight is missing", "give both")
    return None if options.height_cm is None else (options.height_cm, options.weight_kg)


def _say_items(content: dict[str, Any]) -> None:
    for item in content["items"]:
        say(f"{item['name']} ({item['type']})")
        for measure in item["measures"]:
            _say_measure(measure)
        if isinstance(item.get("s_curve_deg"), list):
            curve = "  ".join(f"{lao:.0f}:{tilt:.0f}" for lao, tilt in item["s_curve_deg"])
            say(f"  edge-on views, LAO:cranial in degrees  {curve}")


def _say_measure(measure: dict[str, Any]) -> None:
    reading = Reading(**measure)
    reason = f"  ({reading.why_not})" if reading.why_not else ""
    say(f"  {reading.title:<42} {reading.text}{reason}")


def _say_anatomy(content: dict[str, Any]) -> None:
    for plane in content.get("planes", ()):
        say(f"{plane['name']} (cut plane)")
        for key, area in plane["areas"].items():
            _say_measure(area | {"title": f"{structure_title(key)}: {area['title'].lower()}"})
    for key, volume in content.get("volumes_ml", {}).items():
        say(f"{structure_title(key):<44} {volume:.1f} ml, {NO_BAND}")
    for key, value in content.get("ventricles", {}).items():
        if isinstance(value, float):
            _say_measure({"key": key, "title": _spoken(key), "value": value, "note": NO_BAND})
    _say_vessel(content.get("aorta", {}))


def _say_vessel(aorta: dict[str, Any]) -> None:
    if "why_not" in aorta:
        say(f"Aorta: no middle line ({aorta['why_not']})")
    if aorta.get("sections"):
        say(f"Aorta along its middle line, {NO_BAND}:")
    for cut in aorta.get("sections", ()):
        if "why_not" in cut:
            say(f"Aorta at {cut['along_mm']:5.1f} mm: – ({cut['why_not']})")
            continue
        diameters = f"{cut['min_diameter_mm']:.1f} to {cut['max_diameter_mm']:.1f} mm"
        say(f"Aorta at {cut['along_mm']:5.1f} mm: {diameters}, from area {cut['area_diameter_mm']:.1f} mm")


def _spoken(key: str) -> str:
    words = key.rsplit("_", 1)[0].split("_")
    return " ".join([words[0].upper(), *words[1:]])
