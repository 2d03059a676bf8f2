import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import test from 'node:test';
import vm from 'node:vm';
import { unpackWith } from '../src/unpacking.js';

const folder = new URL('../node_modules/three/examples/jsm/libs/draco/gltf/', import.meta.url);

async function decoder() {
  const script = await readFile(new URL('draco_wasm_wrapper.js', folder), 'utf8');
  const context = vm.createContext({ WebAssembly, console, process, require: createRequire(import.meta.url), __dirname: dirname(folder.pathname) });
  vm.runInContext(`${script};globalThis.made = DracoDecoderModule`, context);
  return context.made({ wasmBinary: await readFile(new URL('draco_decoder.wasm', folder)) });
}

test('a packed surface of the workstation is unpacked within the error it states', { skip: !process.env.AURICLE_PACKED }, async () => {
  const { packed, vertices, error_mm } = JSON.parse(await readFile(process.env.AURICLE_PACKED, 'utf8'));
  const { positions, triangles } = unpackWith(await decoder(), Uint8Array.from(Buffer.from(packed, 'base64')).buffer);
  assert.equal(triangles.length % 3, 0);
  let worst = 0;
  for (const [x, y, z] of vertices) {
    let best = Infinity;
    for (let i = 0; i < positions.length; i += 3) {
      best = Math.min(best, Math.hypot(positions[i] - x, positions[i + 1] - y, positions[i + 2] - z));
    }
    worst = Math.max(worst, best);
  }
  assert.ok(worst <= 0.005 && Math.abs(worst - error_mm) < 1e-5, `${worst} mm, said ${error_mm}`);
});

test('what is no packed surface is refused', async () => {
  const draco = await decoder();
  assert.throws(() => unpackWith(draco, new Uint8Array([1, 2, 3, 4]).buffer));
});
