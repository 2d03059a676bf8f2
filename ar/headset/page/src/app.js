/** The page: one heart, its plan, and what a person does with them, live from a workstation or out of a lesson. */

import * as THREE from 'three';
import { touchable, Touching, Placing } from './placing.js';
import { pageFromPatient } from './geometry.js';
import { Hands } from './hands.js';
import { Heart } from './heart.js';
import { registeredPose } from './holding.js';
import { ball, text } from './marks.js';
import { Panel } from './panel.js';
import { Plate, Strip } from './plate.js';
import { Lessons } from './lessons.js';
import { Stage } from './stage.js';
import { WORDS } from './strings.js';
import { Tools } from './tools.js';
import { Xr } from './xr.js';

const SAID_MS = 8000;
const TOUCHED = new THREE.Color(0.3, 1, 0.4);

export class App {
  /**
   * @param {object} source where the heart comes from
   * @param {(structure) => Promise<object>} source.load
   * @param {(state) => object} source.makeShared gives the plan and takes wishes
   * @param {() => {text: string, isAlarm: boolean, mayEdit: boolean}} source.status
   */
  constructor(source) {
    this.source = source;
    this.stage = new Stage(document.getElementById('stage'));
    this.heart = new Heart(source.load);
    this.stage.scene.add(this.heart);
    this.placing = new Placing();
    this.touching = null;
    this.shared = source.makeShared(this);
    this.tools = new Tools(this);
    this.lessons = new Lessons(this);
    this.strip = new Strip();
    this.plate = new Plate();
    this.strip.visible = this.plate.visible = false;
    this.stage.scene.add(this.strip, this.plate);
    this.xr = new Xr(this);
    this.panel = new Panel(document.getElementById('panel'), this);
    this.hands = new Hands(this.stage, {
      begin: (pointer) => this.plate.press(pointer.ray) || this.tools.begin(pointer),
      squeeze: (pointer) => this.tools.grab(pointer),
      end: (id) => this.tools.end(id),
    });
    this.pointAndDrag();
    this.shownStructures = null;
    this.saidMs = 0;
    this.refresh();
    this.stage.run((frame) => this.draw(frame));
  }

  /** What the shared plan holds has changed. */
  changed() {
    const { structures } = this.shared;
    if (structures !== this.shownStructures) {
      this.shownStructures = structures;
      this.heart.showStructures(structures).then((failed) => failed.forEach((title) => this.say(WORDS.notLoaded(title))));
    }
    this.showPlan();
    this.refresh();
  }

  showPlan() {
    const { plan, planes, structures } = this.shared;
    this.heart.showPlan(plan, planes, structures.has_found ? structures.found : []);
  }

  draw(frame) {
    if (this.xr.isOn) this.tools.move(this.hands.pointers);
    this.xr.follow(frame);
    this.hands.showTips(this.xr.isOn);
    this.source.picture?.follow(this);
    this.heart.follow();
    this.heart.face(this.stage.eye);
    const { text: linked, isAlarm } = this.showStatus();
    if (this.strip.visible) {
      this.strip.show([linked, WORDS.notice, this.scaleText, this.placing.note, this.said ?? '', this.limits], isAlarm);
      this.strip.follow(this.stage.renderer.xr.getCamera());
    }
    if (this.said && performance.now() - this.saidMs > SAID_MS) this.say('');
  }

  /** Say how the link is; also without waiting for the next picture. */
  showStatus() {
    const status = this.source.status();
    this.panel.showStatus(status.text, status.isAlarm, `${this.scaleText}  ${this.placing.note}`, this.limits);
    return status;
  }

  /** What the workstation shows and this page does not; and that a heart is still on its way. */
  get limits() {
    const { not_shown } = this.shared.structures;
    const behind = this.heart.isBehind ? WORDS.behind : '';
    return [behind, not_shown.length ? WORDS.notShown(not_shown) : ''].filter(Boolean).join(' ');
  }

  get scale() {
    return this.heart.scale.x;
  }

  get scaleText() {
    if (!this.xr?.isOn) return WORDS.onScreen;
    return this.scale === 1 ? `${WORDS.scale(1)} (${WORDS.trueSize})` : WORDS.scale(this.scale);
  }

  mayEdit() {
    if (this.source.status().mayEdit) return true;
    this.say(WORDS.linkNeeded);
    return false;
  }

  say(words) {
    this.said = words || null;
    this.saidMs = performance.now();
    this.panel?.say(words);
  }

  /** Hold the heart here; whatever moved it by hand, it is no registration any more. */
  pose(matrix) {
    matrix.decompose(this.heart.position, this.heart.quaternion, this.heart.scale);
    // Products of matrices leave a scale of 0.99999998 behind.
    this.heart.scale.setScalar(Math.round(this.heart.scale.x * 1e4) / 1e4);
    this.heart.updateMatrixWorld(true);
    this.placing.reset();
  }

  resize(factor) {
    const scale = factor === 0 ? 1 : Math.min(5, Math.max(1, this.scale * factor));
    this.heart.scale.setScalar(scale);
    this.placing.reset();
    this.refresh();
  }

  putDown() {
    const place = this.xr.aim;
    if (!place) return false;
    this.heart.position.copy(place).add(new THREE.Vector3(0, 0.08 * this.scale, 0));
    this.placing.reset();
    this.tools.use('look');
    return true;
  }

