/** Unpacks surfaces with Draco's own decoder, which is part of the bundle: nothing is loaded from elsewhere. */

import makeDecoder from 'three/examples/jsm/libs/draco/gltf/draco_wasm_wrapper.js';
import wasm from 'three/examples/jsm/libs/draco/gltf/draco_decoder.wasm';
import { unpackWith } from './unpacking.js';

let ready = null;

/** Positions (mm around the surface's centre) and triangles of a packed surface. Throws on anything else. */
export async function unpack(bytes) {
  ready ??= makeDecoder({ wasmBinary: wasm });
  return unpackWith(await ready, bytes);
}
