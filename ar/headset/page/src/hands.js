/** Controllers and fingertips of a headset, as pointers for the tools. */

import * as THREE from 'three';

const RAY_M = 0.6;
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
    const input = { id, controller, hand, isThere: false };
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

  pointer({ id, controller, hand }) {
    controller.updateWorldMatrix(true, false);
    const ray = new THREE.Raycaster();
    ray.ray.origin.setFromMatrixPosition(controller.matrixWorld);
    ray.ray.direction.set(0, 0, -1).transformDirection(controller.matrixWorld);
    const finger = hand.joints?.[TIP];
    const tip = finger?.visible ? finger.getWorldPosition(new THREE.Vector3()) : ray.ray.origin.clone();
    return { id, ray, tip, hand: controller.matrixWorld.clone() };
  }
}
