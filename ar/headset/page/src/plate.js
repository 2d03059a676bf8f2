/** The page's words inside AR and VR: a strip that stays before the eye, and a plate of buttons beside the heart. */

import * as THREE from 'three';

const WIDTH_PX = 768;
const ROW_PX = 64;
const METRES_PER_PX = 0.0005;
const STRIP_ROWS = 8;

/** A canvas in space that is painted anew when its words change. */
class Board extends THREE.Mesh {
  constructor(rows) {
    const canvas = document.createElement('canvas');
    canvas.width = WIDTH_PX;
    canvas.height = rows * ROW_PX;
    const map = new THREE.CanvasTexture(canvas);
    map.colorSpace = THREE.SRGBColorSpace;
    const size = [WIDTH_PX * METRES_PER_PX, rows * ROW_PX * METRES_PER_PX];
    super(
      new THREE.PlaneGeometry(...size),
      new THREE.MeshBasicMaterial({ map, transparent: true, depthTest: false, side: THREE.DoubleSide }),
    );
    this.renderOrder = 20000;
    this.canvas = canvas;
    this.shown = '';
  }

  paint(key, draw) {
    if (key === this.shown) return;
    this.shown = key;
    const pen = this.canvas.getContext('2d');
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.textBaseline = 'middle';
    draw(pen);
    this.material.map.needsUpdate = true;
  }
}

/** Notice, link, scale and registration: always before the eye. */
export class Strip extends Board {
  constructor() {
    super(STRIP_ROWS);
  }

  show(lines, isAlarm) {
    this.paint(JSON.stringify([lines, isAlarm]), (pen) => {
      pen.font = '30px system-ui, sans-serif';
      const rows = lines.flatMap((line) => wrapped(pen, line, WIDTH_PX - 36)).slice(0, STRIP_ROWS);
      pen.fillStyle = isAlarm ? 'rgba(150, 20, 20, 0.92)' : 'rgba(12, 14, 18, 0.75)';
      pen.fillRect(0, 0, this.canvas.width, rows.length * ROW_PX);
      pen.fillStyle = '#ffffff';
      rows.forEach((line, row) => pen.fillText(line, 18, (row + 0.5) * ROW_PX, WIDTH_PX - 36));
    });
  }

  /** Stay a little below the middle of what is seen. */
  follow(camera) {
    const place = new THREE.Vector3(0, -0.36, -1).applyMatrix4(camera.matrixWorld);
    this.position.lerp(place, 0.2);
    this.quaternion.slerp(new THREE.Quaternion().setFromRotationMatrix(camera.matrixWorld), 0.2);
  }
}

/** A picture in space, with words over it when there are any. */
export class PictureBoard extends THREE.Mesh {
  constructor(widthM) {
    const canvas = document.createElement('canvas');
    const map = new THREE.CanvasTexture(canvas);
    map.colorSpace = THREE.SRGBColorSpace;
    super(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial({ map, side: THREE.DoubleSide }));
    Object.assign(this, { canvas, widthM });
  }

  show(image, words) {
    const { canvas } = this;
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (!width) return;
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      // A texture keeps the size that it was first sent with.
      this.material.map.dispose();
      this.scale.set(this.widthM, (this.widthM * height) / width, 1);
    }
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    pen.font = `600 ${Math.ceil(height / 14)}px system-ui, sans-serif`;
    pen.fillStyle = '#ff8a8a';
    pen.textBaseline = 'top';
    pen.fillText(words, width / 60, width / 60);
    this.material.map.needsUpdate = true;
  }
}

/** Buttons, one per row: { label, run, isOn }. */
export class Plate extends Board {
  constructor(rows = 22) {
    super(rows);
    this.rows = rows;
    this.buttons = [];
  }

  show(buttons) {
    this.buttons = buttons.slice(0, this.rows);
    this.paint(JSON.stringify(this.buttons.map(({ label, isOn }) => [label, isOn])), (pen) => {
      pen.font = '600 32px system-ui, sans-serif';
      this.buttons.forEach(({ label, isOn }, row) => {
        pen.fillStyle = isOn ? 'rgba(40, 110, 190, 0.92)' : 'rgba(28, 32, 40, 0.88)';
        pen.beginPath();
        pen.roundRect(4, row * ROW_PX + 4, WIDTH_PX - 8, ROW_PX - 8, 12);
        pen.fill();
        pen.fillStyle = '#ffffff';
        pen.fillText(label, 24, (row + 0.5) * ROW_PX, WIDTH_PX - 48);
      });
    });
  }

  /** Press what a ray meets; false when it misses the plate. */
  press(raycaster) {
    const hit = this.visible ? raycaster.intersectObject(this, false)[0] : null;
    if (!hit) return false;
    this.buttons[Math.floor((1 - hit.uv.y) * this.rows)]?.run();
    return true;
  }
}

/** A text in lines that are no wider than this; none for an empty one. */
function wrapped(pen, text, width) {
  const lines = [];
  for (const word of text.split(' ').filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
