import assert from 'node:assert/strict';
import test from 'node:test';
import { Link } from '../src/link.js';

/** A world with a clock that is turned by hand. */
function world({ isPaired = true } = {}) {
  const made = { ms: 0, sockets: [], states: [], heard: [], timers: [] };
  made.link = new Link({
    open: () => {
      const socket = { sent: [], closed: false, send: (text) => socket.sent.push(JSON.parse(text)), close: () => (socket.closed = true) };
      made.sockets.push(socket);
      return socket;
    },
    isPaired: async () => isPaired,
    onMessage: (content) => made.heard.push(content),
    onState: (state) => made.states.push(state),
    now: () => made.ms,
    later: (work, ms) => made.timers.push({ at: made.ms + ms, work }),
  });
  made.tick = async (ms) => {
    const end = made.ms + ms;
    for (;;) {
      made.timers.sort((a, b) => a.at - b.at);
      if (!made.timers.length || made.timers[0].at > end) break;
      const { at, work } = made.timers.shift();
      made.ms = at;
      await work();
    }
    made.ms = end;
  };
  made.say = (content) => made.sockets.at(-1).onmessage({ data: JSON.stringify({ v: 1, ...content }) });
  made.link.start();
  return made;
}

test('the first word of the server makes the link live', () => {
  const w = world();
  assert.equal(w.link.send('look', {}), false);
  w.say({ type: 'hello' });
  assert.deepEqual([w.states, w.heard.length], [['live'], 1]);
  assert.equal(w.link.send('look', { key: 'lv' }), true);
  assert.deepEqual(w.sockets[0].sent, [{ v: 1, type: 'look', key: 'lv' }]);
});

test('silence is noticed within three seconds, and nothing can be sent then', async () => {
  const w = world();
  w.say({ type: 'hello' });
  await w.tick(2900);
  assert.equal(w.link.state, 'lost');
  assert.equal(w.link.send('look', {}), false);
  assert.ok(w.sockets[0].closed);
});

test('a link that is heard every second stays live', async () => {
  const w = world();
  for (let i = 0; i < 20; i += 1) {
    w.say({ type: 'alive' });
    await w.tick(1000);
  }
  assert.deepEqual(w.states, ['live']);
});

test('a page that stood still itself hears what waits before it calls the link lost', async () => {
  const w = world();
  w.say({ type: 'hello' });
  w.ms = 9000;
  w.link.watch();
  w.say({ type: 'alive' });
  await w.tick(500);
  assert.equal(w.link.state, 'live');
  w.ms = 20000;
  w.link.watch();
  await w.tick(500);
  assert.equal(w.link.state, 'lost');
});

test('a lost link comes back by itself, and an old socket cannot speak any more', async () => {
  const w = world();
  w.say({ type: 'hello' });
  w.sockets[0].onclose({ code: 1006 });
  assert.equal(w.link.state, 'lost');
  await w.tick(600);
  assert.equal(w.sockets.length, 2);
  w.sockets[0].onmessage({ data: '{"v":1,"type":"plan"}' });
  assert.equal(w.link.state, 'lost');
  w.say({ type: 'hello' });
  assert.deepEqual(w.states, ['live', 'lost', 'live']);
});

test('it waits longer and longer, and never longer than five seconds', async () => {
  const w = world();
  const opened = [];
  for (let i = 0; i < 8; i += 1) {
    w.sockets.at(-1).onclose({ code: 1006 });
    const n = w.sockets.length;
    const before = w.ms;
    while (w.sockets.length === n) await w.tick(100);
    opened.push(w.ms - before);
  }
  assert.ok(opened[0] <= 600 && opened.at(-1) <= 5100 && opened.at(-1) >= 4900, String(opened));
});

test('a viewer that was shut out does not knock again', async () => {
  const w = world();
  w.say({ type: 'hello' });
  w.sockets[0].onclose({ code: 4401 });
  await w.tick(60000);
  assert.deepEqual([w.link.state, w.sockets.length], ['revoked', 1]);
});

test('a browser that is not paired any more says so instead of trying for ever', async () => {
  const w = world({ isPaired: false });
  for (let i = 0; i < 3 && !w.link.isOver; i += 1) {
    w.sockets.at(-1).onclose({ code: 1006 });
    await w.tick(6000);
  }
  assert.equal(w.link.state, 'unpaired');
});

test('another version is said and nothing of it is shown', () => {
  const w = world();
  w.sockets[0].onmessage({ data: '{"v":2,"type":"plan"}' });
  assert.deepEqual([w.link.state, w.heard], ['version', []]);
});

test('the round trip is measured by the viewers own clock', async () => {
  const w = world();
  w.say({ type: 'hello' });
  await w.tick(1100);
  const { sent_ms } = w.sockets[0].sent.find((one) => one.type === 'beat');
  w.ms = sent_ms + 7;
  w.say({ type: 'beat', sent_ms });
  assert.equal(w.link.roundTripMs, 7);
});

test('nothing is sent on a socket that is closing already', () => {
  const sent = [];
  const socket = { readyState: 1, send: (text) => sent.push(text), close: () => {} };
  const link = new Link({ open: () => socket, isPaired: async () => true, onMessage() {}, onState() {}, now: () => 0, later() {} });
  link.connect();
  link.hear(JSON.stringify({ v: 1, type: 'alive' }));
  assert.equal(link.send('release', {}), true);
  socket.readyState = 2;
  assert.equal(link.send('release', {}), false);
  assert.equal(sent.length, 1);
});
