/** The picture of the workstation's AR view, as fast as the link brings it; an old one is said to be old. */

import * as THREE from 'three';
import { PictureBoard } from './plate.js';
import { WORDS } from './strings.js';

const PAUSE_MS = 60;
const OLD_MS = 2000;
const WIDTH_M = 0.4;
const BESIDE_M = 0.42;

export class Spectator {
  constructor(holder) {
    this.holder = holder;
    this.image = holder.querySelector('img');
    this.words = holder.querySelector('span');
    this.isOn = false;
    this.isLive = false;
    this.hasPicture = false;
    this.freshMs = 0;
    this.board = new PictureBoard(WIDTH_M);
    this.board.visible = false;
    this.shown = '';
  }

  /** In AR and VR, where nothing of the page is seen, the picture stands beside the heart, opposite to the buttons. */
  follow({ stage, heart, plate, xr }) {
    const { board, image, words } = this;
    board.visible = this.isOn && xr.isOn && image.complete && image.naturalWidth > 0;
    if (!board.visible) return;
    if (!board.parent) stage.scene.add(board);
    const beside = plate.position.clone().sub(heart.position).setY(0).normalize();
    board.position.copy(heart.position).addScaledVector(beside, -BESIDE_M);
    board.lookAt(new THREE.Vector3(stage.eye.x, board.position.y, stage.eye.z));
    const told = `${image.src} ${words.textContent}`;
    if (told !== this.shown) board.show(image, words.textContent);
    this.shown = told;
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
