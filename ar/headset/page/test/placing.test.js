import assert from 'node:assert/strict';
import test from 'node:test';
import * as THREE from 'three';
import { pageFromPatient } from '../src/geometry.js';
import { carried, planeCarried, registeredPose, stretched } from '../src/holding.js';
import { Placing, Touching, touchable } from '../src/placing.js';
import { Quiz, questionsOf, resultsToCsv } from '../src/quiz.js';

const MARKS = [[0, 0, 0], [80, 5, -10], [10, 60, 20], [-20, 15, 70]].map((position_mm, i) => ({ key: `m${i}`, title: `M${i}`, position_mm }));
const close = (a, b, within = 1e-9) => a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) <= within, `${a} is not ${b}`));
const scaleOf = (matrix) => new THREE.Vector3().setFromMatrixScale(matrix).x;

test('a registered heart lies with its landmarks where they were touched, at true size', () => {
  const place = new THREE.Matrix4().compose(
    new THREE.Vector3(0.3, 1.1, -0.5),
    new THREE.Quaternion().setFromEuler(new THREE.Euler(0.4, -1.2, 2.0)),
    new THREE.Vector3(0.001, 0.001, 0.001),
  );
  const touching = new Touching(MARKS);
  for (const mark of MARKS) touching.touch(new THREE.Vector3(...mark.position_mm).applyMatrix4(place).toArray());
  const { fit } = touching.fit();
  const centre = [7, -8, 9];
  const pose = registeredPose(fit, centre, pageFromPatient);
  assert.ok(Math.abs(scaleOf(pose) - 1) < 1e-9);
  const whole = pose.clone().multiply(new THREE.Matrix4().fromArray(pageFromPatient(centre)));
  for (const mark of MARKS) {
    const expected = new THREE.Vector3(...mark.position_mm).applyMatrix4(place).toArray();
    close(new THREE.Vector3(...mark.position_mm).applyMatrix4(whole).toArray(), expected, 1e-9);
  }
});

test('touching needs three landmarks that fit', () => {
  const touching = new Touching(MARKS);
  touching.touch([0, 0, 0]);
  touching.skip();
  assert.ok(touching.fit().why);
  touching.touch([0.4, 0, 0]);
  touching.touch([0, 0, 0.9]);
  assert.match(touching.fit().why, /do not fit/);
  assert.equal(touching.mark, null);
});

test('nothing but a registration says that it is one', () => {
  const placing = new Placing();
  assert.equal(placing.note, 'Not registered to a patient.');
  placing.fre = 1.24;
  placing.nPoints = 4;
  assert.equal(placing.note, 'Registered by 4 points, FRE 1.2 mm.');
  placing.reset();
  assert.equal(placing.isRegistered, false);
});

test("the surgeon's landmarks come before those that were found, which say how far they may be off", () => {
  const plan = { items: [{ item_id: 'x', name: 'Apex', position_mm: [1, 2, 3] }, { item_id: 'd', name: 'Distance' }] };
  const marks = touchable(plan, [{ key: 'mv', title: 'Mitral valve', position_mm: [0, 0, 0], spread: 'found, sd 4.0 mm' }]);
  assert.deepEqual(marks.map((mark) => mark.title), ['Apex', 'Mitral valve (found, sd 4.0 mm)']);
});

test('a heart in one hand keeps its place in that hand', () => {
  const before = new THREE.Matrix4().makeTranslation(0.1, 1, 0);
  const now = new THREE.Matrix4().makeRotationY(Math.PI / 2).setPosition(0.4, 1, 0);
  const pose = new THREE.Matrix4().makeTranslation(0.1, 1, -0.2);
  close(new THREE.Vector3().setFromMatrixPosition(carried(pose, before, now)).toArray(), [0.2, 1, 0], 1e-9);
});

test('two hands that part make the heart larger, up to 5:1, about their middle', () => {
  const hands = (half) => [new THREE.Vector3(-half, 1, 0), new THREE.Vector3(half, 1, 0)];
  const pose = new THREE.Matrix4().makeTranslation(0, 1, 0);
  for (const [half, scale] of [[0.2, 2], [0.1, 1], [0.05, 1], [2, 5]]) {
    const grown = stretched(pose, hands(0.1), hands(half));
    assert.ok(Math.abs(scaleOf(grown) - scale) < 1e-9);
    close(new THREE.Vector3().setFromMatrixPosition(grown).toArray(), [0, 1, 0], 1e-9);
  }
});

test('a plane in the hand moves in the patient as the hand moves over a heart of any scale', () => {
  const patient = new THREE.Matrix4().makeScale(3, 3, 3).multiply(new THREE.Matrix4().fromArray(pageFromPatient([0, 0, 0])));
  const before = new THREE.Matrix4();
  // 30 mm up, over a heart of three times its size: 10 mm towards the head.
  const now = new THREE.Matrix4().makeTranslation(0, 0.03, 0);
  const place = planeCarried({ origin_mm: [1, 2, 3], normal: [0, 0, 1] }, patient, before, now);
  close(place.origin_mm, [1, 2, 13], 1e-9);
  close(place.normal, [0, 0, 1], 1e-9);
});

test('a quiz counts a landmark by its distance from the ray and a structure by what is hit first', () => {
  const results = [];
  const questions = [{ key: 'mv', title: 'Mitral valve', position_mm: [0, 0, 0] }, { key: 'lv', title: 'LV', position_mm: null }, { key: 'mv', title: '', position_mm: [0, 0, 0] }];
  let ms = 0;
  const quiz = new Quiz(questions, { now: () => ms, onResult: (result) => results.push(result) });
  ms = 2000;
  assert.equal(quiz.answer([0, 9, 50], [0, 0, -1], null).is_right, true);
  assert.equal(quiz.answer([0, 0, 50], [0, 0, -1], 'rv').is_right, false);
  assert.equal(quiz.answer([0, 11, 50], [0, 0, -1], 'lv').is_right, false);
  assert.equal(quiz.question, null);
  assert.equal(quiz.nRight, 1);
  assert.deepEqual([results[0].distance_mm, results[0].seconds], [9, 2]);
  assert.equal(resultsToCsv(results).split('\n')[1], 'mv,true,9.0,2.0');
});

test('a quiz asks for what is seen, everything once', () => {
  const structures = [{ key: 'lv', title: 'LV', is_visible: true }, { key: 'rv', title: 'RV', is_visible: false }];
  const asked = questionsOf(structures, [{ key: 'mv', title: 'MV', position_mm: [1, 2, 3] }]).map((one) => one.key);
  assert.deepEqual(asked.sort(), ['lv', 'mv']);
});

test('a registration by landmarks that were found says so, with the largest spread', () => {
  const placing = new Placing();
  const touched = (marks) => marks.map((mark) => ({ mark, place: [0, 0, 0] }));
  placing.register(1.2, touched([{ title: 'Apex' }, { spread: 'found', sd_mm: 2.5 }, { spread: 'found', sd_mm: 7.25 }]));
  assert.match(placing.note, /Registered by 3 points, FRE 1\.2 mm\. 2 of them are found .* sd up to 7\.3 mm/);
  placing.register(1.2, touched([{ spread: 'found', sd_mm: null }]));
  assert.match(placing.note, /unknown error/);
  placing.register(0.4, touched([{ title: 'Apex' }]));
  assert.equal(placing.note, 'Registered by 1 points, FRE 0.4 mm.');
  placing.reset();
  assert.equal(placing.note, 'Not registered to a patient.');
});
