"""How the planning page is arranged: standard views, turned and thick slices, layouts."""

from __future__ import annotations

from collections.abc import Callable

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.slices import ORIENTATIONS, can_turn
from app.state import State
from app.viewing.arrangement import SCENE, Layout
from app.viewing.curve import VESSELS, CurvedView, curved_view, shown_curve
from app.viewing.in_space import can_render, shown_volume
from app.viewing.slab import FIRST_MM, PLAIN, SLAB_SENTENCES, Slab, SlabMode
from app.viewing.standard import why_not
from core.anatomy import HEART_BY_KEY, Anatomy
from core.mesh import SurfaceMesh
from render.volume_looks import VOLUME_PRESETS

VIEWS: tuple[tuple[str, str], ...] = (
    ("short_axis", "Short axis"),
    ("two_chamber", "Two-chamber view"),
    ("three_chamber", "Three-chamber view"),
    ("four_chamber", "Four-chamber view"),
    ("outflow_tract", "LV outflow tract"),
    ("mitral_valve_en_face", "Mitral valve en face"),
    ("aortic_valve_en_face", "Aortic valve en face"),
    ("tricuspid_valve_en_face", "Tricuspid valve en face"),
    ("pulmonary_valve_en_face", "Pulmonary valve en face"),
    ("surgeon", "Surgeon's view"),
)
LAYOUTS: tuple[tuple[Layout, str], ...] = (
    (Layout.GRID, "Four views of one size"),
    (Layout.SIDE, "3-D view large, slices beside it"),
    (Layout.ONE, "One slice"),
    (Layout.SCENE, "3-D view only"),
)
SLABS: tuple[SlabMode, ...] = ("mean", "max", "min")
NO_STACK = "there is no stack of slices to cut at a tilt"


def _show(key: str) -> Callable[[Desk], None]:
    return lambda desk: desk.session.viewing.show_standard(key)


def _view_command(number: int, key: str, title: str) -> Command:
    return Command(
        f"view.standard_{key}",
        title,
        _show(key),
        (f"Alt+{number % 10}",),
        "",
        lambda state: not why_not(state, key),
        why_not=lambda state: why_not(state, key),
    )


def _cut(desk: Desk) -> None:
    plane = desk.session.viewing.cut()
    desk.session.select(plane.item_id)


def _straighten(desk: Desk) -> None:
    desk.session.viewing.straighten()


def _slab_command(mode: SlabMode) -> Command:
    def run(desk: Desk) -> None:
        arrangement = desk.session.state.arrangement
        slabs = [arrangement.slab(name) for name in ORIENTATIONS]
        is_on = all(slab.is_thick and slab.mode == mode for slab in slabs)
        thick: dict[str, Slab] = {
            name: PLAIN if is_on else Slab(mode, slab.thickness_mm or FIRST_MM)
            for name, slab in zip(ORIENTATIONS, slabs, strict=True)
        }
        desk.session.viewing.thicken(thick)

    return Command(
        f"view.slab_{mode}",
        SLAB_SENTENCES[mode],
        run,
        ("T",) if mode == "max" else (),
        "",
        can_turn,
        lambda state: all(
            state.arrangement.slab(name).is_thick and state.arrangement.slab(name).mode == mode
            for name in ORIENTATIONS
        ),
        why_not=lambda state: "" if can_turn(state) else NO_STACK,
    )


def _layout_command(number: int, layout: Layout, title: str) -> Command:
    return Command(
        f"view.layout_{layout.value}",
        title,
        lambda desk: desk.session.viewing.lay_out(layout),
        (f"Ctrl+{number}",),
        "",
        is_checked=lambda state: state.arrangement.layout is layout and not state.arrangement.alone,
    )


