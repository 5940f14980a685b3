/** One code table: station code → national code, each valid from and to a Beijing date (variation point G). */
export interface Dictionary {
  /** National code on that day; null when the table has none for it. */
  nationalCode(stationCode: string, onDate: string): string | null;
}

interface Row {
  readonly station: string;
  readonly national: string;
  readonly effectiveFrom: string;
  readonly effectiveTo: string;
}

const COLUMNS = 'station,national,label,effective_from,effective_to';

/** Parses `station,national,label,effective_from,effective_to`; empty dates mean without limit, labels hold no comma. */
export function parseDictionary(csv: string): Dictionary {
  const [header, ...lines] = csv.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (header !== COLUMNS) throw new Error(`the first line has to be ${COLUMNS}`);
  const rows = new Map<string, Row[]>();
  for (const line of lines) {
    const cells = line.split(',');
    const [station, national, , effectiveFrom, effectiveTo] = cells;
    if (cells.length !== 5 || !station || !national) throw new Error(`not five cells: ${line}`);
    const row = { station, national, effectiveFrom: effectiveFrom ?? '', effectiveTo: effectiveTo ?? '' };
    rows.set(station, [...(rows.get(station) ?? []), row]);
  }
  return {
    nationalCode: (stationCode, onDate) => {
      const row = rows.get(stationCode)?.find((candidate) => isValidOn(candidate, onDate));
      return row?.national ?? null;
    },
  };
}

function isValidOn(row: Row, date: string): boolean {
  return row.effectiveFrom <= date && (row.effectiveTo === '' || date <= row.effectiveTo);
}
