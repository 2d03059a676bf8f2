/**
 * Drives a browser for tests: one JSON command a line on stdin, one JSON answer a line on stdout. A headset is
 * emulated by iwer, which is put into the page from here, so that the page that ships has none.
 */

import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const ARGUMENTS = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-sandbox'];
const EMULATOR = new URL('../node_modules/iwer/build/iwer.min.js', import.meta.url).pathname;
const WEAR = `
  window.headset = new IWER.XRDevice(IWER.metaQuest3);
  window.headset.installRuntime({ forceInstall: true });
`;

const browser = await chromium.launch({ executablePath: process.argv[2], args: ARGUMENTS });
const errors = [];
let page = null;

async function open({ url, wears, width = 740, height = 300 }) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height } });
  if (wears) {
    await context.addInitScript({ path: EMULATOR });
    await context.addInitScript(WEAR);
  }
  page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(url);
}

async function drag({ from, to, steps = 6 }) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps });
  await page.mouse.up();
}

/** The value of some code; asked again when the page went to another address meanwhile. */
async function evaluate({ code }) {
  for (;;) {
    try {
      return await page.evaluate(code);
    } catch (error) {
      if (!String(error).includes('context was destroyed')) throw error;
      await page.waitForLoadState();
    }
  }
}

const commands = {
  open,
  drag,
  eval: evaluate,
  click: ({ at }) => page.click(at, { timeout: 30000 }),
  picture: ({ path }) => page.screenshot({ path }).then(() => null),
  errors: () => errors.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, command, ...rest } = JSON.parse(line);
  try {
    const value = (await commands[command](rest)) ?? null;
    process.stdout.write(`${JSON.stringify({ id, value })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, error: String(error) })}\n`);
  }
}
await browser.close();
