import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { exampleSourceId } from './kinds/example-ids.js';
import { allFindings, doorContext } from './kinds/kind-spec-support.js';
import { RECORD_KINDS, recordKind } from './registry.js';

const STATION_CONTRACT_3 = [
  ...['station', 'team', 'volunteer', 'membership', 'project', 'activity', 'service-record', 'evaluation'],
  ...['training', 'commendation', 'certificate-request'],
];
const FOLDERS = readdirSync(join(__dirname, 'kinds'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const KIND_ROWS = RECORD_KINDS.map((kind) => [kind.name, kind] as const);

function fieldsOf(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) throw new Error('the schema of a kind is a strict object');
  return Object.keys(schema.shape);
}

function parentKinds(name: string): string[] {
  const kind = recordKind(name);
  const refs = kind?.examples.flatMap((data) => kind.references(data)) ?? [];
  return [...new Set(refs.map((ref) => ref.kind))];
}

describe('registry', () => {
  it('holds the eleven kinds of the contract, one folder each', () => {
    const names = RECORD_KINDS.map((kind) => kind.name).sort();
    expect(names).toEqual([...STATION_CONTRACT_3].sort());
    expect(FOLDERS.map((entry) => entry.name).sort()).toEqual(names);
  });

  it('finds a kind by its name and nothing by others', () => {
    expect(recordKind('station')).toBe(RECORD_KINDS.find((kind) => kind.name === 'station'));
    expect(recordKind('stations')).toBeUndefined();
    expect(recordKind('__proto__')).toBeUndefined();
  });

  it('lists parents before children, hence has no cycle (G-62)', () => {
    const seen = new Set<string>();
    for (const { name } of RECORD_KINDS) {
      for (const parent of parentKinds(name)) expect([name, parent, seen.has(parent)]).toEqual([name, parent, true]);
      seen.add(name);
    }
  });
});

describe.each(KIND_ROWS)('kind %s', (name, kind) => {
  it('has files named after it', () => {
    const files = readdirSync(join(__dirname, 'kinds', name));
    expect(files).toEqual(expect.arrayContaining([`${name}.kind.ts`, `${name}.schema.ts`, `${name}.spec.ts`]));
  });

  it('has examples that its schema and rules take as they are', () => {
    expect(kind.examples.length).toBeGreaterThan(0);
    for (const example of kind.examples) {
      const data = kind.schema.parse(example);
      expect(data).toEqual(example);
      expect(allFindings(kind, data, doorContext())).toEqual([]);
    }
  });

  it('has examples that refer to examples', () => {
    for (const ref of kind.examples.flatMap((data) => kind.references(data))) {
      const ids = recordKind(ref.kind)?.examples.map((_data, index) => exampleSourceId(ref.kind, index));
      expect(ids).toContain(ref.sourceId);
      expect(fieldsOf(kind.schema)).toContain(ref.pointer.replace('/data/', ''));
    }
  });

  it('seals and places only fields that it has', () => {
    const fields = fieldsOf(kind.schema);
    expect(fields).toEqual(expect.arrayContaining([...kind.personalFields]));
    expect(fields).toContain(kind.county.field);
    const refFields = kind.examples.flatMap((data) => kind.references(data)).map((ref) => ref.pointer);
    if (kind.county.from === 'ref') expect(refFields).toContain(`/data/${kind.county.field}`);
  });

  it('refuses unknown fields, and nothing at all', () => {
    const unknown = kind.schema.safeParse({ ...kind.examples[0], unheardOf: 1 });
    expect(unknown.error?.issues).toEqual([
      expect.objectContaining({ code: 'unrecognized_keys', keys: ['unheardOf'] }),
    ]);
    expect(kind.schema.safeParse({}).success).toBe(false);
  });

  it('describes every field, and the whole by a name of its own', () => {
    const published = z.toJSONSchema(kind.schema, { reused: 'inline' });
    const definition = published.$defs === undefined ? published : Object.values(published.$defs)[0];
    expect(z.globalRegistry.get(kind.schema)?.id).toMatch(/^[A-Z][A-Za-z]+Data$/);
    for (const [field, schema] of Object.entries(definition?.properties ?? {})) {
      expect([field, schema]).toEqual([
        field,
        expect.objectContaining({ description: expect.stringMatching(/\S/) as string }),
      ]);
    }
  });

  it('says the same natural key for the same data', () => {
    for (const example of kind.examples) expect(kind.naturalKey(example)).toEqual(kind.naturalKey({ ...example }));
  });
});

it('covers every word of every closed list in the examples of station and team', () => {
  const types = (name: string): unknown[] => recordKind(name)?.examples.map((data) => data['type']) ?? [];
  expect(types('station').sort()).toEqual(['CIVILIZATION_PRACTICE', 'COMMUNITY', 'LEIFENG', 'TOWNSHIP_SW']);
  expect(types('team').sort()).toEqual(['COMMUNITY', 'LEGAL_PERSON', 'ORGANISATION']);
});
