/** The page of a lesson: everything is in the file, nothing is sent anywhere. */

import { App } from './app.js';
import { unpack } from './draco.js';
import { WORDS } from './strings.js';
import { NOTHING } from './unpacking.js';

const content = JSON.parse(document.getElementById('lesson').textContent);

/** The plan of a lesson: it can be looked at, not changed. */
class Kept {
  constructor(onChange) {
    this.structures = content.structures;
    this.plan = content.plan;
    this.onChange = onChange;
    this.hold = null;
    this.places = new Map();
  }

  get planes() {
    return this.plan.planes.map((plane) => ({ ...plane, ...this.places.get(plane.item_id) }));
  }

  take(item_id) {
    const plane = this.planes.find((one) => one.item_id === item_id);
    if (!plane || plane.is_locked) return false;
    this.hold = { item_id, place: { origin_mm: plane.origin_mm, normal: plane.normal } };
    return true;
  }

  drag(place) {
    this.places.set(this.hold.item_id, place);
    this.onChange();
  }

  drop() {
    this.hold = null;
  }

  release() {
    this.hold = null;
  }

  look({ key, is_visible, opacity }) {
    const changed = (one) => (one.key === key ? { ...one, is_visible, opacity } : one);
    this.structures = { ...this.structures, structures: this.structures.structures.map(changed) };
    this.onChange();
  }

  wish(type, { item_id, is_active }) {
    if (type !== 'switch_plane') return;
    this.places.set(item_id, { ...this.places.get(item_id), is_active });
    this.onChange();
  }
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const app = new App({
  isLesson: true,
  load: async ({ surface }) => {
    const packed = content.surfaces[surface];
    return packed ? { ...(await unpack(bytes(packed.draco).buffer)), ...packed } : NOTHING;
  },
  makeShared: (made) => new Kept(() => made.changed()),
  status: () => ({ text: WORDS.offline, isAlarm: false, mayEdit: true }),
});
app.changed();

// For tests in a browser: what is shown, as data.
window.auricle = app;
