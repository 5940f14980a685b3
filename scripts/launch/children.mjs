import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../prepare.mjs';

const LEAVE_WITH_PARENT = join(ROOT, 'scripts', 'launch', 'leave-with-parent.cjs');
const READY_WITHIN_MS = 180_000; // the first start migrates; recovery after a crash may come before it
const RESTART_LIMIT = 6;
const RESTART_WINDOW_MS = 10 * 60_000;
const FIRST_BACKOFF_MS = 500; // doubles: 0.5, 1, 2, 4, 8, 16 s

const say = (text) => process.stderr.write(`${text}\n`);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const isOver = (child) => child.exitCode !== null || child.signalCode !== null;

/** Programs tell over IPC (platform/supervision); the simulator, which knows nothing of us, prints a line. */
function onReady(child, tell) {
  child.on('message', (message) => message?.ready && tell(message));
  if (!child.stdout) return;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"ready":true')) tell(JSON.parse(line));
    else process.stdout.write(`${line}\n`);
  });
}

function waitUntilReady(child, name) {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Error(`${name} was not ready in ${READY_WITHIN_MS} ms`)),
      READY_WITHIN_MS,
    );
    onReady(child, (details) => {
      clearTimeout(limit);
      resolve(details);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(limit);
      const error = new Error(`${name} ended (${signal ?? code}) before it was ready`);
      reject(Object.assign(error, { exitCode: code ?? 1 }));
    });
  });
}

/**
 * One program of the tree. The IPC channel is how it tells that it is ready, and how it notices that we are gone.
 * It has a process group of its own, so that Ctrl-C reaches us alone and the tree is stopped in order.
 */
export class Child {
  #process = null;
  #isStopping = false;
  #restarts = [];

  /** `talksOnStdout`: its ready line is taken from stdout, the rest is passed on. */
  constructor({ name, script, args = [], env, talksOnStdout = false, onChange, onGivenUp }) {
    Object.assign(this, { name, script, args, env, talksOnStdout, onChange, onGivenUp });
  }

  get pid() {
    return this.#process && !isOver(this.#process) ? this.#process.pid : null;
  }

  /** Resolves with what the program says about itself. A program that never got ready is not tried again. */
  async start() {
    const child = spawn(process.execPath, ['--require', LEAVE_WITH_PARENT, this.script, ...this.args], {
      cwd: ROOT,
      env: this.env,
      detached: true,
      stdio: ['ignore', this.talksOnStdout ? 'pipe' : 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    child.once('error', (error) => say(`${this.name}: ${error.message}`));
    this.onChange();
    const ready = await waitUntilReady(child, this.name);
    child.once('exit', (code, signal) => void this.#ended(code, signal));
    if (isOver(child)) void this.#ended(child.exitCode, child.signalCode);
    return ready;
  }

  async #ended(code, signal) {
    if (this.#isStopping) return;
    this.#restarts = this.#restarts.filter((at) => at > Date.now() - RESTART_WINDOW_MS);
    if (this.#restarts.length >= RESTART_LIMIT) {
      say(`${this.name} ended (${signal ?? code}) for the ${RESTART_LIMIT + 1}th time: giving up`);
      this.onGivenUp(this);
      return;
    }
    const backoffMs = FIRST_BACKOFF_MS * 2 ** this.#restarts.length;
    this.#restarts.push(Date.now());
    say(`${this.name} ended unexpectedly (${signal ?? code}); starting it again in ${backoffMs} ms`);
    await sleep(backoffMs);
    if (this.#isStopping) return;
    try {
      await this.start();
      say(`${this.name} is back`);
    } catch {
      if (!this.#isStopping) void this.#ended(this.#process.exitCode, this.#process.signalCode);
    }
  }

  /** TERM, and KILL after `limitMs`. */
  async stop(limitMs) {
    this.#isStopping = true;
    const child = this.#process;
    if (!child || child.pid === undefined || isOver(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      say(`${this.name} did not end within ${limitMs} ms: killed`);
      child.kill('SIGKILL');
    }, limitMs);
    await gone;
    clearTimeout(timer);
  }
}
