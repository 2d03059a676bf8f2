/** Builds the page: three files for paired viewers, two for pairing, one for lessons. Needs the network for nothing. */

import { build } from 'esbuild';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';

const OUT = new URL('dist/', import.meta.url);
// The decoder is a script that three.js ships among modules: it leaves its function in a variable.
const decoder = {
  name: 'draco',
  setup({ onLoad }) {
    onLoad({ filter: /draco_wasm_wrapper\.js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, 'utf8')}\nexport default DracoDecoderModule;`,
    }));
  },
};
const options = {
  plugins: [decoder],
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome110', 'safari16.4', 'firefox115'],
  loader: { '.wasm': 'binary' },
  // Draco's decoder asks for them where it finds itself in Node; in a browser it never does.
  external: ['fs', 'path'],
  legalComments: 'eof',
  charset: 'utf8',
  logLevel: 'warning',
  absWorkingDir: new URL('.', import.meta.url).pathname,
};

async function bundled(entry) {
  const result = await build({ ...options, entryPoints: [`src/${entry}`], write: false });
  return result.outputFiles[0].text;
}

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await writeFile(new URL('app.js', OUT), await bundled('main.js'));
await writeFile(new URL('pair.js', OUT), await bundled('pair.js'));
for (const name of ['index.html', 'pair.html', 'page.css']) {
  await copyFile(new URL(`static/${name}`, import.meta.url), new URL(name, OUT));
}
const style = await readFile(new URL('static/page.css', import.meta.url), 'utf8');
const page = await readFile(new URL('static/lesson.html', import.meta.url), 'utf8');
// Inside HTML the program must not hold what would end its element.
const program = (await bundled('lesson.js')).replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
const whole = page.replace('<!-- style -->', () => style).replace('<!-- program -->', () => program);
await writeFile(new URL('lesson.html', OUT), whole);
