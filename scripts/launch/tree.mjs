import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '../prepare.mjs';
import { identify } from './alive.mjs';
import { Child } from './children.mjs';
import { openEmbeddedDatabase } from './database.mjs';
import { bundledSimulator } from './nation.mjs';
import { freePort, holdApiPort } from './ports.mjs';
import { claimRunRecord, noRunRecord } from './run-record.mjs';

/** TERM ends the whole tree within 10 s (G-80): programs 6.3 s, simulator 1 s, database 1.2 s and its harder stops. */
const APP_STOP_MS = 6_300; // the programs themselves give up after 6 s
const SIMULATOR_STOP_MS = 1_000;
const MAIN = join(ROOT, 'dist', 'src', 'main.js');
const DEMO = join(ROOT, 'dist', 'src', 'demo', 'main.js');

const say = (text) => process.stderr.write(`${text}\n`);
const isNation = ({ name }) => name === 'simulator';

function shownHost(host) {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** Everything that one `npm start` runs, in the order of starting; leaving goes the other way. */
export class Tree {
  #children = [];
  #database = null;
  #demo = null;
  #record = noRunRecord;
  #ending = null;
  #exitCode = null;
  #releasePort = async () => undefined;

  /** `given` is the environment that the start was given; what is brought along is added for the children. */
  constructor({ settings, given, isDemo }) {
    Object.assign(this, { settings, given, isDemo, nation: null, apiUrl: null });
    // A line for each call would drown the demonstration's own words.
    this.env = { ...(isDemo ? { LOG_LEVEL: 'warn' } : {}), ...given };
  }

  async start() {
    // Two starts may share a database and a nation that are given to both, but not the ones kept in var/.
    if (!this.settings.databaseUrl || !this.settings.nationalBaseUrl) await this.#claim();
    if (this.settings.role !== 'worker') await this.#choosePort();
    if (!this.settings.databaseUrl) await this.#openDatabase();
    if (!this.settings.nationalBaseUrl) await this.#openNation();
    // One after the other: the first brings the database to the newest schema.
    for (const role of this.given.ROLE ? [this.settings.role] : ['api', 'worker']) {
      if (role !== 'worker') await this.#releasePort();
      await this.#run({ name: role, script: MAIN, args: [role], env: { ...this.env, ROLE: role } });
    }
    this.#record.update({ apiUrl: this.apiUrl });
  }

  async #claim() {
    const record = await claimRunRecord();
    if (record === null) {
      throw new Error('npm start already runs in this checkout: stop it, or set DATABASE_URL and NATIONAL_BASE_URL.');
    }
    this.#record = record;
  }

  async #choosePort() {
    const { host, port } = this.settings;
    const held = await holdApiPort({ host, port, mayMove: this.isDemo && !this.given.PORT });
    const found = held.port;
    this.#releasePort = held.release;
    if (found !== port && port !== 0) say(`port ${port} is taken: the demonstration moves to ${found}`);
    this.env.PORT = String(found);
    this.apiUrl = `http://${shownHost(host)}:${found}`;
  }

  async #openDatabase() {
    say('starting the embedded PostgreSQL …');
    this.#database = await openEmbeddedDatabase({ onGivenUp: (error) => this.giveUp(error) });
    if (this.#database.wasAdopted) say('adopted the embedded PostgreSQL that an earlier start left running');
    this.env.DATABASE_URL = this.#database.url;
    this.#record.update({ databaseUrl: this.#database.url });
  }

  async #openNation() {
    const callbackUrl = this.apiUrl && `${this.apiUrl}${this.settings.nationalCallbackPath}`;
    const [port, controlPort] = [await freePort(), await freePort()];
    const nation = bundledSimulator({ port, controlPort, callbackUrl, env: this.given });
    await this.#run(nation.program);
    Object.assign(this.env, nation.adapterEnv);
    this.nation = nation.ports;
    this.#record.update({ simulator: nation.ports });
  }

  async #run(program) {
    if (this.#ending) throw new Error('stopped while starting');
    say(`starting ${program.name} …`);
    const child = new Child({
      ...program,
      onChange: () => this.#record.update({ children: this.#running() }),
      onGivenUp: ({ name }) => this.giveUp(new Error(`${name} does not stay up`)),
    });
    this.#children.push(child);
    await child.start();
  }

  #running() {
    return this.#children.filter(({ pid }) => pid !== null).map(({ name, pid }) => ({ name, ...identify(pid) }));
  }

  /** Made-up people, pushed through the door as any station's are. Returns the demonstration's exit code. */
  async pushDemo(args) {
    const env = { ...this.env, ZHIQIAO_API_URL: this.apiUrl, ZHIQIAO_SIMULATOR_CONTROL_URL: this.nation.controlUrl };
    this.#demo = spawn(process.execPath, [DEMO, ...args], { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const [code] = await once(this.#demo, 'exit');
    return code ?? 1;
  }

  giveUp(error) {
    if (!this.#ending) say(error.message);
    return this.end(error.exitCode ?? 1);
  }

  /** Safe to call twice; the first reason decides the exit code. */
  end(exitCode) {
    this.#exitCode ??= exitCode;
    this.#ending ??= this.#endInOrder().finally(() => process.exit(this.#exitCode));
    return this.#ending;
  }

  async #endInOrder() {
    this.#demo?.kill('SIGTERM');
    await Promise.all(this.#children.filter((child) => !isNation(child)).map((child) => child.stop(APP_STOP_MS)));
    await Promise.all(this.#children.filter(isNation).map((child) => child.stop(SIMULATOR_STOP_MS)));
    await this.#database?.stop();
    this.#record.remove();
  }
}
