// Preloaded (`node --require`) into the programs of a test build only. The probes that fail-points.ts puts into the
// copied programs ask it whether they are to strike. src/ knows nothing of it, so a fail-point can never ship.
//
// ZHIQIAO_FAIL_POINTS names a folder. Each file `<name>.armed` in it is one order: {"at","with","effect","role","nth"}.
// The process that strikes renames it to `<name>.fired`, so that of two processes exactly one does.
const { readFileSync, readdirSync, renameSync } = require('node:fs');
const { join } = require('node:path');

const folder = process.env.ZHIQIAO_FAIL_POINTS;
const role = process.env.ZHIQIAO_FAIL_ROLE ?? '';
const LOOK_EVERY_MS = 20;
const passed = new Map();
let lookedAt = -Infinity;
let orders = [];

function readOrder(file) {
  try {
    return { file, ...JSON.parse(readFileSync(join(folder, file), 'utf8')) };
  } catch (error) {
    if (error.code === 'ENOENT') return null; // another process was first
    throw error;
  }
}

/** The folder is read at most fifty times a second, however often probes are passed. */
function armed() {
  if (performance.now() - lookedAt > LOOK_EVERY_MS) {
    lookedAt = performance.now();
    const files = readdirSync(folder).filter((file) => file.endsWith('.armed'));
    orders = files.map(readOrder).filter((order) => order !== null && (!order.role || order.role === role));
  }
  return orders;
}

/** `context` is a set of names of statements, or a text such as a URL. */
function meets(wanted, context) {
  if (wanted === undefined) return true;
  return typeof context === 'string' ? new RegExp(wanted).test(context) : (context?.has(wanted) ?? false);
}

/** The order that this passage carries out, or null. */
function strike(point, context) {
  for (const order of armed()) {
    if (order.at !== point || !meets(order.with, context)) continue;
    const count = (passed.get(order.file) ?? 0) + 1;
    passed.set(order.file, count);
    if (count < (order.nth ?? 1)) continue;
    passed.delete(order.file);
    orders = orders.filter((other) => other !== order);
    try {
      renameSync(join(folder, order.file), join(folder, order.file.replace(/armed$/, 'fired')));
    } catch (error) {
      if (error.code === 'ENOENT') continue; // another process was first
      throw error;
    }
    return order;
  }
  return null;
}

/** What is done on the spot, before anything else of this process runs. */
const AT_ONCE = { kill9: 'SIGKILL', stop: 'SIGSTOP' };

globalThis.zhiqiaoFailPoint = async (point, context) => {
  const order = folder ? strike(point, context) : null;
  if (order === null) return;
  const signal = AT_ONCE[order.effect];
  if (signal) process.kill(process.pid, signal);
  else if (order.effect === 'throw') throw new Error(`fail-point ${order.file}`);
  else await new Promise((done) => setTimeout(done, order.ms ?? 1_000));
};
