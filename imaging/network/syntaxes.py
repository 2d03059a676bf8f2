"""Which kinds of objects and which encodings are offered to an archive."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.uid import (
    JPEG2000,
    UID,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    EncapsulatedOBJStorage,
    EncapsulatedPDFStorage,
    EncapsulatedSTLStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    EnhancedSRStorage,
    EnhancedUSVolumeStorage,
    EnhancedXAImageStorage,
    EnhancedXRFImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    MRImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    PositronEmissionTomographyImageStorage,
    RLELossless,
    RTStructureSetStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    SurfaceSegmentationStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    XRay3DAngiographicImageStorage,
    XRayAngiographicImageStorage,
    XRayRadiofluoroscopicImageStorage,
)
from pynetdicom import AllStoragePresentationContexts, build_context, build_role
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

VERIFICATION = UID("1.2.840.10008.1.1")
PATIENT_FIND = UID("1.2.840.10008.5.1.4.1.2.1.1")
STUDY_FIND = UID("1.2.840.10008.5.1.4.1.2.2.1")
STUDY_MOVE = UID("1.2.840.10008.5.1.4.1.2.2.2")
STUDY_GET = UID("1.2.840.10008.5.1.4.1.2.2.3")
PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
COMPRESSED = (
    JPEGLosslessSV1,
    JPEGLossless,
    JPEGLSLossless,
    JPEG2000Lossless,
    RLELossless,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    JPEG2000,
)
"""Lossless ones first. Deflated data sets are left out: a small one can unfold without bound."""
ACCEPTED = (*PLAIN, ExplicitVRBigEndian, *COMPRESSED)
MOST_CONTEXTS = 128
"""DICOM PS3.8 9.3.2.2: identifiers are the odd numbers of a byte."""

# A C-GET says beforehand what may come; an archive takes one encoding of each context, so that
# the images that hospitals compress have one context for each encoding.
COMPRESSED_CLASSES = (
    CTImageStorage,
    MRImageStorage,
    UltrasoundMultiFrameImageStorage,
    XRayAngiographicImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
)
OTHER_CLASSES = (
    UltrasoundImageStorage,
    XRayRadiofluoroscopicImageStorage,
    EnhancedXAImageStorage,
    EnhancedXRFImageStorage,
    XRay3DAngiographicImageStorage,
    EnhancedUSVolumeStorage,
    SecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    PositronEmissionTomographyImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
)
OBJECT_CLASSES = (
    SegmentationStorage,
    SurfaceSegmentationStorage,
    RTStructureSetStorage,
    EnhancedSRStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EncapsulatedPDFStorage,
    EncapsulatedSTLStorage,
    EncapsulatedOBJStorage,
)


def contexts_to_get(model: str) -> tuple[list[PresentationContext], list[SCP_SCU_RoleSelectionNegotiation]]:
    """What a C-GET under `model` offers, and the roles that let the archive store to us."""
    contexts = [build_context(model)]
    for uid in COMPRESSED_CLASSES:
        contexts += [build_context(uid, list(PLAIN)), *(build_context(uid, syntax) for syntax in COMPRESSED)]
    for uid in OTHER_CLASSES:
        contexts += [build_context(uid, list(PLAIN)), build_context(uid, list(COMPRESSED))]
    contexts += [build_context(uid, list(PLAIN)) for uid in OBJECT_CLASSES]
    classes = (*COMPRESSED_CLASSES, *OTHER_CLASSES, *OBJECT_CLASSES)
    return contexts, [build_role(uid, scp_role=True) for uid in classes]


def contexts_to_receive() -> list[PresentationContext]:
    """What our listener accepts: every storage class, in every encoding that is read."""
    return [
        build_context(cx.abstract_syntax, list(ACCEPTED))
        for cx in AllStoragePresentationContexts
        if cx.abstract_syntax is not None
    ]


def offered_to_send(kinds: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What sending objects of these (SOP class, transfer syntax) offers: their own encoding first, then plain ones."""
    wanted = dict.fromkeys(kinds)
    plain = {(sop_class, str(syntax)): None for sop_class, _ in wanted for syntax in PLAIN}
    return list(wanted | plain)


def contexts_to_send(kinds: Iterable[tuple[str, str]]) -> list[PresentationContext]:
    """The same as presentation contexts, one for each encoding."""
    return [build_context(sop_class, syntax) for sop_class, syntax in offered_to_send(kinds)]


def is_read(syntax: str) -> bool:
    """True for an encoding that Auricle reads and takes from a network."""
    return syntax in ACCEPTED and syntax != DeflatedExplicitVRLittleEndian


def syntax_name(syntax: str) -> str:
    """The name of a transfer syntax for a person; the UID itself where it has none."""
    return UID(syntax).name
