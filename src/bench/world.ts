/**
 * Made-up records for the benchmark; pure, so that each round can have its own. Area 533499 was never assigned, so
 * nobody has these ID numbers.
 */

export interface StationItem {
  readonly kind: string;
  readonly sourceId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export const VOLUNTEERS = 2_000;
/** Services of one volunteer a day: an hour each, so that none overlaps another. */
const SLOTS = 10;
const FIRST_HOUR = 8;
/** Days that one run may fill, counted back from `LAST_DAY_AGO`; the nation takes nothing older than 365 days. */
const DAYS = 200;
const LAST_DAY_AGO = 20;
const DAY_MS = 86_400_000;
const MINUTES = 60;
const BEIJING_OFFSET_MS = 8 * 3_600_000;

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = '10X98765432';
const SURNAMES = '王李张刘陈杨和木松七林次扎格农尼';
const GIVEN = '一二三四五六七八九十甲乙丙丁戊己庚辛壬癸';
const AREA = '533401101003';
const PROJECT = 'project-1';

/** Beijing date of the n-th day of the run, `YYYY-MM-DD`. */
const dateOf = (day: number, nowMs: number): string =>
  new Date(nowMs + BEIJING_OFFSET_MS - (LAST_DAY_AGO + day) * DAY_MS).toISOString().slice(0, 10);

const twoDigits = (n: number): string => String(n).padStart(2, '0');

/** GB 11643: area, date of birth, sequence (odd = male), check character. */
function idNumber(birthDate: string, sequence: number): string {
  const digits = `533499${birthDate.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`;
  const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (WEIGHTS[at] ?? 0), 0);
  return digits + CHECKS.charAt(sum % CHECKS.length);
}

function volunteer(n: number, joinedOn: string): StationItem {
  const sequence = (n % 998) + 1;
  const birthDate = `${1_960 + (n % 40)}-${twoDigits((n % 12) + 1)}-${twoDigits((n % 28) + 1)}`;
  const name = [SURNAMES[n % SURNAMES.length], GIVEN[n % GIVEN.length], GIVEN[Math.floor(n / 20) % GIVEN.length]].join(
    '',
  );
  return {
    kind: 'volunteer',
    sourceId: `volunteer-${n}`,
    data: {
      name,
      idType: '01',
      idNo: idNumber(birthDate, sequence),
      gender: sequence % 2 === 1 ? '1' : '2',
      birthDate,
      mobile: `139${String(n).padStart(8, '0')}`,
      serviceAreaCode: '533401000000',
      residenceAreaCode: AREA,
      politicalStatus: '13',
      education: '20',
      consent: { at: `${joinedOn}T08:00:00+08:00`, channel: 'PAPER', recordedBy: '测试记录员' },
      joinedOn,
      status: 'ACTIVE',
    },
  };
}

const membership = (n: number, since: string): StationItem => ({
  kind: 'membership',
  sourceId: `membership-${n}`,
  data: { volunteerId: `volunteer-${n}`, projectId: PROJECT, since, status: 'JOINED' },
});

const activity = (date: string): StationItem => ({
  kind: 'activity',
  sourceId: `activity-${date}`,
  data: {
    name: `${date} 社区服务`,
    projectId: PROJECT,
    startAt: `${date}T08:00:00+08:00`,
    endAt: `${date}T20:00:00+08:00`,
    address: '测试社区广场',
    status: 'FINISHED',
  },
});

const station: StationItem = {
  kind: 'station',
  sourceId: 'station-1',
  data: {
    name: '建塘镇测试社区志愿服务站',
    type: 'COMMUNITY',
    areaCode: AREA,
    address: '测试路1号',
    hostOrgName: '测试社区居民委员会',
    managers: [{ name: '测试甲', mobile: '13900000001', fullTime: true }],
    openedOn: '2023-06-01',
    status: 'ACTIVE',
  },
};

const team: StationItem = {
  kind: 'team',
  sourceId: 'team-1',
  data: {
    name: '测试社区邻里互助队',
    stationId: 'station-1',
    type: 'COMMUNITY',
    areaCode: AREA,
    contactName: '测试乙',
    contactMobile: '13900000011',
    foundedOn: '2023-07-15',
    serviceFields: ['0001', '0017'],
    status: 'ACTIVE',
  },
};

const project = (startOn: string, endOn: string): StationItem => ({
  kind: 'project',
  sourceId: PROJECT,
  data: {
    name: '高原暖冬助老',
    teamId: 'team-1',
    stationId: 'station-1',
    areaCode: AREA,
    serviceFields: ['0017'],
    serviceObjects: ['03', '11'],
    startOn,
    endOn,
    address: '测试社区',
    contactName: '测试乙',
    contactMobile: '13900000031',
    recruitCount: 20,
    intro: '冬季上门看望独居老人，帮助清扫积雪、采买生活用品。',
    status: 'OPEN',
  },
});

/** Everything that service-records refer to, parents before children. */
export function preparedWorld(nowMs: number): StationItem[] {
  const first = dateOf(DAYS, nowMs);
  const numbers = Array.from({ length: VOLUNTEERS }, (_, n) => n);
  const days = Array.from({ length: DAYS }, (_, day) => dateOf(day, nowMs));
  return [
    station,
    team,
    project(first, dateOf(0, nowMs)),
    ...numbers.map((n) => volunteer(n, first)),
    ...days.map(activity),
    ...numbers.map((n) => membership(n, first)),
  ];
}

/** Hands out service-records; no two of one run overlap, so the nation refuses none of them. */
export class ServiceRecords {
  private made = 0;

  constructor(private readonly nowMs: number) {}

  take(count: number): StationItem[] {
    if (this.made + count > DAYS * SLOTS * VOLUNTEERS) {
      throw new RangeError('the benchmark has run out of days: ask for fewer rounds');
    }
    return Array.from({ length: count }, () => this.next());
  }

  /** Everybody serves the first hour of a day, then everybody the second. */
  private next(): StationItem {
    const slot = Math.floor(this.made / VOLUNTEERS);
    const person = this.made % VOLUNTEERS;
    this.made += 1;
    return this.record(person, slot % SLOTS, dateOf(Math.floor(slot / SLOTS), this.nowMs));
  }

  private record(person: number, slot: number, date: string): StationItem {
    const hour = FIRST_HOUR + slot;
    return {
      kind: 'service-record',
      sourceId: `service-${this.made}`,
      data: {
        volunteerId: `volunteer-${person}`,
        activityId: `activity-${date}`,
        serviceDate: date,
        startAt: `${date}T${twoDigits(hour)}:00:00+08:00`,
        endAt: `${date}T${twoDigits(hour + 1)}:00:00+08:00`,
        minutes: MINUTES,
        place: '测试社区广场',
        content: '社区义诊，引导居民排队，登记血压',
        organiser: '测试社区邻里互助队',
        responsiblePerson: '测试乙',
        recorder: '测试记录员',
        recordMode: 'SIGN_IN',
        recordedAt: `${date}T20:10:00+08:00`,
        beneficiaryTypes: ['03', '10'],
        evidence: [{ type: 'SIGN_SHEET', ref: `sheets/${date}.pdf`, sha256: 'ab'.repeat(32) }],
      },
    };
  }
}
