/**
 * What a press does, with a mouse, a finger on the glass, a controller or a fingertip in the air. A pointer is
 * { id, ray: Raycaster, tip: Vector3 in the page or null, hand: Matrix4 in the page or null }.
 */

import * as THREE from 'three';
import { length, slidAlong, subtract, tiltedTo } from './geometry.js';
import { carried, planeCarried, stretched } from './holding.js';
import { TIP_MM, ball, stick, text } from './marks.js';
import { WORDS } from './strings.js';

const REACH_M = 0.04;
const MEASURING = new THREE.Color(1.0, 0.88, 0.35);

export class Tools {
  constructor(app) {
    this.app = app;
    this.mode = 'look';
    this.held = new Map();
  }

  use(mode) {
    this.cancel();
    this.mode = this.mode === mode ? 'look' : mode;
    this.app.refresh();
  }

  /** Let everything go without doing anything. */
  cancel() {
    if ([...this.held.values()].some((one) => one.kind === 'plane')) this.app.release();
    this.held.clear();
    this.app.heart.showOwn();
  }

  /** A press begins; true when it was for something of the page's own. */
  begin(pointer) {
    const { app } = this;
    if (this.mode === 'quiz') return app.answer(pointer);
    if (this.mode === 'touch') return this.touch(pointer);
    if (this.mode === 'measure') return this.beginMeasure(pointer);
    if (this.mode === 'place') return app.putDown();
    const handle = this.handleOf(pointer);
    if (handle) return this.beginPlane(pointer, handle);
    return pointer.hand ? this.grab(pointer) : false;
  }

  /** Everything that is held follows. `pointers` are all that exist now, by id. */
  move(pointers) {
    const grabbing = [...this.held].filter(([, one]) => one.kind === 'heart');
    if (grabbing.length === 2) this.stretch(grabbing, pointers);
    for (const [id, held] of this.held) {
      const pointer = pointers.get(id);
      if (!pointer) continue;
      if (held.kind === 'heart' && grabbing.length === 1) this.carry(held, pointer);
      if (held.kind === 'plane') this.app.shared.drag(this.planePlace(held, pointer));
      if (held.kind === 'measure') this.showMeasure(held, pointer);
    }
  }

  end(id) {
    const held = this.held.get(id);
    this.held.delete(id);
    if (held?.kind === 'plane') this.app.shared.drop();
    if (held?.kind === 'measure') this.endMeasure(held);
    // The hand that stays begins anew from where the heart is now.
    for (const other of this.held.values()) if (other.kind === 'heart') other.before = null;
  }

  handleOf(pointer) {
    const { heart } = this.app;
    return (pointer.tip && pointer.hand && heart.handleNear(pointer.tip, REACH_M)) || heart.handleAt(pointer.ray);
  }

  beginPlane(pointer, handle) {
    const { shared } = this.app;
    if (!this.app.mayEdit() || !shared.take(handle.item_id)) return true;
    const place = { ...shared.hold.place };
    this.held.set(pointer.id, { kind: 'plane', handle, place, before: pointer.hand?.clone() });
    return true;
  }

  planePlace(held, pointer) {
    const { heart } = this.app;
    const { origin_mm, normal } = held.place;
    if (pointer.hand) return planeCarried(held.place, heart.patient.matrixWorld, held.before, pointer.hand);
    const from = heart.toPatient(pointer.ray.ray.origin);
    const along = heart.directionToPatient(pointer.ray.ray.direction);
    if (held.handle.kind === 'tilt') return { origin_mm, normal: tiltedTo(origin_mm, TIP_MM, from, along) };
    return { origin_mm: slidAlong(origin_mm, normal, from, along) ?? origin_mm, normal };
  }

  grab(pointer) {
    this.held.set(pointer.id, { kind: 'heart', before: null });
    for (const held of this.held.values()) if (held.kind === 'heart') held.before = null;
    return true;
  }

  carry(held, pointer) {
    const { heart } = this.app;
    if (!held.before) {
      held.before = pointer.hand.clone();
      held.pose = heart.matrix.clone();
      return;
    }
    this.app.pose(carried(held.pose, held.before, pointer.hand));
  }

  stretch(grabbing, pointers) {
    const places = grabbing.map(([id]) => pointers.get(id)?.tip);
    if (places.some((place) => !place)) return;
    const [[, first], [, second]] = grabbing;
    if (!first.before?.isPair) {
      first.before = { isPair: true, places: places.map((place) => place.clone()), pose: this.app.heart.matrix.clone() };
      second.before = first.before;
      return;
    }
    this.app.pose(stretched(first.before.pose, first.before.places, places));
  }

  touch(pointer) {
    if (!pointer.tip) return false;
    this.app.touching.touch(pointer.tip.toArray());
    this.app.showTouched();
    return true;
  }

  beginMeasure(pointer) {
    const start = this.placeOf(pointer);
    if (!start) return false;
    this.held.set(pointer.id, { kind: 'measure', start, end: start });
    return true;
  }

  /** Where a pointer is, in LPS mm: the tip in the air, or what is seen under the finger. */
  placeOf(pointer) {
    const { heart } = this.app;
    if (pointer.hand) return heart.toPatient(pointer.tip);
    return heart.hit(pointer.ray)?.point_mm ?? null;
  }

  showMeasure(held, pointer) {
    held.end = this.placeOf(pointer) ?? held.end;
    const mm = length(subtract(held.end, held.start));
    this.app.heart.showOwn(
      stick([held.start, held.end], MEASURING),
      ball(held.start, MEASURING, 1),
      ball(held.end, MEASURING, 1),
      text(WORDS.distance(mm), held.end),
    );
  }

  endMeasure(held) {
    this.app.heart.showOwn();
    const mm = length(subtract(held.end, held.start));
    if (mm >= 0.1) this.app.addDistance(held.start, held.end, mm);
  }
}
