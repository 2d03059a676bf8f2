"""The 3-D view: a placeholder at once, VTK's widget as soon as its library is there."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QEvent, QObject, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QStackedLayout, QWidget

from app.measures.wall import with_painted
from app.state import State
from app.tools import Tool, points_scene
from app.viewing.arrangement import SCENE, Aim
from app.viewing.in_space import ImagesInSpace, rendering
from app.views.cut_maker import CutMaker
from app.views.labels import plain_label
from app.views.plane_wheel import PlaneWheel
from app.views.slices.hover_readout import HoverReadout
from core.anatomy import Anatomy
from core.errors import PlannerError
from plan.handles import dragged, handles
from plan.items import CutPlane, Point
from plan.plan import Plan

if TYPE_CHECKING:
    from render.renderer import SceneRenderer
    from render.scene import CameraView

CLICK_PX = 4
LONGEST_CUT_S = 5.0
NOTHING_YET = "Nothing to show in 3-D yet: reconstruct a series, or import a surface."


class SceneView(QWidget):
    """Shows anatomy and plan in space; emits points placed on surfaces and planes that were dragged."""

    placed = pyqtSignal(object)
    looked_at = pyqtSignal(object)
    plane_moved = pyqtSignal(str, object, object)
    plane_wheeled = pyqtSignal(float)
    plane_rested = pyqtSignal()
    finished = pyqtSignal()
    point_dragged = pyqtSignal(object)
    point_dropped = pyqtSignal()
    refused = pyqtSignal(object)
    ready = pyqtSignal()
    alone_requested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scene")
        self.renderer: SceneRenderer | None = None
        self.interactor: Any = None
        self._state = State()
        self._pressed: QPoint | None = None
        self._hover = HoverReadout(self)
        self._wheel = PlaneWheel(self)
        self._framed_uid: str | None = None
        self._aim: Aim | None = None
        self._in_space = ImagesInSpace()
        self.cut_maker = CutMaker(self)
        self.cut_maker.made.connect(lambda: self._show(self._state.shown_plan))
        self.cut_maker.refused.connect(self.refused)
        self._waiting = plain_label("Preparing the 3-D view…", "quiet")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        # Beside a picture this view is narrow: a sentence takes no room from the images.
        self._waiting.setWordWrap(True)
        self._waiting.setMinimumWidth(1)
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self._waiting)

    def build(self) -> None:
        """Make VTK's widget. Slow the first time unless `preload` ran before in another thread."""
        from pyvistaqt import QtInteractor

        from render.renderer import SceneRenderer

        self.interactor = QtInteractor(self, auto_update=False)
        self.interactor.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.interactor.setAcceptDrops(False)
        self.interactor.installEventFilter(self)
        self._layout.addWidget(self.interactor)
        self._waiting.setText(NOTHING_YET)
        self.renderer = SceneRenderer(self.interactor)
        self.renderer.drag_planes(self._preview, self._release)
        self.renderer.drag_points(self._drag_point, lambda *_: self.point_dropped.emit())
        self.show_state(self._state)
        self.ready.emit()

    def show_state(self, state: State) -> None:
        """Show this state from now on."""
        self._state = state
        if self.renderer is not None:
            # Before anything is drawn: VTK's window draws nothing of a volume while it has never been seen.
            self._layout.setCurrentWidget(self.interactor if _has_content(state) else self._waiting)
            self._show(state.shown_plan)
            self._frame_new_patient(state)
            self._follow_aim(state.arrangement.aim)
            self.renderer.show_orientation(state.is_in_patient)
            is_navigating = state.tool is Tool.NAVIGATE
            self.interactor.setCursor(
                Qt.CursorShape.ArrowCursor if is_navigating else Qt.CursorShape.CrossCursor
            )

    def reset(self) -> None:
        """Look at everything from the front."""
        if self.renderer is not None:
            self.renderer.reset_camera()

    def picture(self) -> np.ndarray | None:
        """What is drawn, uint8 RGB (rows, columns, 3); None before the view is built."""
        if self.renderer is None:
            return None
        return np.asarray(self.interactor.screenshot(return_img=True))[..., :3]

    def camera(self) -> CameraView | None:
        """Where the view looks from now; None before it is built."""
        if self.renderer is None:
            return None
        from render.camera import view_of

        return view_of(self.interactor.renderer.GetActiveCamera())

    def close_scene(self) -> None:
        """Let go of VTK's window; the view shows nothing afterwards."""
        self._hover.stop()
        self._wheel.stop()
        self.cut_maker.close(LONGEST_CUT_S)
        if self.renderer is not None:
            self.interactor.removeEventFilter(self)
            self.renderer.close()
            self.interactor.close()
            self.renderer = self.interactor = None

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Tell a click, which places a point, from a drag, which turns the scene."""
        if isinstance(event, QWheelEvent) and watched is self.interactor:
            return self._wheel.turn(event)
        if isinstance(event, QMouseEvent) and watched is self.interactor:
            here = event.position().toPoint()
            self._hover.move(here, event, bool(self.painted_by))
            if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._pressed = here
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                if (
                    here - self._pressed
                ).manhattanLength() < CLICK_PX and self._state.tool is not Tool.NAVIGATE:
                    self._pick(here, self.placed)
                self._pressed = None
            elif event.type() == QEvent.Type.MouseButtonDblClick:
                if self._state.tool is Tool.NAVIGATE:
                    # Beside the surfaces there is no place to look at.
                    if not self._pick(here, self.looked_at):
                        self.alone_requested.emit(SCENE)
                else:
                    self.finished.emit()
        return False

    @property
    def painted_by(self) -> str:
        """The field that surfaces are painted by; empty for none."""
        return self._state.view.painted_by

    def steadiness(self, here: QPoint) -> tuple[str, float] | None:
        """Structure key and value in mm (NaN: unknown) of the painted surface below a place of the picture."""
        return None if self.renderer is None else self.renderer.steadiness(*self._display_px(here))

    def _frame_new_patient(self, state: State) -> None:
        """Look at the first anatomy of a patient space as a whole; phases that follow keep the user's view."""
        uid = state.anatomy.frame_of_reference_uid if state.anatomy is not None else None
        if state.volume is not None and state.volume.frame_of_reference_uid != self._framed_uid and uid is None:
            self._framed_uid = None
        if uid is not None and uid != self._framed_uid and self.renderer is not None:
            self._framed_uid = uid
            self.renderer.reset_camera()

    def _follow_aim(self, aim: Aim | None) -> None:
        """Look as a standard view that was just asked for; afterwards the user turns the scene as ever."""
        from render.camera import looking_along

        if aim is not self._aim and aim is not None and aim.is_for_scene and self.renderer is not None:
            # The angle of view is that of the height: a view that is narrower than high shows less to the sides.
            narrow = max(1.0, self.height() / max(self.width(), 1))
            self.renderer.look(looking_along(aim.focal_mm, aim.normal, aim.up, narrow * aim.reach_mm))
        self._aim = aim

    def _pick(self, here: QPoint, signal: Any) -> bool:
        found = self.renderer.pick(*self._display_px(here)) if self.renderer is not None else None
        if found is not None:
            signal.emit(found[1])
        return found is not None

    def _display_px(self, here: QPoint) -> tuple[float, float]:
        ratio = self.interactor.devicePixelRatioF()
        return here.x() * ratio, (self.interactor.height() - 1 - here.y()) * ratio

    def _show(self, plan: Plan, is_held: bool = False) -> None:
        """Show a plan; while a cut of it is held, what takes long is shown roughly."""
        from render.compose import compose

        if self.renderer is None:
            return
        state = self._state
        nothing = Anatomy({}, frame_of_reference_uid=plan.frame_of_reference_uid)
        anatomy = with_painted(state.anatomy, state.view) or nothing
        is_rough = self.cut_maker.must_wait(anatomy, plan, state.view, is_held or state.dragged is not None)
        try:
            scene = compose(anatomy, plan, state.view, self._camera_of_images(), may_be_rough=is_rough)
        except PlannerError as refusal:
            self.refused.emit(refusal)
            return
        scene = self._in_space.added(scene, state, anatomy, plan)
        points, lines = points_scene(state.placed_mm)
        self.renderer.show(replace(scene, points=scene.points + points, polylines=scene.polylines + lines))

    def _camera_of_images(self) -> CameraView | None:
        """Without surfaces the images say how much to show; else the first point placed would fill the view."""
        from render.camera import fit

        volume = self._state.volume
        is_framed = volume is not None and volume.frame_of_reference_uid == self._framed_uid
        if volume is None or self._state.anatomy is not None or is_framed:
            return None
        ends = np.array([(0, 0, 0), volume.shape]) - 0.5
        corners = np.array(list(product(*ends.T)))
        places = volume.patient_from_indices(corners)
        return fit(np.stack([places.min(axis=0), places.max(axis=0)]))

    def _preview(self, item_id: str, origin_mm: Point, normal: Point) -> None:
        plane = self._state.plan.find(item_id)
        if isinstance(plane, CutPlane):
            moved = replace(plane, origin_mm=origin_mm, normal=normal)
            self._show(self._state.plan.with_item(moved), is_held=True)

    def _drag_point(self, item_id: str, before_mm: Point, now_mm: Point) -> None:
        """Point `before_mm` of an item is held at `now_mm`; balls that are no item's, such as placed ones, stay."""
        item = next((found for found in self._state.plan.items if found.item_id == item_id), None)
        for handle in handles(item) if item is not None else ():
            if item is not None and handle.position_mm == before_mm:
                self.point_dragged.emit(dragged(item, handle, now_mm))
                return

    def _release(self, item_id: str, origin_mm: Point, normal: Point) -> None:
        self.plane_moved.emit(item_id, origin_mm, normal)


def _has_content(state: State) -> bool:
    if state.anatomy is not None or bool(state.shown_plan.items) or bool(state.placed_mm):
        return True
    return rendering(state, state.shown_plan) is not None
