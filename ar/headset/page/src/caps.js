/**
 * Lids on cut surfaces, without computing them: where a plane looks into a closed surface, the stencil counts one more
 * inner side than outer sides.
 */

import * as THREE from 'three';
import { setOnPlane } from './marks.js';

const BIG_MM = 600;

/** The lids of all structures at all planes. Children are in LPS mm, as the structures are. */
export class Caps extends THREE.Group {
  /** Make them anew. `cuts` has a clipping plane (page metres) and the plane's place (LPS mm) each. */
  show(structures, cuts) {
    this.clear();
    let order = 1;
    const closed = structures.filter((one) => one.visible && one.userData.is_closed);
    // Where one structure lies within another, the inner one's lid is drawn last and is seen.
    closed.sort((a, b) => sizeOf(b) - sizeOf(a));
    for (const cut of cuts) {
      for (const structure of closed) {
        const own = cutsOf(structure, cuts);
        if (!own.includes(cut)) continue;
        const others = own.filter((one) => one !== cut).map((one) => one.clipping);
        this.add(counter(structure, cut, THREE.BackSide, THREE.IncrementWrapStencilOp, order));
        this.add(counter(structure, cut, THREE.FrontSide, THREE.DecrementWrapStencilOp, order));
        this.add(lid(structure, cut, others, order + 0.5));
        order += 1;
      }
    }
    this.follow();
  }

  /** Move the lids to where their planes are now; a plane that misses a structure closes nothing. */
  follow() {
    for (const child of this.children) {
      const { cut, structure, isLid } = child.userData;
      if (isLid) setOnPlane(child, cut);
      const { center, radius } = structure.geometry.boundingSphere;
      const [x, y, z] = cut.origin_mm;
      const apart = new THREE.Vector3(x, y, z).sub(center).sub(structure.position).dot(new THREE.Vector3(...cut.normal));
      child.visible = Math.abs(apart) <= radius;
    }
  }

  clear() {
    for (const child of [...this.children]) {
      child.material.dispose();
      this.remove(child);
    }
    return this;
  }
}

/** The cuts that a structure is not spared by. */
export function cutsOf({ userData }, cuts) {
  return cuts.filter((cut) => !cut.spared.includes(userData.key));
}

function counter(structure, cut, side, operation, order) {
  const material = new THREE.MeshBasicMaterial({
    side,
    clippingPlanes: [cut.clipping],
    // In the list of transparent things, which is drawn after all surfaces and in the order given.
    transparent: true,
    colorWrite: false,
    depthWrite: false,
    depthTest: false,
    stencilWrite: true,
    stencilFunc: THREE.AlwaysStencilFunc,
    stencilFail: operation,
    stencilZFail: operation,
    stencilZPass: operation,
  });
  const mesh = new THREE.Mesh(structure.geometry, material);
  mesh.position.copy(structure.position);
  mesh.userData = { cut, structure, isLid: false };
  mesh.renderOrder = order;
  return mesh;
}

function sizeOf({ geometry }) {
  if (!geometry.boundingSphere) geometry.computeBoundingSphere();
  return geometry.boundingSphere.radius;
}

const square = new THREE.PlaneGeometry(BIG_MM, BIG_MM);

function lid(structure, cut, others, order) {
  const { color, opacity } = structure.material;
  const material = new THREE.MeshStandardMaterial({
    color: color.clone().multiplyScalar(0.85),
    roughness: 0.9,
    opacity,
    transparent: true,
    side: THREE.DoubleSide,
    polygonOffset: true,
    polygonOffsetUnits: -4 * order,
    clippingPlanes: others,
    stencilWrite: true,
    stencilRef: 0,
    stencilFunc: THREE.NotEqualStencilFunc,
    stencilFail: THREE.ReplaceStencilOp,
    stencilZFail: THREE.ReplaceStencilOp,
    stencilZPass: THREE.ReplaceStencilOp,
  });
  const mesh = new THREE.Mesh(square, material);
  mesh.userData = { cut, structure, isLid: true };
  setOnPlane(mesh, cut);
  mesh.renderOrder = order;
  mesh.onAfterRender = (renderer) => renderer.clearStencil();
  return mesh;
}
