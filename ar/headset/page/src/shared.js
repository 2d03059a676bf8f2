/**
 * The plan as the workstation has it, and what this viewer is doing to it: a held plane is shown where it is held until
 * the workstation has taken or refused it.
 */

import { WORDS } from './strings.js';

const ANSWER_MS = 5000;
export const PREVIEW_MS = 16;

export class Shared {
  /**
   * @param {object} means
   * @param {(type: string, fields: object) => boolean} means.send false when the link is lost
   * @param {() => void} means.onChange something to draw has changed
   * @param {(text: string) => void} means.say tells the user
   */
  constructor({ send, onChange, say, now = () => performance.now(), later = (work, ms) => setTimeout(work, ms) }) {
    Object.assign(this, { send, onChange, say, now, later });
    this.clear();
    this.hold = null;
    this.sent = new Map();
    this.nSent = 0;
    this.previewMs = -Infinity;
  }

  /** The planes as they are to be drawn. */
  get planes() {
    return this.plan.planes.map((plane) => {
      const own = this.ownPlace(plane.item_id);
      return own ? { ...plane, ...own } : plane;
    });
  }

  ownPlace(itemId) {
    if (this.hold?.item_id === itemId) return this.hold.place;
    const waiting = [...this.sent.values()].filter((wish) => wish.place && wish.item_id === itemId);
    return waiting.at(-1)?.place;
  }

  /** Take a message of the workstation. */
  hear(content) {
    if (content.type === 'structures') this.structures = content;
    else if (content.type === 'plan') this.plan = content;
    else if (content.type === 'accepted') this.accept(content);
    else if (content.type === 'refused') this.refuse(content);
    else return;
    this.settle();
    this.onChange();
  }

  /** Take hold of a plane; false when it is locked, gone or the link is lost. */
  take(itemId) {
    const plane = this.plan.planes.find((one) => one.item_id === itemId);
    if (!plane || plane.is_locked) return false;
    // Where somebody moves it in the meantime, this base is stale, and the workstation says so.
    this.hold = { item_id: itemId, base: this.plan.revision, place: placeOf(plane) };
    return true;
  }

  /** Show the held plane elsewhere, here at once and on the workstation as soon as it may. */
  drag(place) {
    if (!this.hold) return;
    this.hold.place = place;
    const { item_id, base } = this.hold;
    if (this.now() - this.previewMs >= PREVIEW_MS) {
      this.previewMs = this.now();
      this.send('preview_plane', { item_id, base, ...place });
    }
    this.onChange();
  }

  /** Let go: one edit. */
  drop() {
    if (!this.hold) return;
    const { item_id, base, place } = this.hold;
    this.hold = null;
    this.wish('move_plane', { item_id, base, ...place }, { item_id, place });
    this.onChange();
  }

  /** Let go without an edit. */
  release() {
    this.hold = null;
    this.send('release', {});
    this.onChange();
  }

  /** Show a structure in another way, here and on the workstation. */
  look(fields) {
    if (!this.send('look', fields)) this.say(WORDS.linkNeeded);
  }

  /** Ask for an edit; its answer comes later, and is told when it is a refusal. */
  wish(type, fields, kept = {}) {
    this.nSent += 1;
    const ref = `r${this.nSent}`;
    if (!this.send(type, { ref, ...fields })) {
      this.say(WORDS.linkNeeded);
      return false;
    }
    this.sent.set(ref, { ...kept, acceptedAt: null });
    this.later(() => this.expire(ref), ANSWER_MS);
    return true;
  }

  /** Show nothing: before the first message, and for one that was shut out. */
  clear() {
    this.structures = { structures: [], found: [], centre_mm: [0, 0, 0], title: '', space: '', has_found: false, not_shown: [] };
    this.plan = { revision: 0, planes: [], boxes: [], items: [], lines: [], points: [], labels: [], held_id: '', has_frames: true };
  }

  /** The link is lost: nothing is held and nothing is known of what was asked. */
  forget() {
    if (this.hold || this.sent.size) this.say(WORDS.noAnswer);
    this.hold = null;
    this.sent.clear();
    this.onChange();
  }

  accept({ ref, revision }) {
    const wish = this.sent.get(ref);
    if (wish) wish.acceptedAt = revision;
  }

  refuse({ ref, what, why, fix }) {
    this.sent.delete(ref);
    if (!ref) this.hold = null;
    this.say(WORDS.refusal(what, why, fix));
  }

  /** Drop what the newest plan holds already. */
  settle() {
    for (const [ref, wish] of this.sent) {
      if (wish.acceptedAt !== null && this.plan.revision >= wish.acceptedAt) this.sent.delete(ref);
    }
  }

  expire(ref) {
    if (!this.sent.delete(ref)) return;
    this.say(WORDS.noAnswer);
    this.onChange();
  }
}

function placeOf(plane) {
  return { origin_mm: plane.origin_mm, normal: plane.normal };
}
