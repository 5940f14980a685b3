/** Languages of problems: Chinese unless the caller prefers English (station-contract §1). */
export type Language = 'zh' | 'en';

const QUALITY = /;\s*q=([01](?:\.\d{0,3})?)/i;

function qualityOf(ranges: readonly string[], language: Language): number {
  let best = 0;
  for (const range of ranges) {
    const tag = (range.split(';')[0] ?? '').trim().toLowerCase();
    if (tag !== language && !tag.startsWith(`${language}-`)) continue;
    best = Math.max(best, Number(QUALITY.exec(range)?.[1] ?? 1));
  }
  return best;
}

/** The language an Accept-Language header asks for; a tie and a wildcard are Chinese. */
export function languageOf(header: string | undefined): Language {
  if (header === undefined) return 'zh';
  const ranges = header.split(',');
  return qualityOf(ranges, 'en') > qualityOf(ranges, 'zh') ? 'en' : 'zh';
}
