/** The heart with its plan as things to draw: an object whose own units are LPS millimetres. */

import * as THREE from 'three';
import { Caps, cutsOf } from './caps.js';
import { pageFromPatient } from './geometry.js';
import { ball, discard, frame, setOnPlane, stick, text } from './marks.js';

const LABEL_PER_METRE = 0.022;
const FAINT = 0.12;
const MOST_KEPT_TRIANGLES = 2e6;
const BEHIND_MS = 700;
const FOUND = [0.75, 0.95, 0.3];
const FOUND_MM = 2.5;

export class Heart extends THREE.Group {
  /** @param {(structure: object) => Promise<{positions, triangles, centre_mm, is_closed}>} load gives a surface */
  constructor(load) {
    super();
    this.load = load;
    this.patient = new THREE.Group();
    this.patient.matrixAutoUpdate = false;
    this.surfaces = new THREE.Group();
    this.caps = new Caps();
    this.marks = new THREE.Group();
    this.frames = new THREE.Group();
    this.own = new THREE.Group();
    this.patient.add(this.surfaces, this.caps, this.marks, this.frames, this.own);
    this.add(this.patient);
    this.cuts = [];
    this.withCaps = true;
    this.withLabels = true;
    this.onlyKey = null;
    this.known = new Map();
    this.space = '';
    this.wanted = null;
    this.shown = null;
    this.wantedMs = 0;
    this.coming = null;
    this.shownSet = '[]';
    this.shownMarks = '';
  }

  /**
   * Show these structures: all at once as soon as all are here, so that no heart is seen that is of two phases. Of
   * messages that come while surfaces are fetched the newest is next. Resolves with the titles that failed.
   */
  showStructures(message) {
    if (message.space !== this.space) this.leave(message.space);
    if (message !== this.wanted) this.wantedMs = performance.now();
    this.wanted = message;
    this.coming ??= this.bring().finally(() => (this.coming = null));
    return this.coming;
  }

  async bring() {
    for (;;) {
      const message = this.wanted;
      const failed = [];
      for (const structure of message.structures) {
        if (message.space !== this.space) break;
        if (this.known.has(structure.surface)) continue;
        const mesh = await this.fetched(structure).catch(() => null);
        if (message.space !== this.space) break;
        if (mesh) this.known.set(structure.surface, mesh);
        else failed.push(structure.title);
      }
      const isNewest = message === this.wanted;
      // A phase that is whole is shown though a newer one waits: a slow viewer would else see the heart stand still.
      if (isNewest || (message.space === this.space && !failed.length)) this.put(message);
      if (isNewest) return failed;
    }
  }

  put(message) {
    this.shown = message;
    this.patient.matrix.fromArray(pageFromPatient(message.centre_mm));
    this.surfaces.clear();
    for (const structure of message.structures) {
      const mesh = this.known.get(structure.surface);
      if (!mesh) continue;
      // Asked for last, dropped last.
      this.known.delete(structure.surface);
      this.known.set(structure.surface, mesh);
      this.dress(mesh, structure);
      this.surfaces.add(mesh);
    }
    this.forgetOldest();
    this.recut();
  }

  /** Nothing of another patient space stays, not even until the new one's surfaces are here. */
  leave(space) {
    this.space = space;
    this.shown = null;
    this.surfaces.clear();
    this.caps.clear();
    for (const [name, mesh] of this.known) this.drop(name, mesh);
  }

  forgetOldest() {
    let n = 0;
    for (const mesh of this.known.values()) n += mesh.geometry.index.count / 3;
    for (const [name, mesh] of this.known) {
      if (n <= MOST_KEPT_TRIANGLES || mesh.parent) break;
      n -= mesh.geometry.index.count / 3;
      this.drop(name, mesh);
    }
  }

  /** True while what is seen is older than what the workstation shows, and for long enough to be said. */
  get isBehind() {
    return this.wanted !== this.shown && performance.now() - this.wantedMs > BEHIND_MS;
  }

  async fetched(structure) {
    const { positions, triangles, centre_mm, is_closed } = await this.load(structure);
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute('position', new THREE.BufferAttribute(positions, 3));
    geometry.setIndex(new THREE.BufferAttribute(triangles, 1));
    geometry.computeVertexNormals();
    const mesh = new THREE.Mesh(geometry, new THREE.MeshStandardMaterial({ roughness: 0.55 }));
    mesh.position.set(...centre_mm);
    mesh.userData.is_closed = is_closed;
    return mesh;
  }

  dress(mesh, structure) {
    const isFaint = this.onlyKey !== null && this.onlyKey !== structure.key;
    const opacity = isFaint ? Math.min(FAINT, structure.opacity) : structure.opacity;
    Object.assign(mesh.userData, structure);
    mesh.visible = structure.is_visible && opacity > 0;
    mesh.material.color.setRGB(...structure.colour, THREE.SRGBColorSpace);
    mesh.material.opacity = opacity;
    mesh.material.transparent = opacity < 1;
    mesh.material.depthWrite = opacity >= 1;
    mesh.material.side = THREE.DoubleSide;
    mesh.material.needsUpdate = true;
  }

  drop(name, mesh) {
    this.known.delete(name);
    this.surfaces.remove(mesh);
    mesh.geometry.dispose();
    mesh.material.dispose();
  }

