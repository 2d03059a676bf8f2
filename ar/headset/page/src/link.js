/** The live link to the workstation: says at once when it is lost, and comes back by itself. */

export const VERSION = 1;
export const SILENT_MS = 2500;
export const BEAT_MS = 1000;
const REVOKED = 4401;
const OPEN = 1;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const CHECK_MS = 250;
const TRIES_BEFORE_ASKING = 2;

/** States: connecting, live, lost, revoked, unpaired, version. Only `live` lets anything be changed. */
export class Link {
  /**
   * @param {object} means
   * @param {() => WebSocket} means.open makes a socket
   * @param {() => Promise<boolean>} means.isPaired asks the server whether this browser may still come
   * @param {(content: object) => void} means.onMessage
   * @param {(state: string) => void} means.onState
   * @param {() => number} [means.now] milliseconds
   * @param {(work: () => void, ms: number) => unknown} [means.later]
   */
  constructor({ open, isPaired, onMessage, onState, now = () => performance.now(), later = (work, ms) => setTimeout(work, ms) }) {
    Object.assign(this, { open, isPaired, onMessage, onState, now, later });
    this.state = 'connecting';
    this.roundTripMs = null;
    this.nFailed = 0;
    this.socket = null;
    this.heardMs = 0;
    this.beatMs = 0;
    this.watchedMs = now();
    this.stoodStill = false;
  }

  start() {
    this.connect();
    this.watch();
  }

  get isLive() {
    return this.state === 'live';
  }

  /** Send a wish; false when the link is not live, and nothing was sent. */
  send(type, fields) {
    // Between the other end's goodbye and the event that tells of it, a socket takes nothing any more.
    if (!this.isLive || this.socket.readyState > OPEN) return false;
    this.socket.send(JSON.stringify({ v: VERSION, type, ...fields }));
    return true;
  }

  connect() {
    const socket = this.open();
    this.socket = socket;
    this.heardMs = this.now();
    socket.onmessage = (event) => this.socket === socket && this.hear(event.data);
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
  }

  hear(text) {
    this.heardMs = this.now();
    const content = JSON.parse(text);
    if (content.v !== VERSION) {
      this.end('version');
      return;
    }
    if (content.type === 'beat') this.roundTripMs = this.now() - content.sent_ms;
    this.nFailed = 0;
    this.turn('live');
    this.onMessage(content);
  }

  closed(code) {
    if (code === REVOKED) {
      this.end('revoked');
      return;
    }
    this.socket = null;
    this.nFailed += 1;
    this.turn('lost');
    this.later(() => this.again(), Math.min(FIRST_WAIT_MS * 2 ** (this.nFailed - 1), LONGEST_WAIT_MS));
  }

  async again() {
    if (this.isOver || this.socket) return;
    // A browser does not say why a socket was refused; the server does when it is asked for a page.
    if (this.nFailed >= TRIES_BEFORE_ASKING && !(await this.isPaired())) {
      this.end('unpaired');
      return;
    }
    this.connect();
  }

  /** Notice silence: a link whose other end is gone stays open for minutes. */
  watch() {
    if (this.isOver) return;
    const now = this.now();
    // A page that stood still itself has words of the server waiting: they are heard before silence is judged.
    const stoodStill = !this.stoodStill && now - this.watchedMs > SILENT_MS / 2;
    this.watchedMs = now;
    this.stoodStill = stoodStill;
    if (this.socket && !stoodStill && now - this.heardMs > SILENT_MS) {
      const silent = this.socket;
      this.closed(0);
      silent.close();
    } else if (this.isLive && now - this.beatMs >= BEAT_MS) {
      this.beatMs = now;
      this.send('beat', { sent_ms: now });
    }
    this.later(() => this.watch(), CHECK_MS);
  }

  get isOver() {
    return ['revoked', 'unpaired', 'version'].includes(this.state);
  }

  end(state) {
    const socket = this.socket;
    this.socket = null;
    this.turn(state);
    socket?.close();
  }

  turn(state) {
    if (state === this.state) return;
    this.state = state;
    if (state !== 'live') this.roundTripMs = null;
    this.onState(state);
  }
}
