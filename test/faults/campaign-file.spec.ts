import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pageOf } from '../campaign/slices/page.js';
import {
  appendSlice,
  openKeys,
  problemOf,
  readCampaign,
  type CampaignFile,
  type Slice,
} from '../campaign/slices/result-file.js';

const slice = (number: number, more: Partial<Slice> = {}): Slice => ({
  slice: number, of: 3, seed: 1_000 * number, queue: 'postgres', kills: 100, faults: 50, accepted: 2_000, lost: 0,
  duplicated: 0, blindResends: 0, minutesEqual: true, violations: { I01: 0 }, unfired: [], slowestIntakeMs: 40,
  slowestMirroredMs: 900, commit: 'c0ffee', versions: { node: 'v20' }, at: '2026-11-25T00:00:00.000Z', ...more,
}); // prettier-ignore

const asked = { kills: 300, faults: 150, slices: 3 };

/** Real: files and Ed25519. */
describe('the result file of a campaign', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zhiqiao-campaign-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const add = (one: Slice, key = 'key.pem'): CampaignFile =>
    appendSlice(join(folder, 'docs', 'c.json'), openKeys(join(folder, key)), { slice: one, asked, seed: 7 });

  it('reckons its totals from the slices, in whatever order they were run', () => {
    add(slice(3));
    const file = add(slice(1, { kills: 101, lost: 2 }));
    expect(file).toMatchObject({
      kills: 201,
      faults: 100,
      accepted: 4_000,
      lost: 2,
      duplicated: 0,
      blindResends: 0,
      seed: 7,
    });
    expect(file.slices.map((one) => one.slice)).toEqual([1, 3]);
    expect(problemOf(readCampaign(join(folder, 'docs', 'c.json')) as CampaignFile)).toBeNull();
  });

  it('takes no slice twice, and none that another key signs', () => {
    add(slice(1));
    expect(() => add(slice(1))).toThrow(/slice 1 is in it/);
    expect(() => add(slice(2), 'other.pem')).toThrow(/another key/);
  });

  it('shows a changed slice, a changed total and a removed slice', () => {
    add(slice(1, { lost: 1 }));
    const file = add(slice(2));
    const [first, second] = file.slices as [CampaignFile['slices'][0], CampaignFile['slices'][0]];
    expect(problemOf({ ...file, lost: 0 })).toMatch(/signature/);
    expect(problemOf({ ...file, slices: [{ ...first, lost: 0 }, second] })).toMatch(/signature/);
    expect(problemOf({ ...file, slices: [second] })).toMatch(/signature/);
  });

  it('keeps the private key out of the file', () => {
    add(slice(1));
    expect(readFileSync(join(folder, 'docs', 'c.json'), 'utf8')).not.toContain('PRIVATE');
  });

  it('says on its page what the bound is, and does not claim one where something was lost', () => {
    expect(pageOf(add(slice(1)), 'c')).toContain('less than 2.95 % of such kills');
    expect(pageOf(add(slice(2, { lost: 1 })), 'c')).toContain('Something went wrong');
  });
});
