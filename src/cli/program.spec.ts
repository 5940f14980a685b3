import { CommanderError } from 'commander';
import type { Desk } from './desk.js';
import { createProgram } from './program.js';

type Called = [string, ...unknown[]];

async function run(
  line: string,
): Promise<{ called: Called[]; asJson: boolean | undefined; words: string; error: unknown }> {
  const called: Called[] = [];
  const record =
    (name: string) =>
    (...args: unknown[]) => {
      called.push([name, ...args]);
      return Promise.resolve({});
    };
  const desk = {
    sourceSystems: Object.fromEntries(
      ['create', 'rotate', 'revoke', 'requireSignature'].map((name) => [name, record(name)]),
    ),
    webhooks: Object.fromEntries(['add', 'list', 'remove'].map((name) => [name, record(name)])),
  } as unknown as Desk;
  let asJson: boolean | undefined;
  let words = '';
  const program = createProgram(async (work, json) => {
    asJson = json;
    await work(desk);
  });
  const quiet = { writeErr: (text: string) => (words += text), writeOut: (text: string) => (words += text) };
  const hush = (command: typeof program): void => {
    command.configureOutput(quiet);
    command.commands.forEach((child) => hush(child));
  };
  hush(program);
  const error: unknown = await program.parseAsync(line.split(' '), { from: 'user' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { called, asJson, words, error };
}

describe('the commands (G-78, G-71)', () => {
  it.each<[string, Called]>([
    ['source-systems create --name N --area 5334 --json', ['create', { name: 'N', areaCode: '5334' }, 'cli']],
    [
      'source-systems create --name N --area 533401 --rate 20 --parallel 4 --json',
      ['create', { name: 'N', areaCode: '533401', ratePerSecond: 20, maxParallel: 4 }, 'cli'],
    ],
    ['source-systems rotate --app-key K --overlap-hours 24 --json', ['rotate', 'K', 24, 'cli']],
    ['source-systems revoke --app-key K --json', ['revoke', 'K', 'cli']],
    ['source-systems require-signature --app-key K on --json', ['requireSignature', 'K', true, 'cli']],
    ['source-systems require-signature --app-key K off --json', ['requireSignature', 'K', false, 'cli']],
    ['webhooks add --app-key K --url https://example.com/ --json', ['add', 'K', 'https://example.com/']],
    ['webhooks list --json', ['list', null]],
    ['webhooks remove --id I --json', ['remove', 'I']],
  ])('%s', async (line, call) => {
    const { called, asJson, error } = await run(line);
    expect(error).toBeUndefined();
    expect(called).toEqual([call]);
    expect(asJson).toBe(true);
  });

  it.each([
    'source-systems create --area 5334',
    'source-systems create --name N --area 5334 --rate 0',
    'source-systems create --name N --area 5334 --rate x',
    'source-systems create --name N --area 5334 --colour red',
    'source-systems rotate --app-key K --overlap-hours -1',
    'source-systems require-signature --app-key K maybe',
    'source-systems destroy',
    'nonsense',
  ])('refuses in plain words: %s', async (line) => {
    const { called, words, error } = await run(line);
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).exitCode).not.toBe(0);
    expect(called).toEqual([]);
    expect(words).toMatch(/error:/);
  });
});
