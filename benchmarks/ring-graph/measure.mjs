#!/usr/bin/env node
// How smoothly does a ring draw? Nodes, links, first picture, time to rest, frames while panning, in headless Chromium.
//
//   node benchmarks/ring-graph/measure.mjs [--picture DIR] [nodes…]
//
// The graphs are made here from a seed, with the shape of rings: a machine or text ties a dozen accounts, some accounts have
// two. The page runs the product's own module under the product's own Content-Security-Policy. Needs Node 20 and `chromium`.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, cpus } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const assets = join(here, '../../crates/service/src/workbench/assets');
const args = process.argv.slice(2);
const pictures = args[0] === '--picture' ? args.splice(0, 2)[1] : null;
const sizes = args.length > 0 ? args.map(Number) : [100, 1000, 3000];

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'";

function ring(count) {
  let state = 42;
  const draw = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const hubs = Math.max(2, Math.round(count / 12));
  const day = (n) => new Date(Date.UTC(2024, 0, 1) + n * 86400000).toISOString();
  const kinds = [['machine', 'device'], ['machine', 'ip'], ['text', 'script'], ['person', 'address'], ['staff', 'staff']];
  const nodes = [];
  for (let n = 0; n < hubs; n += 1) {
    const [kind, shared] = kinds[n % 11 < 5 ? 0 : draw(5)];
    nodes.push({ kind, shared, name: `${shared}-${n}`, inside: true, since: day(draw(200)), probability: 0.6 + draw(400) / 1000, shared_by: 3 + draw(40), orders: kind === 'machine' ? 0 : null });
  }
  const links = [];
  const tie = (account, shared) => links.push({ account, shared, since: nodes[account].since, inside: true, probability: nodes[shared].probability });
  for (let n = hubs; n < count; n += 1) {
    nodes.push({ kind: 'account', name: `A${n}`, inside: true, since: day(draw(200)), probability: 0.8 + draw(199) / 1000, refunds: 1 + draw(3), money: { amount: 20000 + draw(100000), currency: 'USD' } });
    tie(n, draw(hubs));
    if (draw(3) === 0) tie(n, draw(hubs));
  }
  return { nodes, links };
}

function page(count) {
  const keys = [...readFileSync(join(assets, 'graph.js'), 'utf8').matchAll(/\bt\.(\w+)/g)].map((m) => m[1]);
  const words = JSON.stringify(Object.fromEntries([...keys, 'account', 'device', 'ip', 'script', 'address', 'staff'].map((key) => [key, key]))).replaceAll('"', '&quot;');
  return `<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>${count}</title>
<link rel="stylesheet" href="/workbench.css"><link rel="stylesheet" href="/leads.css"></head><body><main>
<section class="graph" data-graph data-src="/ring/${count}" data-layout="/graph-layout.js" data-draw="/graph-draw.js" data-words="${words}">
<div class="graph-tools"><button data-do="in">+</button><button data-do="out">−</button><button data-do="fit">o</button></div>
<div class="graph-body"><canvas tabindex="0"></canvas><div class="graph-detail"></div></div>
<div class="graph-time"><button data-do="play">play</button><input type="range"><output></output></div>
<p class="graph-said"></p></section></main><script type="module" src="/bench.js"></script></body></html>`;
}

const BENCH = `
import { begin } from '/graph.js';
const root = document.querySelector('[data-graph]');
const frame = () => new Promise((done) => requestAnimationFrame(done));
const p = (all, q) => all.sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * q))];
const start = performance.now();
const view = await begin(root);
await frame(); await frame();
const first = performance.now() - start;
const resting = performance.now();
while (root.dataset.settled !== 'yes') await frame();
const rest = performance.now() - resting;
await frame();
const drawn = [];
const draw = view.drawing.draw.bind(view.drawing);
view.drawing.draw = (...args) => { const at = performance.now(); draw(...args); drawn.push(performance.now() - at); };
const canvas = root.querySelector('canvas');
const box = canvas.getBoundingClientRect();
const send = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: box.left + x, clientY: box.top + y, bubbles: true }));
canvas.setPointerCapture = () => {};
send('pointerdown', 300, 200);
const frames = [];
let last = performance.now();
for (let n = 0; n < 240; n += 1) {
  send('pointermove', 300 + 120 * Math.sin(n / 20), 200 + 80 * Math.cos(n / 17));
  await frame();
  const now = performance.now();
  frames.push(now - last);
  last = now;
}
send('pointerup', 300, 200);
view.drawing.fit(); view.dirty = true; await frame(); await frame();
await fetch('/done', { method: 'POST', body: JSON.stringify({ nodes: view.graph.nodes.length, links: view.graph.links.length, first, rest, frame50: p(frames, 0.5), frame95: p(frames, 0.95), draw95: p(drawn, 0.95) , picture: canvas.toDataURL() }) });
`;

let told = () => {};
const server = createServer((request, answer) => {
  const send = (type, body) => {
    answer.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY });
    answer.end(body);
  };
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/done') {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => { send('text/plain', ''); told(JSON.parse(body)); });
  } else if (pathname.startsWith('/ring/')) send('application/json', JSON.stringify(ring(Number(pathname.slice(6)))));
  else if (pathname.startsWith('/page/')) send('text/html', page(Number(pathname.slice(6))));
  else if (pathname === '/bench.js') send('text/javascript', BENCH);
  else if (/^\/[a-z-]+\.(js|css)$/.test(pathname)) {
    try { send(pathname.endsWith('js') ? 'text/javascript' : 'text/css', readFileSync(join(assets, pathname))); } catch { answer.writeHead(404); answer.end(); }
  } else { answer.writeHead(404); answer.end(); }
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const { port } = server.address();
console.log(`${cpus()[0].model.trim()}, ${cpus().length} processors, no graphics processor`);
console.log('nodes  links  first picture ms  at rest after ms  frame p50 ms  frame p95 ms  drawing p95 ms');
for (const count of sizes) {
  const profile = mkdtempSync(join(tmpdir(), 'ring-graph-'));
  const browser = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${profile}`, '--window-size=1280,900', '--remote-debugging-port=0', `http://127.0.0.1:${port}/page/${count}`], { stdio: 'ignore' });
  const result = await new Promise((done, fail) => {
    told = done;
    setTimeout(() => fail(new Error(`no result for ${count} nodes within two minutes`)), 120000).unref();
  });
  browser.kill();
  await new Promise((gone) => browser.on('exit', gone));
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  const cell = (value, width) => value.toFixed(value < 100 ? 1 : 0).padStart(width);
  console.log(`${String(result.nodes).padStart(5)}  ${String(result.links).padStart(5)}  ${cell(result.first, 16)}  ${cell(result.rest, 16)}  ${cell(result.frame50, 12)}  ${cell(result.frame95, 12)}  ${cell(result.draw95, 14)}`);
  if (pictures) writeFileSync(join(pictures, `ring-${count}.png`), Buffer.from(result.picture.split(',')[1], 'base64'));
}
server.close();
