"""Two images of one heart are laid over each other: known motions come back, and what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.errors import Cancelled, PlannerError
from core.frames import rigid
from core.fusion import ImageKey
from core.progress import Reporting
from recon.fusion.distances import TRUNCATED_MM, DistanceStack, signed_distances_mm, stack_of_labels
from recon.fusion.register import Pair, register, register_labels
from recon.fusion.starts import pose_of_pairs
from recon.fusion.velocity import Grid
from tests.support import registered_balls as balls

WAVES = np.array([[0.030, 0.010, 0.020], [-0.015, 0.025, 0.010], [0.010, -0.020, 0.028]])
AMPLITUDES_MM = np.array([[2.4, 1.0, -0.8], [-1.0, 2.2, 1.4], [1.2, -1.5, 2.3]])


def bent(points: np.ndarray) -> np.ndarray:
    """A smooth motion of up to 6 mm."""
    return points + np.sin((points - balls.CENTRE_MM) @ WAVES.T + (0.3, 1.2, 2.1)) @ AMPLITUDES_MM


def unbent(points: np.ndarray) -> np.ndarray:
    found = points.copy()
    for _ in range(60):
        found = found - (bent(found) - points)
    return found


def turned_by_deg(matrix: np.ndarray) -> float:
    return float(np.degrees(np.linalg.norm(matrix[:3, :3] - matrix[:3, :3].T) / np.sqrt(8.0)))


def test_a_known_turn_and_shift_come_back() -> None:
    fixed = balls.stack(balls.still, balls.CENTRE_MM)
    moving = balls.stack(balls.unmoved, balls.moving_centre())
    found = register(balls.pair(fixed, moving), is_smooth=False)
    rest = found.fixed_from_moving.matrix @ balls.MOTION
    middle = np.append(balls.CENTRE_MM, 1.0)
    assert np.linalg.norm((rest @ middle - middle)[:3]) < 0.1
    assert turned_by_deg(rest) < 0.1
    assert max(found.error.residual_mm.values()) < 0.1


def test_a_large_turn_is_found_from_the_structures_centres() -> None:
    fixed = balls.stack(balls.still, balls.CENTRE_MM)
    motion = rigid(np.radians((20.0, 35.0, -60.0)), np.array((40.0, 90.0, -70.0)))
    back = np.linalg.inv(motion)
    centre = motion[:3, :3] @ balls.CENTRE_MM + motion[:3, 3]
    moving = balls.stack(lambda p: p @ back[:3, :3].T + back[:3, 3], centre)
    found = register(balls.pair(fixed, moving), is_smooth=False)
    assert np.allclose(found.fixed_from_moving.matrix @ motion, np.eye(4), atol=0.1)


def test_one_image_on_itself_stays_where_it_is() -> None:
    labels = balls.labels(balls.still, balls.CENTRE_MM, "1.1")
    key = ImageKey("9.1", 0, "1.1", "CT")
    found = register_labels(labels, labels, key, key)
    points = balls.surface_points()
    assert np.abs(found.fixed_points(points) - points).max() < 0.02
    assert [finding.code for finding in found.findings if finding.code == "fusion_same_space"]


@pytest.fixture(scope="module")
def both_ways():
    """A smooth motion on top of a rigid one, registered in both directions."""
    fixed = balls.stack(balls.still, balls.CENTRE_MM)
    moving = balls.stack(lambda points: bent(balls.unmoved(points)), balls.moving_centre())
    forth = register(balls.pair(fixed, moving))
    there = balls.pair(fixed, moving)
    back = register(Pair(moving, fixed, there.moving_key, there.fixed_key))
    return forth, back


def test_a_smooth_motion_comes_back_at_the_surfaces(both_ways) -> None:
    found, _ = both_ways
    points = balls.surface_points()
    truth = balls.moved(unbent(points))
    away = np.linalg.norm(found.moving_from_fixed(points) - truth, axis=1)
    rigid_away = np.linalg.norm(found.fixed_from_moving.inverse().apply(points) - truth, axis=1)
    assert found.warp is not None
    # Along a ball's surface nothing tells a point from its neighbour: only its distance from the surface is certain.
    assert (
        max(found.error.residual_mm.values())
        < 0.3
        < 0.8
        < np.mean(list(found.error.rigid_residual_mm.values()))
    )
    assert away.mean() < 0.75 * rigid_away.mean()


def test_the_deformation_folds_nowhere_and_its_inverse_leads_back(both_ways) -> None:
    found, _ = both_ways
    points = balls.surface_points()
    assert 0.2 < found.error.jacobian[0] < 1.0 < found.error.jacobian[1] < 3.0
    again = found.fixed_points(found.moving_from_fixed(points))
    assert np.linalg.norm(again - points, axis=1).max() < 0.5
    assert found.error.inverse_mm < 0.5


def test_images_that_change_places_give_the_inverse(both_ways) -> None:
    forth, back = both_ways
    points = balls.surface_points()
    around = back.moving_from_fixed(forth.moving_from_fixed(points))
    away = np.linalg.norm(around - points, axis=1)
    assert away.mean() < 0.5
    assert away.max() < 1.5


def test_the_estimated_error_comes_from_structures_that_were_left_out(both_ways) -> None:
    found, _ = both_ways
    error = found.error
    assert set(error.left_out_mm) == set(balls.BALLS)
    assert np.mean(list(error.left_out_mm.values())) > np.mean(list(error.residual_mm.values()))
    rms = np.sqrt(np.mean(np.square(list(error.left_out_mm.values()))))
    assert error.estimated_tre_mm == pytest.approx(np.sqrt(3.0) * rms)


def test_hearts_that_do_not_fit_are_refused() -> None:
    fixed = balls.stack(balls.still, balls.CENTRE_MM)
    far = {key: np.array(middle) for key, (middle, _) in balls.BALLS.items()}
    grid, shape = balls.grid_around(balls.CENTRE_MM)
    index = np.indices(shape).reshape(3, -1).T @ grid[:3, :3].T + grid[:3, 3]
    from recon.fusion.distances import field_of_distances

    swapped = dict(zip(far, (far["aorta"], far["la"], far["ra"], far["rv"], far["lv"]), strict=True))
    other = {
        key: field_of_distances(
            key,
            (np.linalg.norm(index - balls.CENTRE_MM - middle, axis=1) - balls.BALLS[key][1]).reshape(shape),
            grid,
        )
        for key, middle in swapped.items()
    }
    with pytest.raises(PlannerError, match="mm apart however they are turned"):
        register(balls.pair(fixed, DistanceStack(other)))


def test_nothing_in_common_is_refused() -> None:
    fixed = balls.stack(balls.still, balls.CENTRE_MM, ("lv", "rv"))
    moving = balls.stack(balls.still, balls.CENTRE_MM, ("la", "ra"))
    with pytest.raises(PlannerError, match="no structure of the heart was found in both"):
        register(balls.pair(fixed, moving))


def test_a_single_ball_tells_no_turn_and_is_refused() -> None:
    alone = balls.stack(balls.still, balls.CENTRE_MM, ("lv",))
    with pytest.raises(PlannerError, match="do not tell how one is turned"):
        register(balls.pair(alone, alone))


def test_a_structure_of_one_image_only_takes_no_part_and_is_told() -> None:
    fixed = balls.stack(balls.still, balls.CENTRE_MM)
    moving = balls.stack(balls.still, balls.CENTRE_MM, ("lv", "rv", "la", "ra"))
    found = register(balls.pair(fixed, moving), is_smooth=False)
    assert "aorta" not in found.error.residual_mm
    assert "Aorta" in next(finding.what for finding in found.findings if finding.code == "fusion_missing")


def test_cancelling_stops_at_the_next_report() -> None:
    labels = balls.labels(balls.still, balls.CENTRE_MM, "1.1")
    key, reports = ImageKey("9.1"), []
    stop = Reporting(lambda stage, _: reports.append(stage), lambda: len(reports) == 3)
    with pytest.raises(Cancelled):
        register_labels(labels, labels, key, key, progress=stop)
    assert len(reports) == 3


def test_distances_of_labels_are_the_ball_s_within_a_third_of_a_voxel_near_its_surface() -> None:
    labels = balls.labels(balls.still, balls.CENTRE_MM, "1.1", spacing_mm=2.0)
    field = stack_of_labels(labels)["aorta"]
    middle, radius = balls.BALLS["aorta"]
    truth, spread = [], np.random.default_rng(0).normal(size=(400, 3))
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    for offset in (-1.0, 0.0, 1.0):
        places = torch.as_tensor(balls.CENTRE_MM + middle + (radius + offset) * spread, dtype=torch.float32)
        distance, gradient, seen = field.at(places)
        truth.append(distance.numpy() - offset)
        assert bool(seen.all())
        outward = (gradient.numpy() * spread).sum(axis=1)
        # The border of a label map has steps, which take a little of the slope.
        assert 0.85 < outward.mean() < 1.03
    assert np.abs(np.concatenate(truth)).mean() < 0.67


def test_distances_beyond_the_truncation_stay_there_and_pull_nowhere() -> None:
    field = balls.stack(balls.still, balls.CENTRE_MM)["lv"]
    far = torch.as_tensor(balls.CENTRE_MM[None] + [[60.0, 0.0, 0.0]], dtype=torch.float32)
    distance, gradient, _ = field.at(far)
    assert float(distance) == pytest.approx(TRUNCATED_MM)
    assert float(gradient.abs().max()) == pytest.approx(0.0, abs=1e-5)


def test_anisotropic_voxels_give_distances_in_mm() -> None:
    mask = np.zeros((10, 40, 40), dtype=bool)
    mask[:5] = True
    found = signed_distances_mm(mask, np.array([4.0, 1.0, 1.0]))
    assert np.sign(found[3, 20, 20]) < 0 < np.sign(found[6, 20, 20])
    assert found[6, 20, 20] - found[5, 20, 20] == pytest.approx(4.0, abs=1.3)


def test_pairs_of_points_give_the_turn_that_made_them() -> None:
    points = np.random.default_rng(4).normal(size=(6, 3)) * 30.0
    pose = rigid(np.radians((30.0, -70.0, 110.0)), np.array((5.0, 6.0, 7.0)))
    assert np.allclose(pose_of_pairs(points @ pose[:3, :3].T + pose[:3, 3], points), pose, atol=1e-9)


def test_a_flow_and_its_reverse_undo_each_other() -> None:
    grid = Grid(np.zeros(3), np.full(3, 120.0), 4.0)
    rng = np.random.default_rng(5)
    rough = rng.normal(size=(3, *grid.shape)) * 60.0
    velocity = torch.as_tensor(
        np.stack([ndimage.gaussian_filter(one, 5.0) for one in rough]), dtype=torch.float32
    )
    velocity = velocity * grid.window(velocity)
    forth, back = grid.flow(velocity), grid.flow(-velocity)
    assert float(forth.abs().max()) > 2.0
    left_over = grid.composed(back, forth).norm(dim=0)
    assert float(left_over.mean()) < 0.03
    # Steps of 4 mm are read between their points; where the field fades out at the rim this shows most.
    assert float(left_over.max()) < 0.5
    assert grid.jacobian(forth)[0] > 0.0


def test_the_change_of_volume_of_a_stretch_is_its_product() -> None:
    grid = Grid(np.zeros(3), np.full(3, 40.0), 4.0)
    z, y, x = np.meshgrid(*[np.arange(n) * 4.0 for n in grid.shape], indexing="ij")
    stretched = torch.as_tensor(np.stack([0.2 * x, -0.1 * y, 0.05 * z]), dtype=torch.float32)
    low, high = grid.jacobian(stretched)
    assert low == pytest.approx(1.2 * 0.9 * 1.05, abs=1e-4)
    assert high == pytest.approx(1.2 * 0.9 * 1.05, abs=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_gpu_registers_as_the_cpu_does() -> None:
    fixed = balls.labels(balls.still, balls.CENTRE_MM, "1.1")
    moving = balls.labels(balls.unmoved, balls.moving_centre(), "1.2")
    keys = ImageKey("9.1", 0, "1.1", "CT"), ImageKey("9.2", 0, "1.2", "MR")
    poses = [
        register_labels(fixed, moving, *keys, is_smooth=False, device=device).fixed_from_moving.matrix
        for device in ("cpu", "cuda")
    ]
    assert np.allclose(*poses, atol=0.01)