  startTouching() {
    const marks = touchable(this.shared.plan, this.shared.structures.found);
    if (marks.length < 3) {
      this.say(WORDS.noLandmarks);
      return;
    }
    this.touching = new Touching(marks);
    this.tools.use('touch');
    this.showTouched();
  }

  showTouched() {
    const { mark, touched } = this.touching;
    this.heart.showOwn(
      ...touched.map(({ place }) => ball(this.heart.toPatient(new THREE.Vector3(...place)), TOUCHED, 2)),
      ...(mark ? [text(mark.title, mark.position_mm, '#9cff7a')] : []),
    );
    if (!mark) this.endTouching();
    else this.refresh();
  }

  endTouching() {
    const { fit, why } = this.touching.fit();
    if (fit) {
      const centre = this.shared.structures.centre_mm;
      this.pose(registeredPose(fit, centre, pageFromPatient));
      this.placing.register(fit.fre, this.touching.touched);
    }
    this.say(fit ? `${this.placing.note} ${WORDS.registeredMeaning}` : why);
    this.stopTouching();
  }

  stopTouching() {
    this.touching = null;
    this.tools.use('look');
  }

  addDistance(start_mm, end_mm, mm) {
    if (this.source.isLesson) this.say(WORDS.distance(mm));
    else this.shared.wish('add_distance', { start_mm, end_mm });
  }

  addPlane() {
    const { centre_mm } = this.shared.structures;
    this.shared.wish('add_plane', { origin_mm: centre_mm, normal: [0, -1, 0] });
  }

  answer(pointer) {
    return this.lessons.answer(pointer);
  }

  release() {
    this.shared.release();
  }

  /** What can be pressed now, in the panel and on the plate. */
  get buttons() {
    const { tools, heart } = this;
    if (this.touching) return this.touchButtons;
    if (this.lessons.isOn) return this.lessons.buttons;
    const toggle = (key, label, isOn, run) => ({ key, label, isOn, run });
    const buttons = [
      ...this.xr.buttons,
      toggle('measure', WORDS.measure, tools.mode === 'measure', () => tools.use('measure')),
      toggle('caps', WORDS.caps, heart.withCaps, () => this.flip('withCaps')),
      toggle('labels', WORDS.labels, heart.withLabels, () => this.flip('withLabels')),
      { key: 'tour', label: WORDS.tour, run: () => this.lessons.startTour() },
      { key: 'quiz', label: WORDS.quiz, run: () => this.lessons.startQuiz() },
    ];
    if (this.source.isLesson) return buttons;
    const edits = [
      { key: 'plane', label: WORDS.addPlane, run: () => this.addPlane() },
      { key: 'undo', label: WORDS.undo, run: () => this.shared.wish('undo', { base: this.shared.plan.revision }) },
    ];
    return [...buttons, ...edits, ...(this.source.buttons ?? [])];
  }

  get touchButtons() {
    const { mark, touched } = this.touching;
    return [
      { key: 'touch', label: WORDS.touch(mark?.title ?? '', touched.length), run: () => {} },
      { key: 'skip', label: WORDS.skip, run: () => { this.touching.skip(); this.showTouched(); } },
      { key: 'done', label: WORDS.done, run: () => this.endTouching() },
      { key: 'cancel', label: WORDS.cancel, run: () => this.stopTouching() },
    ];
  }

  flip(name) {
    this.heart[name] = !this.heart[name];
    this.showPlan();
    this.heart.recut();
    this.refresh();
  }

  /** Show everything anew that is words and buttons. */
  refresh() {
    if (!this.panel) return;
    const { structures, plan, planes } = this.shared;
    const { buttons } = this;
    const looks = structures.structures;
    this.panel.show({
      title: structures.title || (looks.length ? '' : WORDS.waiting),
      buttons: buttons.map(({ label, isOn, key }) => ({ label, isOn: Boolean(isOn), key })),
      structures: looks,
      planes,
      items: plan.items,
      onInput: (kind, value) => this.input(kind, value),
    });
    const seen = looks.map((one) => ({
      label: one.title,
      isOn: one.is_visible,
      run: () => this.input('look', { key: one.key, is_visible: !one.is_visible, opacity: one.opacity }),
    }));
    this.plate.show([...buttons.map((one) => ({ ...one, isOn: Boolean(one.isOn) })), ...seen]);
  }

  input(kind, value) {
    if (kind === 'button') this.buttons[value]?.run();
    else if (kind === 'look') this.shared.look(value);
    else if (kind === 'switch') this.shared.wish('switch_plane', { ...value, base: this.shared.plan.revision });
  }

  /** Mouse and finger on the canvas. */
  pointAndDrag() {
    const { orbit, renderer } = this.stage;
    const canvas = renderer.domElement;
    const pointer = (event) => ({ id: 'mouse', ray: this.stage.rayAt(event), tip: null, hand: null });
    canvas.addEventListener('pointerdown', (event) => {
      orbit.enabled = !this.tools.begin(pointer(event));
    }, { capture: true });
    window.addEventListener('pointermove', (event) => this.tools.move(new Map([['mouse', pointer(event)]])));
    for (const kind of ['pointerup', 'pointercancel']) {
      window.addEventListener(kind, () => {
        this.tools.end('mouse');
        orbit.enabled = true;
      });
    }
  }
}
