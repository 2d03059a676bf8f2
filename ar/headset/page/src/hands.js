/** Controllers and fingertips of a headset, as pointers for the tools. */

import * as THREE from 'three';

const RAY_M = 0.6;
// A controller's tip floats before it, so that it can be brought to a place: its own front is in the way.
export const TIP_AHEAD_M = 0.03;
const DOT_M = 0.003;
const TIP = 'index-finger-tip';

export class Hands {
  /** @param {{begin, end, squeeze}} tools what presses do */
  constructor(stage, tools) {
    this.stage = stage;
    this.inputs = [0, 1].map((id) => this.input(id, tools));
  }

  input(id, tools) {
    const { xr } = this.stage.renderer;
    const controller = xr.getController(id);
    const hand = xr.getHand(id);
    const line = new THREE.Line(
      new THREE.BufferGeometry().setFromPoints([new THREE.Vector3(), new THREE.Vector3(0, 0, -RAY_M)]),
      new THREE.LineBasicMaterial({ color: 0xffffff, transparent: true, opacity: 0.5 }),
    );
    controller.add(line);
    this.stage.scene.add(controller, hand);
    const dot = new THREE.Mesh(new THREE.SphereGeometry(DOT_M, 16, 12), new THREE.MeshBasicMaterial({ color: 0x9cff7a }));
    dot.visible = false;
    this.stage.scene.add(dot);
    const input = { id, controller, hand, dot, isThere: false };
    controller.addEventListener('connected', () => (input.isThere = true));
    controller.addEventListener('disconnected', () => {
      input.isThere = false;
      tools.end(id);
    });
    controller.addEventListener('selectstart', () => tools.begin(this.pointer(input)));
    controller.addEventListener('selectend', () => tools.end(id));
    controller.addEventListener('squeezestart', () => tools.squeeze(this.pointer(input)));
    controller.addEventListener('squeezeend', () => tools.end(id));
    return input;
  }

  /** All inputs that are there, by id. */
  get pointers() {
    return new Map(this.inputs.filter((one) => one.isThere).map((one) => [one.id, this.pointer(one)]));
  }

  /** Show each tip: its ball's centre is the point that touches and measures. */
  showTips(isOn) {
    for (const input of this.inputs) {
      input.dot.visible = isOn && input.isThere;
      if (input.dot.visible) input.dot.position.copy(this.pointer(input).tip);
    }
  }

  pointer({ id, controller, hand }) {
    controller.updateWorldMatrix(true, false);
    const ray = new THREE.Raycaster();
    ray.ray.origin.setFromMatrixPosition(controller.matrixWorld);
    ray.ray.direction.set(0, 0, -1).transformDirection(controller.matrixWorld);
    const finger = hand.joints?.[TIP];
    const tip = finger?.visible ? finger.getWorldPosition(new THREE.Vector3()) : ray.ray.at(TIP_AHEAD_M, new THREE.Vector3());
    return { id, ray, tip, hand: controller.matrixWorld.clone() };
  }
}
