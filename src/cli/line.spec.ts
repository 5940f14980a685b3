import type { Desk } from './desk.js';
import { createProgram } from './program.js';

const OPEN = { id: 'P1', scope: 'county:533401' };

async function run(line: string, actorScope = '5334'): Promise<{ called: unknown[][]; error: unknown }> {
  const called: unknown[][] = [];
  const record =
    (name: string) =>
    (...args: unknown[]) => {
      called.push([name, ...args]);
      return Promise.resolve([]);
    };
  const pauses = { ...Object.fromEntries(['add', 'stopAll', 'remove'].map((name) => [name, record(name)])), list: async () => [OPEN] };
  const desk = {
    administrators: { named: async (id: string) => ({ id, name: id, scope: actorScope }) },
    line: { pauses, alerts: record('alerts'), promises: record('promises') },
  } as unknown as Desk;
  const program = createProgram(async (work) => void (await work(desk)));
  const hush = (command: typeof program): void => {
    command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    command.commands.forEach((child) => hush(child));
  };
  hush(program);
  const error: unknown = await program.parseAsync(line.split(' '), { from: 'user' }).then(() => undefined, (thrown: unknown) => thrown);
  return { called, error };
} // prettier-ignore

describe('commands of the line', () => {
  it.each([
    ['pause --scope all --reason R --as A', ['add', { scope: 'all', reason: 'R', until: null, actor: 'A' }]],
    ['pause --scope county:533401 --reason R --until 2026-12-01T00:00:00+08:00 --as A', ['add', { scope: 'county:533401', reason: 'R', until: '2026-12-01T00:00:00+08:00', actor: 'A' }]],
    ['stop-all --reason R --as A --json', ['stopAll', { reason: 'R', actor: 'A' }]],
    ['resume --scope all --as A', ['remove', { scope: 'all' }, 'A']],
    ['resume --id P1 --as A', ['remove', { id: 'P1' }, 'A']],
    ['alerts --json', ['alerts']],
    ['promises --days 3 --json', ['promises', 3]],
  ])('%s', async (line, call) => {
    expect(await run(line)).toEqual({ called: [call], error: undefined });
  }); // prettier-ignore

  it.each([
    ['pause --scope kind:team --reason R --as A', '533401'],
    ['stop-all --reason R --as A', '533401'],
    ['pause --scope county:533423 --reason R --as A', '533401'],
    ['resume --id P1 --as A', '533423'],
    ['resume --id NONE --as A', '5334'],
    ['resume --as A', '5334'],
    ['pause --scope all --as A', '5334'],
    ['pause --scope all --reason R', '5334'],
  ])('refuses %s of an administrator of %s', async (line, scope) => {
    const { called, error } = await run(line, scope);
    expect(called).toEqual([]);
    expect(error).toBeDefined();
  });
});
