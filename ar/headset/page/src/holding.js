/** Taking the heart in one hand or two: it follows one hand, and between two hands it grows, 1:1 to 5:1. */

import * as THREE from 'three';
import { clampScale } from './geometry.js';

/** The heart's pose after the only hand that holds it moved: the same in the hand's eyes. */
export function carried(pose, handBefore, handNow) {
  const moved = handNow.clone().multiply(handBefore.clone().invert());
  return moved.multiply(pose);
}

/**
 * The heart's pose after both hands moved: turned and shifted as the line between them, grown as its length.
 * `before` and `now` are pairs of positions; a scale outside of 1:1 to 5:1 stops at its end, about the hands' middle.
 */
export function stretched(pose, before, now) {
  const [span, spanNow] = [before[1].clone().sub(before[0]), now[1].clone().sub(now[0])];
  const scale = new THREE.Vector3().setFromMatrixScale(pose).x;
  const wanted = clampScale((scale * spanNow.length()) / Math.max(span.length(), 1e-4));
  const turn = new THREE.Quaternion().setFromUnitVectors(span.normalize(), spanNow.normalize());
  const middle = before[0].clone().add(before[1]).multiplyScalar(0.5);
  const middleNow = now[0].clone().add(now[1]).multiplyScalar(0.5);
  return new THREE.Matrix4()
    .makeTranslation(middleNow)
    .multiply(new THREE.Matrix4().makeRotationFromQuaternion(turn))
    .multiply(new THREE.Matrix4().makeScale(wanted / scale, wanted / scale, wanted / scale))
    .multiply(new THREE.Matrix4().makeTranslation(middle.negate()))
    .multiply(pose);
}

/** Where a plane goes that a hand holds: carried as the hand moved, in LPS mm. */
export function planeCarried(place, patient, handBefore, handNow) {
  const moved = patient
    .clone()
    .invert()
    .multiply(handNow)
    .multiply(handBefore.clone().invert())
    .multiply(patient);
  const origin = new THREE.Vector3(...place.origin_mm).applyMatrix4(moved);
  const normal = new THREE.Vector3(...place.normal).transformDirection(moved);
  return { origin_mm: origin.toArray(), normal: normal.toArray() };
}

/** The pose of a heart at true size, registered by a fit from LPS mm to metres of the page. */
export function registeredPose(fit, centreMm, pageFromPatient) {
  const r = fit.rotation;
  const pageFromMm = new THREE.Matrix4().set(
    r[0][0] / 1000, r[0][1] / 1000, r[0][2] / 1000, fit.shift[0] / 1000,
    r[1][0] / 1000, r[1][1] / 1000, r[1][2] / 1000, fit.shift[1] / 1000,
    r[2][0] / 1000, r[2][1] / 1000, r[2][2] / 1000, fit.shift[2] / 1000,
    0, 0, 0, 1,
  );
  return pageFromMm.multiply(new THREE.Matrix4().fromArray(pageFromPatient(centreMm)).invert());
}

