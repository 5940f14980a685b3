import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

interface Division {
  code: string;
  name: string;
}
interface Region extends Division {
  counties: (Division & { townships: (Division & { villages: Division[] })[] })[];
}

const region = JSON.parse(readFileSync(join(projectRoot(), 'config/regions/5334.json'), 'utf8')) as Region;
const townships = region.counties.flatMap((county) => county.townships);
const villages = townships.flatMap((township) => township.villages);
/** Third level codes from 400 on are units of the statistics, not of the administration. */
const isStatisticalUnit = ({ code }: Division): boolean => Number(code.slice(6)) >= 400;

describe('the divisions of 迪庆州', () => {
  it('are 3 counties, 29 townships and one economic zone, 197 villages and communities', () => {
    expect(region.counties.map((county) => county.code)).toEqual(['533401', '533422', '533423']);
    expect(townships.filter((township) => !isStatisticalUnit(township))).toHaveLength(29);
    expect(townships.filter(isStatisticalUnit).map((township) => township.code)).toEqual(['533401501']);
    expect(villages).toHaveLength(197);
  });

  it('have codes of 6, 9 and 12 digits that continue the code above', () => {
    for (const county of region.counties) {
      expect(county.code).toMatch(/^5334\d{2}$/);
      for (const township of county.townships) {
        expect(township.code).toMatch(new RegExp(`^${county.code}\\d{3}$`));
        for (const village of township.villages) expect(village.code).toMatch(new RegExp(`^${township.code}\\d{3}$`));
      }
    }
  });

  it('are each there once, with a Chinese name', () => {
    const all = [...region.counties, ...townships, ...villages];
    expect(new Set(all.map((division) => division.code)).size).toBe(all.length);
    for (const division of all) expect(division.name).toMatch(/^\p{Script=Han}+$/u);
    expect(townships.every((township) => township.villages.length > 0)).toBe(true);
  });
});
