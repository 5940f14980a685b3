/** I20: numbers of people who were pushed, sought wherever something is written down that is not sealed. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dumpDatabase, type Place } from '../faults/leaks.js';
import type { StationEvent } from './fleet/station-history.js';
import type { Stage } from './stage/stage.js';

const PEOPLE = 12;

function someNumbers(events: readonly StationEvent[]): string[] {
  const people = events.flatMap((event) =>
    event.type === 'invoke' ? event.items.filter(({ kind }) => kind === 'volunteer') : [],
  );
  const found = new Set<string>();
  for (const { data } of people) {
    for (const value of [data?.idNo, data?.mobile]) if (typeof value === 'string') found.add(value);
  }
  const all = [...found];
  // Spread over the whole run, not the first ones only.
  return all
    .filter((_, index) => index % Math.max(1, Math.floor(all.length / (2 * PEOPLE))) === 0)
    .slice(0, 2 * PEOPLE);
}

/** As written, in base64 at each offset, and in hex. The 19 spellings of the personal-canaries suite are for one person. */
function spellingsOf(value: string): Buffer[] {
  const bytes = Buffer.from(value);
  const inBase64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(offset === 0 ? 0 : offset + 1, -1),
  );
  return [bytes, ...[...inBase64, bytes.toString('hex')].map((text) => Buffer.from(text))];
}

/** Names the place of each find, never the number itself. */
export async function scanForPeople(stage: Stage): Promise<string[]> {
  const { folder } = stage.options;
  const events = readFileSync(join(folder, 'stations.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StationEvent);
  const logs: Place[] = readdirSync(folder)
    .filter((name) => name.endsWith('.log') || name === 'wire.ndjson')
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  const places = [...logs, ...(await dumpDatabase(stage.databaseUrl))];
  const wanted = someNumbers(events).flatMap(spellingsOf);
  return places
    .filter(({ bytes }) => wanted.some((spelling) => bytes.includes(spelling)))
    .map(({ name }) => `a number of a person stands in ${name}`);
}
