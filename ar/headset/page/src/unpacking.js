/** How Draco's decoder is asked for positions and triangles. */

/** A surface of which the cuts leave nothing. */
export const NOTHING = {
  positions: new Float32Array(),
  triangles: new Uint32Array(),
  centre_mm: [0, 0, 0],
  is_closed: false,
};

/** Positions (mm around the surface's centre) and triangles of a packed surface. Throws on anything else. */
export function unpackWith(draco, bytes) {
  const buffer = new draco.DecoderBuffer();
  const decoder = new draco.Decoder();
  const mesh = new draco.Mesh();
  try {
    buffer.Init(new Int8Array(bytes), bytes.byteLength);
    const status = decoder.DecodeBufferToMesh(buffer, mesh);
    if (!status.ok() || mesh.ptr === 0) throw new Error('not a packed surface');
    return { positions: positionsOf(draco, decoder, mesh), triangles: trianglesOf(draco, decoder, mesh) };
  } finally {
    for (const one of [mesh, decoder, buffer]) draco.destroy(one);
  }
}

function positionsOf(draco, decoder, mesh) {
  const n = mesh.num_points() * 3;
  const attribute = decoder.GetAttribute(mesh, decoder.GetAttributeId(mesh, draco.POSITION));
  const at = draco._malloc(n * 4);
  decoder.GetAttributeDataArrayForAllPoints(mesh, attribute, draco.DT_FLOAT32, n * 4, at);
  const found = new Float32Array(draco.HEAPF32.buffer, at, n).slice();
  draco._free(at);
  return found;
}

function trianglesOf(draco, decoder, mesh) {
  const n = mesh.num_faces() * 3;
  const at = draco._malloc(n * 4);
  decoder.GetTrianglesUInt32Array(mesh, n * 4, at);
  const found = new Uint32Array(draco.HEAPF32.buffer, at, n).slice();
  draco._free(at);
  return found;
}
