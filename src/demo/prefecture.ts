import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../platform/config/index.js';

interface Division {
  readonly code: string;
  readonly name: string;
}
interface Township extends Division {
  readonly villages: readonly Division[];
}
interface Region extends Division {
  readonly counties: readonly (Division & { readonly townships: readonly Township[] })[];
}

/** A village, a community or a township: each has one station. */
export interface Place {
  /** Six digits. */
  readonly county: string;
  /** Twelve digits. */
  readonly code: string;
  /** 建塘镇, 红坡村, 建塘社区. */
  readonly name: string;
  /** With the township before a village's name: several townships have a 联合村. */
  readonly fullName: string;
  /** Who runs the station. */
  readonly host: string;
  readonly type: 'township' | 'community' | 'village';
}

export interface Prefecture {
  readonly name: string;
  readonly counties: readonly Division[];
  readonly places: readonly Place[];
  readonly townships: number;
  /** Units of the statistics on the level of the townships. */
  readonly zones: number;
  readonly villages: number;
}

/** Codes of the third level from 400 on are units of the statistics: an economic zone, say. */
const isZone = (township: Division): boolean => Number(township.code.slice(6)) >= 400;

function hostOf(township: Township): string {
  return isZone(township) ? `${township.name}管理委员会` : `${township.name}人民政府`;
}

function placesOf(county: string, township: Township): Place[] {
  const { code, name, villages } = township;
  const own: Place = { county, code: `${code}000`, name, fullName: name, host: hostOf(township), type: 'township' };
  const below = villages.map((village): Place => {
    const short = village.name.replace(/(?:居民|村民)?委员会$/u, '');
    const type = village.name.includes('居民委员会') ? 'community' : 'village';
    const plain = type === 'village' && !short.endsWith('村') ? `${short}村` : short;
    return { county, code: village.code, name: plain, fullName: `${name}${plain}`, host: village.name, type };
  });
  return [own, ...below];
}

/** The real divisions of a prefecture, as shipped in config/regions. */
export function loadPrefecture(code: string): Prefecture {
  const file = join(projectRoot(), 'config', 'regions', `${code}.json`);
  const { name, counties } = JSON.parse(readFileSync(file, 'utf8')) as Region;
  const townships = counties.flatMap((county) => county.townships.map((township) => ({ county, township })));
  const places = townships.flatMap(({ county, township }) => placesOf(county.code, township));
  const zones = townships.filter(({ township }) => isZone(township)).length;
  const villages = places.length - townships.length;
  return { name, counties, places, townships: townships.length - zones, zones, villages };
}
