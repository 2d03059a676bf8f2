/** How the heart came to stand where it stands, and what may be said of that. */

import { registerPoints } from './geometry.js';
import { WORDS } from './strings.js';

/** Touched points that fit worse than this are of another heart, or touched in another order. */
export const WORST_FRE_MM = 15;

export class Placing {
  constructor() {
    this.reset();
  }

  /** Anything but a registration: by hand, by a hit test, at another scale. */
  reset() {
    this.fre = null;
    this.nPoints = 0;
    this.found = '';
  }

  /** Hold a registration by these touched points: what was found and not placed by a person is said with it. */
  register(fre, touched) {
    this.fre = fre;
    this.nPoints = touched.length;
    const found = touched.map(({ mark }) => mark).filter((mark) => mark.spread);
    const isTold = found.every((mark) => Number.isFinite(mark.sd_mm));
    const worst = isTold ? Math.max(...found.map((mark) => mark.sd_mm)) : null;
    this.found = found.length ? WORDS.foundUsed(found.length, worst) : '';
  }

  get note() {
    if (this.fre === null) return WORDS.unplaced;
    return [WORDS.registered(this.nPoints, this.fre), this.found].filter(Boolean).join(' ');
  }

  get isRegistered() {
    return this.fre !== null;
  }
}

/** Touching landmarks one after the other. Places are metres of the page. */
export class Touching {
  constructor(marks) {
    this.marks = marks;
    this.at = 0;
    this.touched = [];
  }

  /** The landmark to touch now; null after the last. */
  get mark() {
    return this.marks[this.at] ?? null;
  }

  touch(place) {
    if (!this.mark) return;
    this.touched.push({ mark: this.mark, place });
    this.at += 1;
  }

  skip() {
    this.at += 1;
  }

  /** The fit from LPS mm to millimetres of the page, or why there is none. */
  fit() {
    if (this.touched.length < 3) return { why: WORDS.fewPoints };
    const fit = registerPoints(
      this.touched.map(({ mark }) => mark.position_mm),
      this.touched.map(({ place }) => place.map((v) => v * 1000)),
    );
    if (!fit) return { why: WORDS.onALine };
    if (fit.fre > WORST_FRE_MM) return { why: WORDS.badFit(fit.fre) };
    return { fit };
  }
}

/** What can be touched: the surgeon's landmarks first, then those that were found. */
export function touchable(plan, found) {
  const placed = plan.items
    .filter((item) => item.position_mm)
    .map((item) => ({ key: item.item_id, title: item.name, position_mm: item.position_mm }));
  return [...placed, ...found.map((mark) => ({ ...mark, title: `${mark.title} (${mark.spread})` }))];
}
