/** Invented people. 533499 is an area prefix that was never assigned, so nobody has these numbers. */
const place = { serviceAreaCode: '533401000000', residenceAreaCode: '533401101003' };
const joined = {
  consent: { at: '2026-11-01T08:00:00+08:00', channel: 'PAPER', recordedBy: '测试记录员' },
  joinedOn: '2026-11-01',
  status: 'ACTIVE',
};

export const volunteerExamples: readonly Record<string, unknown>[] = [
  {
    name: '测试甲',
    idType: '01',
    idNo: '533499199001010018',
    gender: '1',
    birthDate: '1990-01-01',
    mobile: '13900000021',
    ...place,
    politicalStatus: '13',
    education: '20',
    skills: ['01', '17'],
    serviceFields: ['0001', '0017'],
    ...joined,
  },
  {
    name: '扎西·次仁',
    idType: '01',
    idNo: '533499198506170020',
    gender: '2',
    birthDate: '1985-06-17',
    mobile: '13900000022',
    ...place,
    ...joined,
    consent: { at: '2026-11-02T00:30:00Z', channel: 'APP' },
  },
  {
    name: '测试少年',
    idType: '01',
    idNo: '533499201203010032',
    gender: '1',
    birthDate: '2012-03-01',
    mobile: '13900000023',
    ...place,
    guardian: { name: '测试家长', mobile: '13900000024' },
    ...joined,
  },
  {
    name: 'TEST PERSON',
    idType: '05',
    idNo: 'E-00000000',
    gender: '2',
    birthDate: '1979-12-31',
    mobile: '13900000025',
    ...place,
    ...joined,
  },
];
