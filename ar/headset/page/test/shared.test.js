import assert from 'node:assert/strict';
import test from 'node:test';
import { Shared } from '../src/shared.js';

const PLANE = { item_id: 'p', name: 'Cut plane 1', origin_mm: [0, 0, 0], normal: [0, 0, 1], is_active: true, is_locked: false };
const UP = { origin_mm: [0, 0, 9], normal: [0, 0, 1] };
const planOf = (revision, ...planes) => ({ type: 'plan', revision, planes, items: [], lines: [], points: [], labels: [] });

function talk(isLive = true) {
  const made = { sent: [], said: [], timers: [], ms: 0, isLive };
  made.shared = new Shared({
    send: (type, fields) => made.isLive && Boolean(made.sent.push({ type, ...fields })),
    onChange: () => {},
    say: (words) => made.said.push(words),
    now: () => made.ms,
    later: (work) => made.timers.push(work),
  });
  made.shared.hear(planOf(4, PLANE));
  return made;
}

test('a held plane is shown where it is held, whatever the workstation says meanwhile', () => {
  const { shared, sent } = talk();
  shared.take('p');
  shared.drag(UP);
  shared.hear(planOf(4, PLANE));
  assert.deepEqual(shared.planes[0].origin_mm, [0, 0, 9]);
  assert.deepEqual(sent, [{ type: 'preview_plane', item_id: 'p', base: 4, ...UP }]);
});

test('letting go is one wish, and the plane stays until the workstation has it', () => {
  const { shared, sent } = talk();
  shared.take('p');
  shared.drag(UP);
  shared.drop();
  assert.deepEqual(sent.at(-1), { type: 'move_plane', ref: 'r1', item_id: 'p', base: 4, ...UP });
  shared.hear(planOf(4, PLANE));
  assert.deepEqual(shared.planes[0].origin_mm, [0, 0, 9]);
  shared.hear({ type: 'accepted', ref: 'r1', revision: 5 });
  shared.hear(planOf(5, { ...PLANE, origin_mm: [0, 0, 8.5] }));
  assert.deepEqual(shared.planes[0].origin_mm, [0, 0, 8.5]);
});

test('a refused move is said and the plane goes back', () => {
  const { shared, said } = talk();
  shared.take('p');
  shared.drag(UP);
  shared.drop();
  shared.hear({ type: 'refused', ref: 'r1', code: 'stale', what: 'it is not changed', why: 'somebody changed it', fix: 'do it again' });
  assert.deepEqual(shared.planes[0].origin_mm, [0, 0, 0]);
  assert.match(said[0], /somebody changed it/);
});

test('a refused preview ends the holding', () => {
  const { shared } = talk();
  shared.take('p');
  shared.drag(UP);
  shared.hear({ type: 'refused', ref: '', code: 'refused', what: 'a', why: 'b', fix: 'c' });
  assert.equal(shared.hold, null);
  assert.deepEqual(shared.planes[0].origin_mm, [0, 0, 0]);
});

test('without an answer the plane goes back and that is said', () => {
  const { shared, said, timers } = talk();
  shared.take('p');
  shared.drag(UP);
  shared.drop();
  timers.forEach((work) => work());
  assert.deepEqual(shared.planes[0].origin_mm, [0, 0, 0]);
  assert.equal(said.length, 1);
});

test('a lost link drops what was held and says that nothing is known', () => {
  const made = talk();
  made.shared.take('p');
  made.shared.drag(UP);
  made.isLive = false;
  made.shared.forget();
  assert.deepEqual(made.shared.planes[0].origin_mm, [0, 0, 0]);
  assert.equal(made.said.length, 1);
  assert.equal(made.shared.wish('undo', { base: 4 }), false);
});

test('a locked plane and one that is gone cannot be taken', () => {
  const { shared } = talk();
  shared.hear(planOf(5, { ...PLANE, is_locked: true }));
  assert.equal(shared.take('p'), false);
  assert.equal(shared.take('q'), false);
});

test('previews are no more than one a picture', () => {
  const made = talk();
  made.shared.take('p');
  for (made.ms = 0; made.ms < 160; made.ms += 4) made.shared.drag(UP);
  assert.equal(made.sent.length, 10);
});

test('the base of an edit is the plan that was seen when the plane was taken', () => {
  const { shared, sent } = talk();
  shared.take('p');
  shared.hear(planOf(6, { ...PLANE, origin_mm: [1, 1, 1] }));
  shared.drag(UP);
  shared.drop();
  assert.equal(sent.at(-1).base, 4);
});
