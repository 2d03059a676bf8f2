/** The picture of the workstation's AR view, as fast as the link brings it; an old one is said to be old. */

import { WORDS } from './strings.js';

const PAUSE_MS = 60;
const OLD_MS = 2000;

export class Spectator {
  constructor(holder) {
    this.holder = holder;
    this.image = holder.querySelector('img');
    this.words = holder.querySelector('span');
    this.isOn = false;
    this.isLive = false;
    this.hasPicture = false;
    this.freshMs = 0;
  }

  toggle() {
    this.isOn = !this.isOn;
    this.holder.hidden = !this.isOn;
    if (this.isOn) this.turn();
  }

  async turn() {
    while (this.isOn) {
      if (this.isLive && this.hasPicture) await this.fetch().catch(() => {});
      this.words.textContent = performance.now() - this.freshMs > OLD_MS ? WORDS.oldPicture : '';
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  async fetch() {
    const answer = await fetch('/picture.jpg', { cache: 'no-store' });
    if (!answer.ok) return;
    const before = this.image.src;
    this.image.src = URL.createObjectURL(await answer.blob());
    if (before) URL.revokeObjectURL(before);
    this.freshMs = performance.now();
  }
}
