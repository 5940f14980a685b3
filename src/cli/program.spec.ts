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
    administrators: {
      ...Object.fromEntries(['create', 'list', 'revoke'].map((name) => [name, record(name)])),
      named: (id: string) => Promise.resolve(id),
    },
    problems: Object.fromEntries(['list', 'show', 'items', 'act'].map((name) => [name, record(name)])),
    replays: Object.fromEntries(
      ['plan', 'approve', 'run', 'pause', 'stop', 'show', 'list'].map((name) => [name, record(name)]),
    ),
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
    ['admins create --name N --scope 533401 --json', ['create', { name: 'N', scope: '533401' }]],
    ['admins list --json', ['list']],
    ['admins revoke --id I --json', ['revoke', 'I']],
    ['problems list --as A --json', ['list', 'A', undefined]],
    ['problems list --state open closed --as A --json', ['list', 'A', ['open', 'closed']]],
    ['problems show P --as A --json', ['show', 'A', 'P']],
    ['problems ack P --as A --json', ['act', 'A', 'P', 'acknowledge', { via: 'cli', reason: null }]],
    ['problems resolve P --reason R --as A --json', ['act', 'A', 'P', 'resolve', { via: 'cli', reason: 'R' }]],
    ['problems close P --reason R --as A --json', ['act', 'A', 'P', 'close', { via: 'cli', reason: 'R' }]],
    ['replays plan --problem P --reason R --as A --json', ['plan', 'A', 'P', { via: 'cli', reason: 'R' }]],
    ['replays approve Y --as A --json', ['approve', 'A', 'Y', 'cli']],
    ['replays run Y --as A --json', ['run', 'A', 'Y', 'cli']],
    ['replays pause Y --as A --json', ['pause', 'A', 'Y', 'cli']],
    ['replays stop Y --as A --json', ['stop', 'A', 'Y', 'cli']],
    ['replays show Y --as A --json', ['show', 'A', 'Y']],
    ['replays list --problem P --as A --json', ['list', 'A', 'P']],
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
    'admins create --name N --scope 53340',
    'problems list',
    'problems close P --as A',
    'problems list --state odd --as A',
    'replays approve --as A',
    'nonsense',
  ])('refuses in plain words: %s', async (line) => {
    const { called, words, error } = await run(line);
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).exitCode).not.toBe(0);
    expect(called).toEqual([]);
    expect(words).toMatch(/error:/);
  });
});
