import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { BUILT_IN_FORMATS, ProfileSchema, type ProfileSpec } from './profile.schema.js';
import { parseDictionary, type Dictionary } from './dictionary.js';
import { isKnownPlugin } from '../plugins/plugin-registry.js';

/** A parsed profile with its code tables and the two hashes that explain any past call. */
export interface Profile {
  readonly spec: ProfileSpec;
  readonly dictionaries: ReadonlyMap<string, Dictionary>;
  readonly profileHash: string;
  readonly overridesHash: string;
}

export interface ProfileSource {
  /** Folder of the profile folders, `config/national`. */
  readonly profilesDir: string;
  readonly id: string;
  /** NATIONAL_PROFILE_OVERRIDES (§1.16 H3). */
  readonly overridesFile?: string | undefined;
}

/** The profile cannot be used; its text says which key and why, and is meant to be read by the operator. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads `config/national/<id>`, lays the overrides over it and checks the result.
 *
 * Throws   ProfileError when the folder, a key, a dictionary or a plug-in is not what the schema allows
 * Source   house 2.5; national-contract §1.16 H3
 */
export function loadProfile(source: ProfileSource): Profile {
  const folder = join(source.profilesDir, source.id);
  const file = join(folder, 'profile.yaml');
  if (!/^[a-z0-9][a-z0-9-]*$/.test(source.id) || !existsSync(file)) {
    throw new ProfileError(`national profile "${source.id}" not found: there is no ${file}`);
  }
  const written = readTree(file, (text) => parseYaml(text) as unknown);
  const overridesText = source.overridesFile ? readOverrides(source.overridesFile) : '';
  const overrides = source.overridesFile ? readTree(source.overridesFile, (text) => JSON.parse(text) as unknown) : {};
  const parsed = ProfileSchema.safeParse(merge(written, spreadShortKeys(overrides, written)));
  if (!parsed.success) throw new ProfileError(`national profile "${source.id}": ${issuesOf(parsed.error.issues)}`);
  if (parsed.data.id !== source.id) {
    throw new ProfileError(`national profile "${source.id}" calls itself "${parsed.data.id}"`);
  }
  const dictionaries = readDictionaries(join(folder, 'dictionaries'));
  checkNames(parsed.data, dictionaries);
  return {
    spec: parsed.data,
    dictionaries,
    profileHash: hashOfFolder(folder),
    overridesHash: overridesText === '' ? '' : sha256(overridesText),
  };
}

/** Ids of the profile folders that stand in `profilesDir`, sorted. */
export function profileIds(profilesDir: string): string[] {
  return readdirSync(profilesDir)
    .filter((name) => existsSync(join(profilesDir, name, 'profile.yaml')))
    .sort();
}

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

function readOverrides(file: string): string {
  if (!existsSync(file)) throw new ProfileError(`NATIONAL_PROFILE_OVERRIDES: there is no file ${file}`);
  return readFileSync(file, 'utf8');
}

function readTree(file: string, parse: (text: string) => unknown): Tree {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ProfileError(`${file} does not parse: ${error instanceof Error ? error.message : 'unknown fault'}`);
  }
  if (!isTree(value)) throw new ProfileError(`${file} is not an object`);
  return value;
}

/** Deep for objects; lists and plain values are replaced as a whole. */
function merge(under: Tree, over: Tree): Tree {
  const merged: Tree = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? merge(below, value) : value;
  }
  return merged;
}

/**
 * Lets overrides name a value by its last key alone (`readAfterWriteMs` for `consistency.readAfterWriteMs`) when
 * the profile has exactly one such key in its sections; anything else stays and is judged by the schema.
 */
function spreadShortKeys(overrides: Tree, profile: Tree): Tree {
  let spread: Tree = {};
  for (const [key, value] of Object.entries(overrides)) {
    const sections = Object.keys(profile).filter((name) => {
      const section = profile[name];
      return isTree(section) && name !== 'entities' && Object.hasOwn(section, key);
    });
    const isShort = !Object.hasOwn(profile, key) && sections.length === 1;
    spread = merge(spread, isShort ? { [String(sections[0])]: { [key]: value } } : { [key]: value });
  }
  return spread;
}

function issuesOf(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  return issues.map((issue) => `${issue.path.map(String).join('.') || '(top)'}: ${issue.message}`).join('; ');
}

function readDictionaries(folder: string): Map<string, Dictionary> {
  const found = new Map<string, Dictionary>();
  if (!existsSync(folder)) return found;
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.csv'))) {
    const id = name.slice(0, -'.csv'.length);
    try {
      found.set(id, parseDictionary(readFileSync(join(folder, name), 'utf8')));
    } catch (error) {
      throw new ProfileError(`dictionary ${id}: ${error instanceof Error ? error.message : 'unreadable'}`);
    }
  }
  return found;
}

/** Names in the profile that point outside it have to exist, or the first send would find out. */
function checkNames(spec: ProfileSpec, dictionaries: ReadonlyMap<string, Dictionary>): void {
  const wrong: string[] = [];
  for (const section of ['signing', 'callbacks'] as const) {
    const { signer } = spec[section];
    if (!isKnownPlugin('signer', signer)) wrong.push(`${section}.signer: no plug-in "${signer}"`);
  }
  for (const [kind, entity] of Object.entries(spec.entities)) {
    if (entity === 'unsupported') continue;
    for (const [field, binding] of Object.entries(entity.fields)) {
      const at = `entities.${kind}.fields.${field}`;
      const { dictionary, format, plugin } = binding;
      if (dictionary !== undefined && !dictionaries.has(dictionary)) wrong.push(`${at}: no dictionary "${dictionary}"`);
      if (plugin !== undefined && !isKnownPlugin('value', plugin)) wrong.push(`${at}: no value plug-in "${plugin}"`);
      const isBuiltIn = format === undefined || (BUILT_IN_FORMATS as readonly string[]).includes(format);
      if (!isBuiltIn && !isKnownPlugin('field', format)) wrong.push(`${at}: no format "${format}"`);
    }
  }
  if (wrong.length > 0) throw new ProfileError(`national profile "${spec.id}": ${wrong.join('; ')}`);
}

/** SHA-256 over every file's relative path and content, in the order of the paths. */
function hashOfFolder(folder: string): string {
  const hash = createHash('sha256');
  for (const file of filesOf(folder).sort()) {
    hash
      .update(relative(folder, file).split(sep).join('/'))
      .update('\n')
      .update(sha256(readFileSync(file)))
      .update('\n');
  }
  return hash.digest('hex');
}

function filesOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesOf(path) : [path];
  });
}
