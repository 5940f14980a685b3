import { eventually } from '../harness/eventually.js';
import { StationClient } from '../independent/station-client.js';
import type { RecordStatus, StationItem } from '../independent/station-types.js';
import { makeWorld } from '../independent/world.js';
import { deploy, type Deployment } from './deployment.js';
import { copyCheckout, type ExtendedCheckout } from './extended-checkout.js';

const NEW_KIND = `import { z } from 'zod';
import { defineRecordKind } from '../../record-kind.js';
import { date, sourceId, text } from '../fields.js';

export const homeVisitKind = defineRecordKind({
  name: 'home-visit',
  label: { zh: '入户探访', en: 'Home visit' },
  schema: z.strictObject({
    stationId: sourceId('sourceId of the station'),
    visitedOn: date('Day of the visit'),
    note: text(100, 'What was seen'),
  }),
  references: (data) => [{ kind: 'station', sourceId: data.stationId, pointer: '/data/stationId', role: 'context' }],
  personalFields: ['note'],
  naturalKey: () => [],
  rules: [],
  county: { from: 'ref', field: 'stationId' },
  lane: 'normal',
  examples: [{ stationId: 'station-1', visitedOn: '2026-11-10', note: '一切安好' }],
});
`;

const OTHER_PROFILE = 'neighbour-v1';

let checkout: ExtendedCheckout;
let adapter: Deployment | undefined;

beforeAll(() => {
  checkout = copyCheckout();
  // One folder and one line (and the import that the line needs).
  checkout.write('src/records/kinds/home-visit/home-visit.kind.ts', NEW_KIND);
  checkout.edit('src/records/registry.ts', (registry) =>
    registry
      .replace('import ', "import { homeVisitKind } from './kinds/home-visit/home-visit.kind.js';\nimport ")
      .replace('  certificateRequestKind,\n]', '  certificateRequestKind,\n  homeVisitKind,\n]'),
  );
  // A profile is one folder and nothing else.
  checkout.copy('config/national/ref-v1', `config/national/${OTHER_PROFILE}`);
  checkout.edit(`config/national/${OTHER_PROFILE}/profile.yaml`, (yaml) =>
    yaml.replace('id: ref-v1', `id: ${OTHER_PROFILE}`),
  );
  checkout.build();
}, 120_000);

afterEach(async () => {
  await adapter?.close();
  adapter = undefined;
}, 60_000);
afterAll(() => checkout.remove());

const station = (): StationItem => {
  const { records } = makeWorld({ seed: 5341, sizes: { volunteers: 0, certificates: 0, blocked: false } });
  return (records[0] as (typeof records)[number]).item;
};

async function atRest(client: StationClient, item: StationItem): Promise<RecordStatus> {
  return eventually(
    async () => {
      const status = await client.status(item.kind, item.sourceId);
      return status && ['mirrored', 'unsupported', 'attention'].includes(status.state) ? status : null;
    },
    { timeoutMs: 30_000, what: `${item.kind} at rest` },
  );
}

describe('a new kind is one folder and one line', () => {
  it('is taken at the door, kept, shown and counted; unsupported as long as the profile has no answer', async () => {
    adapter = await deploy({ checkout: checkout.root });
    const { apiBase, credentials, national } = adapter;
    const client = new StationClient({ apiBase, ...credentials });
    const visit: StationItem = {
      kind: 'home-visit',
      sourceId: 'HV-1',
      data: { stationId: station().sourceId, visitedOn: '2026-11-10', note: '一切安好' },
    };
    const wrong = { ...visit, sourceId: 'HV-2', data: { ...visit.data, visitedOn: 'yesterday' } };
    const answer = await client.pushBatch([station(), visit, wrong]);
    expect(answer.items.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'rejected']);
    expect((await atRest(client, station())).state).toBe('mirrored');
    expect(await atRest(client, visit)).toMatchObject({ state: 'unsupported', version: 1, kind: 'home-visit' });
    expect((await client.summary()).kinds['home-visit']).toEqual({ unsupported: 1 });
    const openapi = await client.send('GET', '/api/openapi.json', { anonymous: true });
    expect(openapi.bytes.toString()).toContain('home-visit');
    client.close();
    expect(national.requests.filter(({ path }) => path.includes('visit'))).toEqual([]);
  }, 90_000);
});

describe('a new profile is one folder', () => {
  it('is spoken when it is named', async () => {
    adapter = await deploy({ checkout: checkout.root, env: { NATIONAL_PROFILE: OTHER_PROFILE } });
    const { apiBase, credentials, national } = adapter;
    const client = new StationClient({ apiBase, ...credentials });
    await client.pushBatch([station()]);
    expect((await atRest(client, station())).state).toBe('mirrored');
    client.close();
    expect(national.rows('stations')).toHaveLength(1);
  }, 90_000);
});
