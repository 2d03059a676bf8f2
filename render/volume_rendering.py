"""A volume drawn as a whole, each value with its colour and opacity, cut by the same planes as the surfaces."""

from __future__ import annotations

import numpy as np
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  (registers how VTK draws volumes)
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction, vtkPlane
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolume, vtkVolumeProperty
from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkSmartVolumeMapper

from core.volume import Volume
from render.scene import VolumeLook
from render.volume_looks import VOLUME_PRESETS, VolumePreset
from render.window import auto_window

_VTK_TYPES = {np.dtype(t) for t in ("i1", "u1", "i2", "u2", "f4")}


def volume_actor(look: VolumeLook) -> vtkVolume:
    """The volume as VTK draws it, in LPS mm."""
    spacing = look.volume.spacing_mm[::-1]
    mapper = vtkSmartVolumeMapper()
    mapper.SetInputData(_image(look.volume, spacing))
    mapper.SetBlendModeToComposite()
    actor = vtkVolume()
    actor.SetMapper(mapper)
    actor.SetProperty(_property(look))
    # Millimetres along the grid's own axes, turned into the patient's: VTK's image spacing holds the rest.
    matrix = np.eye(4)
    matrix[:3, :3] = look.volume.axes[:, ::-1]
    matrix[:3, 3] = look.volume.origin_mm
    placed = vtkMatrix4x4()
    placed.DeepCopy(matrix.ravel().tolist())
    actor.SetUserMatrix(placed)
    actor.SetPickable(False)
    cut_volume(actor, look)
    return actor


def cut_volume(actor: vtkVolume, look: VolumeLook) -> None:
    """Hide what lies on the side that the normals of the look's planes point to."""
    mapper = actor.GetMapper()
    mapper.RemoveAllClippingPlanes()
    for origin_mm, normal in look.planes:
        plane = vtkPlane()
        plane.SetOrigin(*origin_mm)
        # VTK keeps what its normals point to.
        plane.SetNormal(*(-part for part in normal))
        mapper.AddClippingPlane(plane)


def _image(volume: Volume, spacing: np.ndarray) -> vtkImageData:
    voxels = volume.voxels
    if voxels.dtype not in _VTK_TYPES:
        voxels = voxels.astype(np.float32)
    image = vtkImageData()
    image.SetDimensions(*voxels.shape[::-1])
    image.SetSpacing(*spacing)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(voxels).ravel()))
    return image


def _property(look: VolumeLook) -> vtkVolumeProperty:
    preset = VOLUME_PRESETS[look.preset]
    low, high = _range(look.volume, preset)
    opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    for value, part in preset.opacities:
        opacity.AddPoint(low + value * (high - low), part)
    for value, rgb in preset.colours:
        colour.AddRGBPoint(low + value * (high - low), *rgb)
    material = vtkVolumeProperty()
    material.SetScalarOpacity(opacity)
    material.SetScalarOpacityUnitDistance(1.0)
    material.SetColor(colour)
    material.SetInterpolationTypeToLinear()
    material.ShadeOn()
    material.SetAmbient(0.25)
    material.SetDiffuse(0.75)
    material.SetSpecular(0.15)
    material.SetSpecularPower(16.0)
    return material


def _range(volume: Volume, preset: VolumePreset) -> tuple[float, float]:
    """What 0 and 1 of the preset's values mean."""
    if not preset.is_relative:
        return 0.0, 1.0
    level, width = auto_window(volume)
    return level - width / 2.0, level + width / 2.0