def _curve_command(key: str) -> Command:
    title = HEART_BY_KEY[key].title.lower()

    def run(desk: Desk) -> None:
        state = desk.session.state
        anatomy, curve = state.anatomy, shown_curve(state)
        if curve is not None and curve.key == key:
            desk.session.viewing.leave_curve()
        elif anatomy is not None:
            mesh = anatomy.surfaces[key]
            desk.run(
                f"Middle line of the {title}", lambda _: _curve(anatomy, key, mesh), desk.session.viewing.follow
            )

    def is_shown(state: State) -> bool:
        curve = shown_curve(state)
        return curve is not None and curve.key == key

    return Command(
        f"view.curved_{key}",
        f"Curved slice along the {title}",
        run,
        ("Alt+C",) if key == VESSELS[0] else (),
        "",
        lambda state: not _why_no_curve(state, key),
        is_shown,
        while_busy=False,
        why_not=lambda state: _why_no_curve(state, key),
    )


def _curve(anatomy: Anatomy, key: str, mesh: SurfaceMesh) -> CurvedView:
    from recon.centreline import centreline

    return curved_view(anatomy, key, centreline(mesh))


def _why_no_curve(state: State, key: str) -> str:
    if not can_turn(state):
        return NO_STACK
    if state.anatomy is None or key not in state.anatomy.surfaces:
        return f"there is no surface of the {HEART_BY_KEY[key].title.lower()} to follow"
    return ""


def _rendering_command(key: str, title: str) -> Command:
    def run(desk: Desk) -> None:
        is_on = desk.session.state.arrangement.rendering == key
        desk.session.viewing.render("" if is_on else key)

    return Command(
        f"view.rendering_{key}",
        title,
        run,
        (),
        "",
        lambda state: can_render(shown_volume(state), key),
        lambda state: state.arrangement.rendering == key,
        why_not=lambda state: _why_no_rendering(state, key),
    )


def _toggle_rendering(desk: Desk) -> None:
    """Off, or on with the first preset that fits."""
    state = desk.session.state
    desk.session.viewing.render("" if _is_rendered(state) else next(iter(_fitting(state)), ""))


def _fitting(state: State) -> list[str]:
    return [key for key in VOLUME_PRESETS if can_render(shown_volume(state), key)]


def _is_rendered(state: State) -> bool:
    return can_render(shown_volume(state), state.arrangement.rendering)


def _why_no_rendering(state: State, key: str = "") -> str:
    if not can_turn(state):
        return "there is no stack of slices to render"
    if key and not can_render(shown_volume(state), key):
        return f"{VOLUME_PRESETS[key].title} is not what this series shows"
    return ""


def _toggle_cut_images(desk: Desk) -> None:
    desk.session.viewing.show_cut_images(not desk.session.state.arrangement.has_cut_images)


COMMANDS = (
    *(_view_command(number, key, title) for number, (key, title) in enumerate(VIEWS, 1)),
    Command(
        "view.cut_here",
        "Cut along the first slice",
        _cut,
        ("Alt+X",),
        "plane",
        lambda state: state.can_plan,
        why_not=lambda state: "" if state.can_plan else PICTURE_SHOWN,
    ),
    Command(
        "view.straighten",
        "Straighten turned slices",
        _straighten,
        ("Shift+X",),
        "",
        lambda state: state.arrangement.axes is not None,
        why_not=lambda state: "" if state.arrangement.axes is not None else "the slices are straight",
    ),
    *(_curve_command(key) for key in VESSELS),
    *(_slab_command(mode) for mode in SLABS),
    Command(
        "view.volume",
        "Volume rendering",
        _toggle_rendering,
        ("V",),
        "",
        lambda state: bool(_fitting(state)),
        _is_rendered,
        why_not=_why_no_rendering,
    ),
    *(_rendering_command(key, preset.title) for key, preset in VOLUME_PRESETS.items()),
    Command(
        "view.cut_images",
        "Image on cut planes",
        _toggle_cut_images,
        ("Shift+H",),
        is_checked=lambda state: state.arrangement.has_cut_images,
    ),
    *(_layout_command(number, layout, title) for number, (layout, title) in enumerate(LAYOUTS, 1)),
    Command(
        "view.scene_alone",
        "Only the 3-D view, and back",
        lambda desk: desk.session.viewing.show_alone(SCENE),
        ("F11",),
        "",
        is_checked=lambda state: state.arrangement.alone == SCENE,
    ),
)
