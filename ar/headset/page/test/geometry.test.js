import assert from 'node:assert/strict';
import test from 'node:test';
import * as g from '../src/geometry.js';

const close = (a, b, within = 1e-9) => a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) <= within, `${a} is not ${b}`));
const POINTS = [[0, 0, 0], [80, 5, -10], [10, 60, 20], [-20, 15, 70]];

function turn(axis, angle) {
  const [x, y, z] = g.unit(axis);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const k = 1 - c;
  return [
    [c + x * x * k, x * y * k - z * s, x * z * k + y * s],
    [y * x * k + z * s, c + y * y * k, y * z * k - x * s],
    [z * x * k - y * s, z * y * k + x * s, c + z * z * k],
  ];
}

function apply(columns, [x, y, z]) {
  return [0, 1, 2].map((i) => columns[i] * x + columns[4 + i] * y + columns[8 + i] * z + columns[12 + i]);
}

test('the head is up, the left is right and the front comes near, in metres', () => {
  const page = g.pageFromPatient([10, -20, 30]);
  close(apply(page, [10, -20, 30]), [0, 0, 0]);
  close(apply(page, [1010, -20, 30]), [1, 0, 0]);
  close(apply(page, [10, -20, 1030]), [0, 1, 0]);
  close(apply(page, [10, -1020, 30]), [0, 0, 1]);
});

test('the page is a turned patient, not a mirrored one', () => {
  const m = g.pageFromPatient([0, 0, 0]);
  const [a, b, c] = [m.slice(0, 3), m.slice(4, 7), m.slice(8, 11)];
  assert.ok(g.dot(g.cross(a, b), c) > 0);
});

test('points that were turned and shifted are brought back exactly', () => {
  for (const angle of [0, 0.3, 1.7, Math.PI - 1e-6, Math.PI]) {
    const rotation = turn([1, -2, 0.5], angle);
    const target = POINTS.map((p) => g.add(g.turned(rotation, p), [300, -40, 1200]));
    const fit = g.registerPoints(POINTS, target);
    POINTS.forEach((p, i) => close(g.add(g.turned(fit.rotation, p), fit.shift), target[i], 1e-7));
    assert.ok(fit.fre < 1e-7);
  }
});

test('the error is the root mean square of what is left', () => {
  // A square against one that is 2 mm wider: each corner is 1 mm off along x.
  const square = [[-10, -10, 0], [10, -10, 0], [10, 10, 0], [-10, 10, 0]];
  const wider = square.map(([x, y, z]) => [x + Math.sign(x), y, z]);
  assert.ok(Math.abs(g.registerPoints(square, wider).fre - 1) < 1e-9);
});

test('mirrored points are never answered with a mirror', () => {
  const { rotation, fre } = g.registerPoints(POINTS, POINTS.map(([x, y, z]) => [-x, y, z]));
  assert.ok(Math.abs(g.dot(g.cross(rotation[0], rotation[1]), rotation[2]) - 1) < 1e-9);
  assert.ok(fre > 5);
});

test('too few points and points on a line give no registration', () => {
  const line = [[0, 0, 0], [10, 10, 10], [20, 20, 20], [30, 30, 30]];
  assert.equal(g.registerPoints(POINTS.slice(0, 2), POINTS.slice(0, 2)), null);
  assert.equal(g.registerPoints(line, POINTS), null);
  assert.equal(g.registerPoints(POINTS, line), null);
  assert.equal(g.registerPoints([[1, 1, 1], [1, 1, 1], [1, 1, 1]], POINTS.slice(0, 3)), null);
});

test('a dragged plane slides along its normal to where the ray passes', () => {
  close(g.slidAlong([0, 0, 0], [0, 0, 1], [50, 0, 12], [-1, 0, 0]), [0, 0, 12]);
  assert.equal(g.slidAlong([0, 0, 0], [0, 0, 1], [0, 0, 50], [0, 0, -1]), null);
});

test('a dragged tip points at the ray, and follows it past the rim', () => {
  close(g.tiltedTo([0, 0, 0], 30, [0, 30, 100], [0, 0, -1]), [0, 1, 0], 1e-6);
  const normal = g.tiltedTo([0, 0, 0], 30, [0, 0, 100], [0, 0, -1]);
  close(normal, [0, 0, 1]);
  close(g.tiltedTo([0, 0, 0], 30, [500, 0, 100], [0, 0, -1]), [1, 0, 0]);
});

test('scales stay within 1:1 and 5:1', () => {
  assert.deepEqual([0.2, 1, 3, 9].map(g.clampScale), [1, 1, 3, 5]);
});

test('a ray ends where it begins', () => {
  assert.equal(g.distanceToRay([0, 3, 5], [0, 0, 0], [0, 0, 1]), 3);
  assert.equal(g.distanceToRay([0, 0, -4], [0, 0, 0], [0, 0, 1]), 4);
});
