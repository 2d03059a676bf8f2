/**
 * Where things are: LPS millimetres of the patient, metres of the page, and the rigid map between touched points.
 * Numbers only, so that it is tested without a browser. Points are [x, y, z]; matrices are 3 rows of 3.
 */

export const METRES_PER_MM = 0.001;
export const SMALLEST_SCALE = 1;
export const LARGEST_SCALE = 5;

export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (a, factor) => [a[0] * factor, a[1] * factor, a[2] * factor];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a) => Math.hypot(a[0], a[1], a[2]);
export const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** The direction of a vector, with length 1. */
export function unit(a) {
  return times(a, 1 / length(a));
}

/**
 * The 16 numbers, column by column, that take LPS mm around a centre to the page: metres, x left, y up, z to the front.
 * The same rotation as in GLB files; it is no mirror, so normals stay outward.
 */
export function pageFromPatient(centreMm) {
  const s = METRES_PER_MM;
  const [x, y, z] = centreMm;
  return [s, 0, 0, 0, 0, 0, -s, 0, 0, s, 0, 0, -s * x, -s * z, s * y, 1];
}

/** A scale within 1:1 and 5:1. */
export function clampScale(scale) {
  return Math.min(LARGEST_SCALE, Math.max(SMALLEST_SCALE, scale));
}

/**
 * The rotation and shift that best bring points onto their partners, and the fiducial registration error (root mean
 * square), in the points' own unit.
 *
 * Returns null where fewer than three pairs, or points on one line, leave a turn open: the same rule as the
 * workstation's. Source: Horn 1987 (closed-form solution with unit quaternions).
 */
export function registerPoints(source, target) {
  if (source.length !== target.length || source.length < 3) return null;
  if (isOnALine(source) || isOnALine(target)) return null;
  const from = mean(source);
  const to = mean(target);
  const [w, x, y, z] = largestEigenvector(hornMatrix(source, from, target, to));
  const rotation = [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
  const shift = subtract(to, turned(rotation, from));
  let sum = 0;
  source.forEach((point, i) => {
    const off = subtract(add(turned(rotation, point), shift), target[i]);
    sum += dot(off, off);
  });
  return { rotation, shift, fre: Math.sqrt(sum / source.length) };
}

/** A point turned by a rotation of three rows. */
export function turned(rotation, point) {
  return rotation.map((row) => dot(row, point));
}

/** How far a point is from a ray that starts at `from` and runs along the unit `along`. */
export function distanceToRay(point, from, along) {
  const t = Math.max(0, dot(subtract(point, from), along));
  return length(subtract(point, add(from, times(along, t))));
}

/** Where a plane's origin slides to along its normal when a ray (from, along) drags it; null when it looks along it. */
export function slidAlong(origin, normal, from, along) {
  const b = dot(normal, along);
  const apart = 1 - b * b;
  if (apart < 1e-4) return null;
  const w = subtract(origin, from);
  const t = (b * dot(along, w) - dot(normal, w)) / apart;
  return add(origin, times(normal, t));
}

/** The normal that a plane gets when the tip at `radius` from its origin is dragged to a ray. */
export function tiltedTo(origin, radius, from, along) {
  const w = subtract(from, origin);
  const b = dot(w, along);
  const inside = b * b - (dot(w, w) - radius * radius);
  // Past the rim of the ball, the tip follows the point of the ray that is nearest to it.
  const t = inside > 0 ? -b - Math.sqrt(inside) : -b;
  return unit(subtract(add(from, times(along, t)), origin));
}

function mean(points) {
  return times(points.reduce(add), 1 / points.length);
}

function isOnALine(points) {
  const middle = mean(points);
  const spread = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (const point of points) {
    const d = subtract(point, middle);
    for (let i = 0; i < 3; i += 1) for (let j = 0; j < 3; j += 1) spread[i][j] += d[i] * d[j];
  }
  const sizes = eigen(spread)
    .values.map((value) => Math.sqrt(Math.max(value, 0)))
    .sort((a, b) => b - a);
  return sizes[0] < 1e-6 || sizes[1] < 1e-3 * sizes[0];
}

function hornMatrix(source, from, target, to) {
  const s = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  source.forEach((point, n) => {
    const a = subtract(point, from);
    const b = subtract(target[n], to);
    for (let i = 0; i < 3; i += 1) for (let j = 0; j < 3; j += 1) s[i][j] += a[i] * b[j];
  });
  const [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
  return [
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, zz - xx - yy],
  ];
}

function largestEigenvector(matrix) {
  const { values, vectors } = eigen(matrix);
  const at = values.indexOf(Math.max(...values));
  return vectors.map((row) => row[at]);
}

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix. Source: Jacobi's rotations. */
function eigen(symmetric) {
  const n = symmetric.length;
  const a = symmetric.map((row) => [...row]);
  const v = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep += 1) {
    for (let p = 0; p < n - 1; p += 1) {
      for (let q = p + 1; q < n; q += 1) if (a[p][q] !== 0) rotate(a, v, p, q);
    }
  }
  return { values: a.map((row, i) => row[i]), vectors: v };
}

function rotate(a, v, p, q) {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < a.length; k += 1) {
    const [kp, kq] = [a[k][p], a[k][q]];
    a[k][p] = c * kp - s * kq;
    a[k][q] = s * kp + c * kq;
  }
  for (let k = 0; k < a.length; k += 1) {
    const [pk, qk] = [a[p][k], a[q][k]];
    a[p][k] = c * pk - s * qk;
    a[q][k] = s * pk + c * qk;
    const [kp, kq] = [v[k][p], v[k][q]];
    v[k][p] = c * kp - s * kq;
    v[k][q] = s * kp + c * kq;
  }
  a[p][q] = 0;
  a[q][p] = 0;
}
