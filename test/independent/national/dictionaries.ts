/** A16: the dictionaries by name. The codes are samples of form; they bind only with `strictDictionaries` (C1). */
export interface DictionaryItem {
  code: string;
  label: string;
  effectiveFrom: string;
  effectiveTo: string | null;
}

export const DICTIONARY_VERSION = '2025.1';

function range(from: number, to: number, width: number): DictionaryItem[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const code = String(from + index).padStart(width, '0');
    return { code, label: `代码${code}`, effectiveFrom: '2000-01-01', effectiveTo: null };
  });
}

export const DICTIONARIES: Record<string, DictionaryItem[]> = {
  'service-fields': range(1, 60, 4),
  'service-objects': range(1, 30, 2),
  'id-types': range(1, 20, 2),
  genders: ['0', '1', '2', '9'].map((code) => ({ code, label: code, effectiveFrom: '2000-01-01', effectiveTo: null })),
  'political-status': range(1, 13, 2),
  education: range(10, 99, 2),
  skills: range(1, 60, 4),
};
