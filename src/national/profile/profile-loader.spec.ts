import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../platform/config/index.js';
import { loadProfile, profileIds } from './profile-loader.js';

const shipped = join(projectRoot(__dirname), 'config/national');
const [id = ''] = profileIds(shipped);

let profilesDir: string;
beforeEach(() => {
  profilesDir = mkdtempSync(join(tmpdir(), 'profiles-'));
  cpSync(shipped, profilesDir, { recursive: true });
});
afterEach(() => rmSync(profilesDir, { recursive: true, force: true }));

const profileFile = (): string => join(profilesDir, id, 'profile.yaml');
function edit(change: (yaml: string) => string): void {
  writeFileSync(profileFile(), change(readFileSync(profileFile(), 'utf8')));
}
function withOverrides(overrides: unknown): ReturnType<typeof loadProfile> {
  const overridesFile = join(profilesDir, 'overrides.json');
  writeFileSync(overridesFile, typeof overrides === 'string' ? overrides : JSON.stringify(overrides));
  return loadProfile({ profilesDir, id, overridesFile });
}

describe('loadProfile', () => {
  it('reads the shipped profile; its hash is of the whole folder', () => {
    const first = loadProfile({ profilesDir, id });
    expect(first.profileHash).toBe(loadProfile({ profilesDir: shipped, id }).profileHash);
    writeFileSync(join(profilesDir, id, 'vectors', 'more.json'), '{}');
    expect(loadProfile({ profilesDir, id }).profileHash).not.toBe(first.profileHash);
    expect(first.overridesHash).toBe('');
  });

  it("lays overrides deep over it, hashes them, and leaves the folder's hash alone", () => {
    const plain = loadProfile({ profilesDir, id });
    const changed = withOverrides({ consistency: { readAfterWriteMs: 5 }, transport: { deadlineMs: { write: 77 } } });
    expect(changed.spec.consistency).toEqual({ ...plain.spec.consistency, readAfterWriteMs: 5 });
    expect(changed.spec.transport.deadlineMs).toEqual({ ...plain.spec.transport.deadlineMs, write: 77 });
    expect(changed.profileHash).toBe(plain.profileHash);
    expect(changed.overridesHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('lets an override name a value by its last key', () => {
    const { spec } = withOverrides({ readAfterWriteMs: 5, maxCommitLatencyMs: 6, reviewPollMs: 7 });
    expect(spec.consistency).toMatchObject({ readAfterWriteMs: 5, maxCommitLatencyMs: 6 });
    expect(spec.polling.reviewPollMs).toBe(7);
    expect(withOverrides({ deadlineMs: 9 }).spec.transport.deadlineMs).toEqual({
      write: 9,
      read: 9,
      token: 9,
      time: 9,
    });
  });

  it.each([
    ['an unknown key', (yaml: string) => yaml.replace('consistency:', 'consistencyy: 1\nconsistency:'), /consistencyy/],
    [
      'a missing key',
      (yaml: string) => yaml.replace(/ +maxCommitLatencyMs: .*\n/, ''),
      /consistency\.maxCommitLatencyMs/,
    ],
    [
      'a binding with two sources',
      (yaml: string) => yaml.replace('{ from: type }', '{ from: type, const: X }'),
      /exactly one of from, const, ref/,
    ],
    ['a binding with an if', (yaml: string) => yaml.replace('{ from: type }', '{ from: type, if: x }'), /if/],
    [
      'a dictionary that is not there',
      (yaml: string) => yaml.replace('dictionary: skills', 'dictionary: skillz'),
      /no dictionary "skillz"/,
    ],
    [
      'a plug-in that is not there',
      (yaml: string) => yaml.replace('plugin: numbered-posts', 'plugin: posts'),
      /no value plug-in "posts"/,
    ],
    ['a format that is not there', (yaml: string) => yaml.replace('format: sm4', 'format: sm5'), /no format "sm5"/],
    [
      'a signer that is not there',
      (yaml: string) => yaml.replace('signer: HMAC-SHA256', 'signer: MD5'),
      /no plug-in "MD5"/,
    ],
    [
      'a pause without length',
      (yaml: string) => yaml.replace('scope: day, waitMs: 600000', 'scope: day'),
      /QUOTA needs/,
    ],
    ['a pattern that is none', (yaml: string) => yaml.replace("'频繁'", "'(频繁'"), /not a regular expression/],
    ['another id', (yaml: string) => yaml.replace(`id: ${id}`, 'id: other'), /calls itself "other"/],
    ['broken YAML', (yaml: string) => `${yaml}\n  : [`, /does not parse/],
  ])('refuses %s and says which', (_name, change, message) => {
    edit(change);
    expect(() => loadProfile({ profilesDir, id })).toThrow(message);
  });

  it('refuses an unknown profile, a path as its name, and overrides that are absent, broken or unknown', () => {
    expect(() => loadProfile({ profilesDir, id: 'none' })).toThrow(/"none" not found/);
    expect(() => loadProfile({ profilesDir, id: '../etc' })).toThrow(/not found/);
    expect(() => loadProfile({ profilesDir, id, overridesFile: join(profilesDir, 'no.json') })).toThrow(
      /NATIONAL_PROFILE_OVERRIDES/,
    );
    expect(() => withOverrides('{')).toThrow(/does not parse/);
    expect(() => withOverrides('[]')).toThrow(/not an object/);
    expect(() => withOverrides({ consistency: { readAfterWrite: 5 } })).toThrow(/readAfterWrite/);
  });

  it('refuses a dictionary with a broken line', () => {
    writeFileSync(
      join(profilesDir, id, 'dictionaries', 'skills.csv'),
      'station,national,label,effective_from,effective_to\n01,01\n',
    );
    expect(() => loadProfile({ profilesDir, id })).toThrow(/dictionary skills: not five cells/);
  });
});
