/** The live page of a paired headset or tablet. */

import { App } from './app.js';
import { unpack } from './draco.js';
import { Link } from './link.js';
import { NOTHING } from './unpacking.js';
import { Shared } from './shared.js';
import { Spectator } from './spectator.js';
import { WORDS } from './strings.js';

const STATES = {
  connecting: WORDS.connecting,
  live: WORDS.live,
  lost: WORDS.lost,
  revoked: WORDS.revoked,
  unpaired: WORDS.unpaired,
  version: WORDS.version,
};

let shared = null;
const spectator = new Spectator(document.getElementById('picture'));
const link = new Link({
  open: () => new WebSocket(`wss://${location.host}/live`),
  isPaired: async () => {
    try {
      return (await fetch('/app.js', { cache: 'no-store' })).status !== 403;
    } catch {
      return true;
    }
  },
  onMessage: (content) => {
    if (content.type === 'alive') spectator.hasPicture = content.has_picture;
    else shared.hear(content);
  },
  onState: (state) => {
    if (state === 'revoked') shared.clear();
    if (state !== 'live') shared.forget();
    spectator.isLive = state === 'live';
    app.showStatus();
  },
});

/** A surface as the server packs it. */
async function load({ surface }) {
  const answer = await fetch(`/surface/${surface}`);
  if (!answer.ok) throw new Error(String(answer.status));
  if (answer.status === 204) return NOTHING;
  return { ...(await unpack(await answer.arrayBuffer())), ...JSON.parse(answer.headers.get('X-Surface')) };
}

const app = new App({
  load,
  isLesson: false,
  picture: spectator,
  makeShared: (made) => {
    shared = new Shared({
      send: (type, fields) => link.send(type, fields),
      onChange: () => made.changed(),
      say: (words) => made.say(words),
    });
    return shared;
  },
  status: () => {
    const ms = link.roundTripMs === null ? '' : `  ${WORDS.roundTrip(link.roundTripMs)}`;
    return { text: `${STATES[link.state]}${ms}`, isAlarm: link.state !== 'live', mayEdit: link.isLive };
  },
  log: (result) => link.send('quiz_answer', result),
  get buttons() {
    return [{ key: 'spectator', label: WORDS.workstation, isOn: spectator.isOn, run: () => { spectator.toggle(); app.refresh(); } }];
  },
});
window.addEventListener('pagehide', () => link.end('unpaired'));
link.start();
// A code that is opened again in a paired browser is not kept in its history; one that was shut out pairs anew.
if (location.hash) history.replaceState(null, '', '/');
window.addEventListener('hashchange', () => location.reload());

// For tests in a browser: what is shown, as data.
window.auricle = Object.assign(app, { link, spectator });
