import type { NationalRefs } from '../gateway.js';
import type { FieldFormatter, ValuePlugin } from '../plugins/plugin.js';
import type { Dictionary } from './dictionary.js';
import type { EntityBinding, FieldBinding } from './profile.schema.js';

/** What a field map is applied to: station words, and numbers that come from other records. */
export interface MapInput {
  readonly bizNo: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly refs: NationalRefs;
  /** Beijing date by the national clock; dictionaries are read as of it. */
  readonly onDate: string;
}

export interface MapTools {
  readonly dictionaries: ReadonlyMap<string, Dictionary>;
  /** Formats and field codecs by name; a codec is only named here and applied by the caller after hashing. */
  readonly formatters: ReadonlyMap<string, FieldFormatter>;
  readonly valuePlugins: ReadonlyMap<string, ValuePlugin>;
}

export interface MappedFields {
  /** National words, personal values still plain. */
  readonly plain: Record<string, unknown>;
  /** Required national fields that the record does not have. */
  readonly absent: readonly string[];
}

/**
 * Station data → national data by the profile's bindings, in the order they are written. Absent and null values
 * are left out (§1.16 B20); every text is NFC (G-27).
 */
export function mapFields(entity: EntityBinding, input: MapInput, tools: MapTools): MappedFields {
  const plain: Record<string, unknown> = {};
  const absent: string[] = [];
  for (const [field, binding] of Object.entries(entity.fields)) {
    const value = normalised(valueOf(binding, input, tools));
    if (value !== undefined) plain[field] = value;
    else if (binding.optional !== true) absent.push(field);
  }
  return { plain, absent };
}

function valueOf(binding: FieldBinding, input: MapInput, tools: MapTools): unknown {
  const found = sourceOf(binding, input);
  if (found === undefined || found === null) return undefined;
  const plugin = binding.plugin === undefined ? undefined : tools.valuePlugins.get(binding.plugin);
  const shaped = plugin ? plugin(found, { bizNo: input.bizNo }) : found;
  const dictionary = binding.dictionary === undefined ? undefined : tools.dictionaries.get(binding.dictionary);
  const coded = dictionary ? translated(shaped, dictionary, input.onDate) : shaped;
  const formatter = binding.format === undefined ? undefined : tools.formatters.get(binding.format);
  return formatter && typeof coded === 'string' ? formatter(coded) : coded;
}

function sourceOf(binding: FieldBinding, input: MapInput): unknown {
  if (binding.const !== undefined) return binding.const;
  if (binding.ref !== undefined) return input.refs[binding.ref];
  return binding.from === undefined ? undefined : valueAt(input.data, binding.from);
}

/** Reads a dotted path; numbers are indexes of lists. Own keys only. */
export function valueAt(tree: unknown, path: string): unknown {
  let value: unknown = tree;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** A code the table does not know on that day goes out unchanged: the nation judges it (2202), not we. */
function translated(value: unknown, dictionary: Dictionary, onDate: string): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => translated(entry, dictionary, onDate));
  return typeof value === 'string' ? (dictionary.nationalCode(value, onDate) ?? value) : value;
}

/** NFC on every text, null members dropped at every depth of objects; lists keep their nulls (§1.5, B20). */
export function normalised(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value.normalize('NFC');
  if (Array.isArray(value)) return value.map((entry: unknown) => (entry === null ? null : normalised(entry)));
  if (typeof value !== 'object') return value;
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const inner = normalised(member);
    if (inner !== undefined) kept[key] = inner;
  }
  return kept;
}
