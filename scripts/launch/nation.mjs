import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../prepare.mjs';

const FOLDER = join(ROOT, 'var', 'simulator');
const KEYS = join(ROOT, 'var', 'simulator-keys.json');

/** Kept between starts: what the simulator stored is enciphered with them. */
function simulatorKeys() {
  try {
    return JSON.parse(readFileSync(KEYS, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const keys = {
    appKey: `demo-${randomBytes(4).toString('hex')}`,
    appSecret: randomBytes(24).toString('base64url'),
    fieldKey: randomBytes(16).toString('hex'),
  };
  writeFileSync(KEYS, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

/** The bundled simulator as a program, and what the adapter has to know to call it. */
export function bundledSimulator({ port, controlPort, callbackUrl, env }) {
  const { appKey, appSecret, fieldKey } = simulatorKeys();
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const callback = callbackUrl === null ? {} : { SIM_CALLBACK_URL: callbackUrl };
  return {
    program: {
      name: 'simulator',
      script: join(ROOT, 'dist', 'src', 'simulator', 'main.js'),
      talksOnStdout: true,
      env: {
        SIM_SETTING: 'demo',
        ...env,
        SIM_HOST: '127.0.0.1',
        SIM_PORT: String(port),
        SIM_CONTROL_PORT: String(controlPort),
        SIM_DIR: FOLDER,
        SIM_APP_KEY: appKey,
        SIM_APP_SECRET: appSecret,
        SIM_FIELD_KEY: fieldKey,
        ...callback,
      },
    },
    ports: { baseUrl: `http://127.0.0.1:${port}`, controlUrl: `http://127.0.0.1:${controlPort}` },
    adapterEnv: {
      NATIONAL_BASE_URL: `http://127.0.0.1:${port}`,
      NATIONAL_APP_KEY: appKey,
      NATIONAL_APP_SECRET: appSecret,
      NATIONAL_FIELD_KEY: fieldKey,
      NATIONAL_IS_SIMULATOR: 'true',
    },
  };
}
