/** The canvas, the light, the eye, and the one loop that draws; the same for plain, AR and VR. */

import * as THREE from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';

const DARK = new THREE.Color().setRGB(0.09, 0.1, 0.12, THREE.SRGBColorSpace);

export class Stage {
  constructor(holder) {
    this.renderer = new THREE.WebGLRenderer({ antialias: true, alpha: true, stencil: true });
    this.renderer.localClippingEnabled = true;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.renderer.xr.enabled = true;
    holder.append(this.renderer.domElement);
    this.scene = new THREE.Scene();
    this.scene.background = DARK;
    this.camera = new THREE.PerspectiveCamera(35, 1, 0.01, 20);
    this.camera.position.set(0, 0.05, 0.42);
    this.orbit = new OrbitControls(this.camera, this.renderer.domElement);
    this.orbit.minDistance = 0.05;
    this.orbit.maxDistance = 3;
    this.light();
    new ResizeObserver(() => this.fit(holder)).observe(holder);
    this.fit(holder);
  }

  light() {
    this.scene.add(new THREE.HemisphereLight(0xffffff, 0x554433, 1.6));
    const lamp = new THREE.DirectionalLight(0xffffff, 1.8);
    lamp.position.set(0.4, 0.8, 1.0);
    this.scene.add(lamp);
  }

  fit(holder) {
    if (this.renderer.xr.isPresenting) return;
    const { clientWidth: width, clientHeight: height } = holder;
    this.renderer.setSize(width, height, true);
    this.camera.aspect = width / Math.max(height, 1);
    this.camera.updateProjectionMatrix();
  }

  /** Where the eye is, in the page's metres. */
  get eye() {
    const camera = this.renderer.xr.isPresenting ? this.renderer.xr.getCamera() : this.camera;
    return new THREE.Vector3().setFromMatrixPosition(camera.matrixWorld);
  }

  /** Draw for ever; `work(frame)` prepares each picture. */
  run(work) {
    this.renderer.setAnimationLoop((_, frame) => {
      if (!this.renderer.xr.isPresenting) this.orbit.update();
      work(frame ?? null);
      this.renderer.render(this.scene, this.camera);
    });
  }

  /** The ray of the mouse or finger at a place of the canvas. */
  rayAt(event) {
    const box = this.renderer.domElement.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    const ray = new THREE.Raycaster();
    ray.setFromCamera(new THREE.Vector2(x, y), this.camera);
    return ray;
  }
}
