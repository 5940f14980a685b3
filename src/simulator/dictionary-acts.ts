// F39: the nation publishes another version of a code table, overnight or at once.
import type { Applied, Params } from './catalogue-entry.js';
import { choice, text } from './catalogue-entry.js';
import { beijingDate, DAY_MS } from './clock.js';
import { DICTIONARY_NAMES, type Dictionary, type DictionaryName } from './dictionaries.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';

export function publishDictionary(nation: Nation, { name, version, items }: Dictionary): void {
  nation.journal.append({ k: 'dictionary', name, version, items });
  nation.dictionaries.publish(name as DictionaryName, version, items);
}

/** 2026.1 → 2026.2. */
const nextVersion = (version: string): string => version.replace(/(\d+)$/, (serial) => String(Number(serial) + 1));

export function changeDictionary(nation: Nation, params: Params): Applied {
  const name = choice(params, 'name', DICTIONARY_NAMES);
  const current = nation.dictionaries.find(name, null);
  if (current === undefined) throw new ActRefused(`name: no dictionary ${name}`, 'name');
  const withdraw = params.withdraw ?? current.items.map(({ code }) => code);
  if (!Array.isArray(withdraw)) throw new ActRefused('withdraw: a list of codes', 'withdraw');
  const nowMs = nation.clock.now();
  const lastDay = beijingDate(choice(params, 'from', ['now', 'midnight']) === 'now' ? nowMs - DAY_MS : nowMs);
  const version = text(params, 'version', nextVersion(current.version));
  const items = current.items.map((item) => (withdraw.includes(item.code) ? { ...item, effectiveTo: lastDay } : item));
  publishDictionary(nation, { name, version, items });
  return {
    result: { name, version, withdrawn: withdraw, validUntil: lastDay },
    undo: () => publishDictionary(nation, { name, version: nextVersion(version), items: current.items }),
  };
}
