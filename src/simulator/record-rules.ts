// Rules of a service record, in the order of §1.16 B7: 2201 order, 2205 interval, 2206, 2105, 2205 day, 2211.
import { beijingDate, dayNumberOfDate } from './clock.js';
import type { Case } from './content-rules.js';
import { invalid, refuse, type ItemResult } from './model.js';

const MINUTE_MS = 60_000;
const MAX_DAY_MINUTES = 1_440;
const MAX_AGE_DAYS = 365;

const hoursFault = (path: string, message: string): ItemResult =>
  refuse('2205', { fields: [{ path, rule: 'limit', message }] });

export function judgeRecord({ nation, item, standing }: Case): ItemResult | null {
  const { plain } = item;
  const startMs = Date.parse(plain.startAt as string);
  const endMs = Date.parse(plain.endAt as string);
  const minutes = plain.minutes as number;
  const serviceDate = plain.serviceDate as string;
  if (endMs <= startMs) return invalid('data.endAt', 'order', '结束时间应晚于开始时间');
  if (minutes > Math.floor((endMs - startMs) / MINUTE_MS)) return hoursFault('data.minutes', '时长大于起止时间');

  const today = dayNumberOfDate(beijingDate(nation.clock.now()));
  if (today - dayNumberOfDate(serviceDate) > MAX_AGE_DAYS) return refuse('2206');

  const volunteer = nation.ledger.volunteerOf(plain);
  const project = nation.ledger.resolve('projects', plain.projectBizNo);
  if (volunteer === undefined || project === undefined) throw new Error('the reference step comes before this one');
  const load = nation.ledger.loadOf(volunteer);
  if (!load.isMember(project.state.nationalId, standing.outcome === 'UPDATED')) {
    const { bizNo } = volunteer.state;
    const named = { volunteerBizNo: plain.volunteerBizNo ?? bizNo, projectBizNo: plain.projectBizNo };
    return refuse('2105', { missing: [{ entity: 'memberships', bizNo: null, ...named }] });
  }

  const own = standing.target;
  const ownCounts = own !== null && load.records.has(own) && own.state.data.serviceDate === serviceDate;
  const before = load.minutesOn(serviceDate) - (ownCounts ? (own.state.data.minutes as number) : 0);
  if (before + minutes > MAX_DAY_MINUTES) return hoursFault('data.minutes', '当日累计时长超过上限');

  const other = load.overlapping(startMs, endMs, own);
  if (other === null) return null;
  return refuse('2211', { nationalId: other.state.nationalId, bizNo: other.state.bizNo });
}
