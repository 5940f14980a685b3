import { readFileSync, readdirSync } from 'node:fs';
import { join, normalize, dirname } from 'node:path';
import { CANARIES } from '../campaign/build/canaries.js';
import { CHECKS } from '../campaign/checker/judge.js';
import { DIRECTED } from '../campaign/directed.js';
import { CHECKOUT } from '../harness/run.js';

const JUDGE = join(CHECKOUT, 'test', 'campaign', 'checker');

/** Every file of ours that these files import, and what those import. */
function reached(from: string[]): Set<string> {
  const seen = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    // An import of types alone is gone in what runs.
    const imports = readFileSync(path, 'utf8').matchAll(/^(?:import|export)(?! type)[^;]*? from '(\.[^']+)\.js'/gms);
    for (const [, target] of imports) walk(`${normalize(join(dirname(path), target as string))}.ts`);
  };
  from.forEach(walk);
  return seen;
}

/** Real: the files themselves. */
describe('the judge', () => {
  it('imports nothing from src/, not even through others', () => {
    const files = readdirSync(JUDGE).map((name) => join(JUDGE, name));
    const outside = [...reached(files)].filter((path) => path.startsWith(join(CHECKOUT, 'src')));
    expect(outside).toEqual([]);
    expect(files.length).toBeGreaterThan(5);
  });

  it('asserts every invariant of §4.2 that these rooms have', () => {
    const wanted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 20, 25, 27];
    const names = wanted.map((number) => `I${String(number).padStart(2, '0')}`);
    expect(Object.keys(CHECKS)).toEqual(expect.arrayContaining(names));
  });

  it('has a planted bug and a directed run for each canary of §4.4 but 15', () => {
    const numbers = CANARIES.map(({ number }) => number);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16]);
    expect(Object.keys(DIRECTED).map(Number)).toEqual(numbers);
  });
});
