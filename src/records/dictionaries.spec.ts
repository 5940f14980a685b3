import {
  EDUCATION,
  GENDERS,
  ID_TYPES,
  POLITICAL_STATUS,
  SERVICE_FIELDS,
  SERVICE_OBJECTS,
  SKILLS,
  codesOf,
} from './dictionaries.js';

describe('code tables (domain §7.5)', () => {
  it.each<[string, Readonly<Record<string, string>>, number, RegExp]>([
    ['service fields albx0009', SERVICE_FIELDS, 21, /^\d{4}$/],
    ['service objects albx0014', SERVICE_OBJECTS, 13, /^\d{2}$/],
    ['id types albp0004', ID_TYPES, 8, /^\d{2}$/],
    ['political status', POLITICAL_STATUS, 14, /^\d{2}$/],
    ['education', EDUCATION, 14, /^\d{2}$/],
    ['skills albp0039', SKILLS, 24, /^\d{2}$/],
    ['gender', GENDERS, 2, /^[12]$/],
  ])('%s', (_title, table, size, shape) => {
    expect(Object.keys(table)).toHaveLength(size);
    for (const [code, label] of Object.entries(table)) {
      expect(code).toMatch(shape);
      expect(label).toMatch(/\p{Script=Han}/u);
    }
    expect(codesOf(table)).toEqual(Object.keys(table).sort());
  });

  it('has no service object 12', () => {
    expect(codesOf(SERVICE_OBJECTS)).not.toContain('12');
  });
});
