/** Lines, balls, texts and the frames of cut planes, in LPS mm. */

import * as THREE from 'three';

const STICK_MM = 0.5;
export const FRAME_MM = 55;
export const TIP_MM = 30;
const GRIP_MM = 5;
const FREE = new THREE.Color().setRGB(0.35, 0.75, 1.0, THREE.SRGBColorSpace);
const LOCKED = new THREE.Color().setRGB(0.6, 0.62, 0.65, THREE.SRGBColorSpace);
const TEXT_PX = 44;

/** A line through points, thick enough to be seen in space. */
export function stick(points, colour, radius = STICK_MM) {
  const group = new THREE.Group();
  const material = new THREE.MeshStandardMaterial({ color: colour, roughness: 0.6 });
  for (let i = 1; i < points.length; i += 1) {
    const from = new THREE.Vector3(...points[i - 1]);
    const to = new THREE.Vector3(...points[i]);
    const mesh = new THREE.Mesh(rod, material);
    mesh.position.addVectors(from, to).multiplyScalar(0.5);
    const along = to.clone().sub(from);
    mesh.scale.set(radius, Math.max(along.length(), 1e-6), radius);
    mesh.quaternion.setFromUnitVectors(new THREE.Vector3(0, 1, 0), along.normalize());
    group.add(mesh);
  }
  return group;
}

const rod = new THREE.CylinderGeometry(1, 1, 1, 8, 1);
const round = new THREE.SphereGeometry(1, 20, 14);

/** A ball. */
export function ball(position, colour, radius) {
  const mesh = new THREE.Mesh(round, new THREE.MeshStandardMaterial({ color: colour, roughness: 0.5 }));
  mesh.position.set(...position);
  mesh.scale.setScalar(radius);
  return mesh;
}

/** Upright text; `Marks.face` gives it the same size from near and far. */
export function text(words, position, colour = '#ffffff') {
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d');
  const font = `600 ${TEXT_PX}px system-ui, sans-serif`;
  pen.font = font;
  canvas.width = Math.ceil(pen.measureText(words).width) + 24;
  canvas.height = TEXT_PX + 20;
  pen.font = font;
  pen.fillStyle = 'rgba(12, 14, 18, 0.72)';
  pen.beginPath();
  pen.roundRect(0, 0, canvas.width, canvas.height, 14);
  pen.fill();
  pen.fillStyle = colour;
  pen.textBaseline = 'middle';
  pen.fillText(words, 12, canvas.height / 2 + 2);
  const map = new THREE.CanvasTexture(canvas);
  map.colorSpace = THREE.SRGBColorSpace;
  const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ map, depthTest: false, transparent: true }));
  sprite.position.set(...position);
  sprite.center.set(0, -0.4);
  sprite.renderOrder = 10000;
  sprite.userData.aspect = canvas.width / canvas.height;
  return sprite;
}

/** Put a thing that was made flat around the z axis onto a plane. */
export function setOnPlane(thing, { origin_mm, normal }) {
  thing.position.set(...origin_mm);
  thing.quaternion.setFromUnitVectors(new THREE.Vector3(0, 0, 1), new THREE.Vector3(...normal));
}

/** The frame of a cut plane with the ball that moves it and the tip that tilts it. */
export function frame(plane) {
  const group = new THREE.Group();
  setOnPlane(group, plane);
  const colour = plane.is_locked ? LOCKED : FREE;
  const corners = [
    [-1, -1, 0],
    [1, -1, 0],
    [1, 1, 0],
    [-1, 1, 0],
    [-1, -1, 0],
  ].map(([x, y]) => [x * FRAME_MM, y * FRAME_MM, 0]);
  group.add(stick(corners, colour, 0.35));
  if (!plane.is_locked) {
    const grip = ball([0, 0, 0], colour, GRIP_MM);
    const tip = ball([0, 0, TIP_MM], colour, GRIP_MM * 0.7);
    grip.userData.handle = { item_id: plane.item_id, kind: 'move' };
    tip.userData.handle = { item_id: plane.item_id, kind: 'tilt' };
    group.add(grip, tip, stick([[0, 0, 0], [0, 0, TIP_MM]], colour, 0.4));
  }
  return group;
}

/** Give back what drawing these took from the graphics card. */
export function discard(group) {
  group.traverse((one) => {
    one.material?.map?.dispose();
    one.material?.dispose();
  });
  group.clear();
}
