import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import {
  chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync,
} from 'node:fs'; // prettier-ignore
import { dirname, join } from 'node:path';

/**
 * Our own keys (G-81): one file in SECRETS_DIR, made once under a lock, shared by api, worker and CLI.
 * Data keys have ids, so that old rows stay readable after a rotation; the newest seals.
 */
export interface KeyStore {
  /** Newest data key first. */
  readonly dataKeys: readonly { readonly id: string; readonly key: Buffer }[];
  readonly blindIndexKey: Buffer;
  readonly receiptKeys: readonly ReceiptKey[];
}

/** Ed25519 key that signs receipts; retired keys are kept for verification (G-24). */
export interface ReceiptKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** 32 raw bytes. */
  readonly publicKey: Buffer;
  readonly notBefore: string;
  readonly notAfter: string | null;
}

interface KeyFile {
  version: 1;
  dataKeys: { id: string; key: string }[];
  blindIndexKey: string;
  receiptKeys: { id: string; pkcs8: string; notBefore: string; notAfter: string | null }[];
}

const FILE = 'keys.json';
const KEY_BYTES = 32;
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 20;
/** SubjectPublicKeyInfo of Ed25519 ends with the 32 raw bytes. */
const RAW_PUBLIC_KEY_BYTES = 32;

export class SecretsMissingError extends Error {
  override name = 'SecretsMissingError';
}

function newKeyFile(nowIso: string): KeyFile {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    version: 1,
    dataKeys: [{ id: 'd1', key: randomBytes(KEY_BYTES).toString('base64') }],
    blindIndexKey: randomBytes(KEY_BYTES).toString('base64'),
    receiptKeys: [
      {
        id: 'r1',
        pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
        notBefore: nowIso,
        notAfter: null,
      },
    ],
  };
}

function parse(text: string): KeyStore {
  const file = JSON.parse(text) as KeyFile;
  return {
    dataKeys: file.dataKeys.map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') })),
    blindIndexKey: Buffer.from(file.blindIndexKey, 'base64'),
    receiptKeys: file.receiptKeys.map(({ id, pkcs8, notBefore, notAfter }) => {
      const privateKey = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
      const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
      return { id, privateKey, publicKey: spki.subarray(-RAW_PUBLIC_KEY_BYTES), notBefore, notAfter };
    }),
  };
}

function withLock<T>(dir: string, work: () => T): T {
  const lock = join(dir, '.lock');
  for (;;) {
    try {
      mkdirSync(lock, { mode: 0o700 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      clearAbandoned(lock);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The work takes milliseconds: a lock that is older than the wait was left by a killed process. */
function clearAbandoned(lock: string): void {
  const madeAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (madeAt === undefined || Date.now() - madeAt < LOCK_WAIT_MS) return;
  rmSync(lock, { recursive: true, force: true });
}

/** Whether keys were ever made in this directory. */
export function hasKeys(dir: string): boolean {
  return existsSync(join(dir, FILE));
}

/**
 * Adds a data key that seals from now on; the older ones go on opening what they sealed (S33).
 * Processes that run learn of it when they meet something it has sealed.
 */
export function addDataKey(dir: string): string {
  const path = join(dir, FILE);
  return withLock(dir, () => {
    const file = JSON.parse(readFileSync(path, 'utf8')) as KeyFile;
    const id = `d${file.dataKeys.length + 1}`;
    file.dataKeys.unshift({ id, key: randomBytes(KEY_BYTES).toString('base64') });
    writeAtomically(path, file);
    return id;
  });
}

function writeAtomically(path: string, file: KeyFile): void {
  // Containers that share the folder share their process numbers too.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, JSON.stringify(file, null, 2), { mode: 0o600, flush: true });
  renameSync(draft, path);
  // What is sealed from now on is durable only when its key is.
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/**
 * Reads the keys, making them on the very first start.
 * Throws SecretsMissingError when `mayCreate` is false (the database holds records) and there are none.
 */
export function openKeyStore(dir: string, options: { mayCreate: boolean; nowIso: string }): KeyStore {
  const path = join(dir, FILE);
  if (existsSync(path)) return parse(readFileSync(path, 'utf8'));
  if (!options.mayCreate) {
    throw new SecretsMissingError(
      `The database holds records but ${FILE} is missing in SECRETS_DIR: restore that file from its backup; ` +
        'without it personal data cannot be opened. Nothing was started.',
    );
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  return withLock(dir, () => {
    if (!existsSync(path)) writeAtomically(path, newKeyFile(options.nowIso));
    return parse(readFileSync(path, 'utf8'));
  });
}
