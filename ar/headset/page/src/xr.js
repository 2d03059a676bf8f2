/** Going into AR and VR and back, and the surface that a headset sees where one points. */

import * as THREE from 'three';
import { WORDS } from './strings.js';

const FEATURES = {
  'immersive-ar': ['hit-test', 'hand-tracking', 'dom-overlay'],
  'immersive-vr': ['hand-tracking'],
};
const BEFORE_M = 0.55;
const BELOW_M = 0.15;
const PLATE_BESIDE_M = 0.38;
const GROWTH = 1.25;

export class Xr {
  constructor(app) {
    this.app = app;
    this.modes = [];
    this.session = null;
    this.mode = null;
    this.hitSource = null;
    this.aim = null;
    this.isFresh = false;
    this.ring = new THREE.Mesh(
      new THREE.RingGeometry(0.05, 0.06, 40).rotateX(-Math.PI / 2),
      new THREE.MeshBasicMaterial({ color: 0xffffff }),
    );
    this.ring.visible = false;
    app.stage.scene.add(this.ring);
    this.look();
  }

  get isOn() {
    return this.session !== null;
  }

  async look() {
    const can = await Promise.all(
      Object.keys(FEATURES).map((mode) => navigator.xr?.isSessionSupported(mode).catch(() => false) ?? false),
    );
    this.modes = Object.keys(FEATURES).filter((_, i) => can[i]);
    if (!this.modes.length) this.app.say(WORDS.noXr);
    this.app.refresh();
  }

  async enter(mode) {
    const { renderer } = this.app.stage;
    const session = await navigator.xr.requestSession(mode, {
      requiredFeatures: ['local-floor'],
      optionalFeatures: FEATURES[mode],
      domOverlay: { root: document.getElementById('panel') },
    });
    session.addEventListener('end', () => this.left());
    this.session = session;
    this.mode = mode;
    this.isFresh = true;
    this.background = this.app.stage.scene.background;
    if (mode === 'immersive-ar') this.app.stage.scene.background = null;
    renderer.xr.setReferenceSpaceType('local-floor');
    await renderer.xr.setSession(session);
    this.app.strip.visible = this.app.plate.visible = true;
    await this.listenForSurfaces(session);
    this.app.refresh();
  }

  async listenForSurfaces(session) {
    if (!session.enabledFeatures?.includes('hit-test') || !session.requestHitTestSource) return;
    const space = await session.requestReferenceSpace('viewer');
    this.hitSource = await session.requestHitTestSource({ space }).catch(() => null);
  }

  left() {
    const { app } = this;
    this.session = null;
    this.mode = null;
    this.hitSource = null;
    this.aim = null;
    this.ring.visible = false;
    app.stage.scene.background = this.background;
    app.strip.visible = app.plate.visible = false;
    app.tools.cancel();
    if (app.touching) app.stopTouching();
    app.pose(new THREE.Matrix4());
    app.refresh();
  }

  /** Before each picture: put the heart before the eyes once, and find the surface that is pointed at. */
  follow(frame) {
    if (!this.isOn || !frame) return;
    const { app } = this;
    const space = app.stage.renderer.xr.getReferenceSpace();
    if (this.isFresh && frame.getViewerPose(space)) {
      this.isFresh = false;
      this.putBefore(frame.getViewerPose(space).transform);
    }
    const pose = this.hitSource ? frame.getHitTestResults(this.hitSource)[0]?.getPose(space) : null;
    this.aim = pose ? new THREE.Vector3().copy(pose.transform.position) : null;
    this.ring.visible = this.aim !== null && app.tools.mode === 'place';
    if (this.aim) this.ring.position.copy(this.aim);
  }

  putBefore({ matrix }) {
    const eye = new THREE.Matrix4().fromArray(matrix);
    const place = new THREE.Vector3().setFromMatrixPosition(eye);
    const ahead = new THREE.Vector3(0, 0, -1).transformDirection(eye).setY(0).normalize();
    const beside = new THREE.Vector3(-ahead.z, 0, ahead.x);
    const turn = Math.atan2(-ahead.x, -ahead.z);
    const { heart, plate } = this.app;
    heart.position.copy(place).addScaledVector(ahead, BEFORE_M).add(new THREE.Vector3(0, -BELOW_M, 0));
    heart.rotation.set(0, turn, 0);
    heart.scale.setScalar(1);
    this.app.placing.reset();
    plate.position.copy(heart.position).addScaledVector(beside, PLATE_BESIDE_M);
    plate.rotation.set(0, turn - 0.5, 0);
  }

  get buttons() {
    const { app } = this;
    if (!this.isOn) {
      const titles = { 'immersive-ar': WORDS.enterAr, 'immersive-vr': WORDS.enterVr };
      return this.modes.map((mode) => ({
        key: mode,
        label: titles[mode],
        run: () => this.enter(mode).catch((error) => app.say(String(error.message ?? error))),
      }));
    }
    const buttons = [
      { key: 'leave', label: WORDS.leave, run: () => this.session.end() },
      { key: 'smaller', label: WORDS.smaller, run: () => app.resize(1 / GROWTH) },
      { key: 'larger', label: WORDS.larger, run: () => app.resize(GROWTH) },
      { key: 'reset', label: WORDS.reset, run: () => app.resize(0) },
    ];
    if (this.mode !== 'immersive-ar') return buttons;
    const place = { key: 'place', label: WORDS.hitTest, isOn: app.tools.mode === 'place', run: () => app.tools.use('place') };
    const register = { key: 'register', label: WORDS.register, run: () => app.startTouching() };
    return this.hitSource ? [...buttons, place, register] : [...buttons, register];
  }
}
