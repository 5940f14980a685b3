import 'reflect-metadata';
import { CommanderError } from 'commander';
import { SourceSystemUnknownError } from '../access/index.js';
import { PauseError } from '../delivery/index.js';
import { WebhookTargetError, WebhookUnknownError } from '../notify/index.js';
import { isCodedError } from '../platform/errors/index.js';
import { loadSettingsOrExit } from '../platform/config/index.js';
import { SecretsMissingError } from '../platform/vault/index.js';
import { catalogueEntry, isCatalogueCode } from '../records/index.js';
import { atDesk, DeskError } from './desk.js';
import { RemapError } from './remap-desk.js';
import { createProgram, type Carry } from './program.js';

const USAGE = 2;
const FAILED = 1;

/** Errors whose message is for the person at the keyboard. */
const PLAIN = [
  PauseError,
  SourceSystemUnknownError,
  WebhookTargetError,
  WebhookUnknownError,
  SecretsMissingError,
  DeskError,
  RemapError,
];

const inWords = (answer: object): string =>
  Object.entries(answer)
    .map(([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join('\n');

const carry: Carry = async (work, asJson) => {
  const answer = await atDesk(loadSettingsOrExit(), work);
  process.stdout.write(`${asJson ? JSON.stringify(answer) : inWords(answer)}\n`);
};

function exitCodeOf(error: unknown): number {
  // Commander has printed what is wrong and how it is called.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (isCodedError(error) && isCatalogueCode(error.code)) {
    const { zh, remedy } = catalogueEntry(error.code);
    process.stderr.write(`${error.code}: ${zh}${remedy}\n`);
    return FAILED;
  }
  const isPlain = PLAIN.some((type) => error instanceof type);
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(isPlain ? `${text}\n` : `The command failed: ${text}\n`);
  return error instanceof WebhookTargetError ? USAGE : FAILED;
}

createProgram(carry)
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = exitCodeOf(error);
  });