  /** Show planes, lines, points and labels; what has not changed is left as it is, and planes that move are moved. */
  showPlan(plan, planes, found = []) {
    this.showMarks(plan, found);
    const active = planes.filter((plane) => plane.is_active);
    const cuts = [...active, ...plan.boxes.flatMap(({ spared, sides }) => sides.map((side) => ({ ...side, spared })))];
    const set = JSON.stringify([active.map(({ item_id, is_locked }) => [item_id, is_locked]), cuts.map((cut) => cut.spared)]);
    if (set !== this.shownSet) {
      this.shownSet = set;
      discard(this.frames);
      for (const plane of active) this.frames.add(frame(plane));
      this.cuts = cuts.map((cut) => ({ ...cut, clipping: new THREE.Plane() }));
      this.recut();
    }
    this.frames.visible = plan.has_frames;
    cuts.forEach((cut, i) => Object.assign(this.cuts[i], cut));
    active.forEach((plane, i) => setOnPlane(this.frames.children[i], plane));
    this.follow();
    this.caps.follow();
  }

  showMarks({ lines, points, labels }, found) {
    const told = JSON.stringify([lines, points, this.withLabels ? labels : [], found, this.withLabels]);
    if (told === this.shownMarks) return;
    this.shownMarks = told;
    discard(this.marks);
    for (const line of lines) this.marks.add(stick(line.points_mm, colourOf(line.colour)));
    for (const one of points) this.marks.add(ball(one.position_mm, colourOf(one.colour), one.radius_mm));
    for (const one of found) this.marks.add(ball(one.position_mm, colourOf(FOUND), FOUND_MM));
    if (!this.withLabels) return;
    for (const { text: words, position_mm } of labels) this.marks.add(text(words, position_mm));
    for (const { title, spread, position_mm } of found) this.marks.add(text(`${title} – ${spread}`, position_mm, '#bff24d'));
  }

  /** Cut all surfaces by the planes as they are now, with lids where they are wanted. */
  recut() {
    for (const mesh of this.surfaces.children) {
      mesh.material.clippingPlanes = cutsOf(mesh, this.cuts).map((cut) => cut.clipping);
    }
    if (this.withCaps) this.caps.show(this.surfaces.children, this.cuts);
    else this.caps.clear();
    this.follow();
  }

  /** Bring the planes to where the heart is held now; they are in the page's metres. */
  follow() {
    this.updateWorldMatrix(true, false);
    this.patient.updateMatrixWorld(true);
    const normals = new THREE.Matrix3().getNormalMatrix(this.patient.matrixWorld);
    for (const cut of this.cuts) {
      const normal = new THREE.Vector3(...cut.normal).applyMatrix3(normals).normalize();
      const origin = this.patient.localToWorld(new THREE.Vector3(...cut.origin_mm));
      // What lies where the normal points is hidden; the renderer keeps the positive side.
      cut.clipping.setFromNormalAndCoplanarPoint(normal.negate(), origin);
    }
  }

  /** Turn every label's size to what the eye is used to at its distance. */
  face(eye) {
    const scale = this.patient.matrixWorld.getMaxScaleOnAxis();
    for (const group of [this.marks, this.own]) {
      for (const one of group.children.filter((child) => child.isSprite)) {
        const height = (LABEL_PER_METRE * one.getWorldPosition(new THREE.Vector3()).distanceTo(eye)) / scale;
        one.scale.set(height * one.userData.aspect, height, 1);
      }
    }
  }

  /** Show own marks in the place of the last ones: what is being measured, touched or explained. */
  showOwn(...marks) {
    discard(this.own);
    if (marks.length) this.own.add(...marks);
  }

  /** LPS mm of a place in the page, and back. */
  toPatient(place) {
    return this.patient.worldToLocal(place.clone()).toArray();
  }

  toPage(mm) {
    return this.patient.localToWorld(new THREE.Vector3(...mm));
  }

  /** A direction of the page as an LPS unit vector. */
  directionToPatient(direction) {
    const inverse = this.patient.matrixWorld.clone().invert();
    return direction.clone().transformDirection(inverse).toArray();
  }

  /** The first surface that a ray meets on a side that is not cut away: its key and LPS place, or null. */
  hit(raycaster) {
    const visible = this.surfaces.children.filter((mesh) => mesh.visible);
    const found = raycaster
      .intersectObjects(visible, false)
      .find(({ point, object }) => cutsOf(object, this.cuts).every((cut) => cut.clipping.distanceToPoint(point) >= 0));
    return found ? { key: found.object.userData.key, point_mm: this.toPatient(found.point) } : null;
  }

  /** The handle of a plane that a ray meets first, or null. */
  handleAt(raycaster) {
    if (!this.frames.visible) return null;
    const hits = raycaster.intersectObjects(this.frames.children, true);
    return hits.map((hit) => hit.object.userData.handle).find(Boolean) ?? null;
  }

  /** The handle nearest to a place of the page, within a distance in metres, or null. */
  handleNear(place, within) {
    let best = null;
    if (!this.frames.visible) return null;
    this.frames.traverse((one) => {
      const handle = one.userData.handle;
      if (!handle) return;
      const distance = one.getWorldPosition(new THREE.Vector3()).distanceTo(place);
      if (distance < (best?.distance ?? within)) best = { ...handle, distance };
    });
    return best;
  }
}

function colourOf([red, green, blue]) {
  return new THREE.Color().setRGB(red, green, blue, THREE.SRGBColorSpace);
}
