import type { z } from 'zod';
import { toBeijing } from '../../beijing-time.js';
import { defineRecordKind } from '../../record-kind.js';
import type { DoorRule } from '../../record-kind.js';
import { refuse, timesInOrder } from '../rules.js';
import { screenedFor } from '../volunteer-service-screen.js';
import { activitySchema } from './activity.schema.js';

type Activity = z.output<typeof activitySchema>;

/** G-58: a membership names its post by postId, so one activity cannot have it twice. */
const postsAreUnique: DoorRule<Activity> = (data) => {
  const ids = (data.posts ?? []).map((post) => post.postId);
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index ? [] : [refuse('FIELD_RANGE', `/data/posts/${index}/postId`)],
  );
};

export const activityKind = defineRecordKind({
  name: 'activity',
  label: { zh: '志愿服务活动', en: 'Activity' },
  schema: activitySchema,
  references: (data) => [{ kind: 'project', sourceId: data.projectId, pointer: '/data/projectId', role: 'context' }],
  personalFields: [],
  naturalKey: (data) => [data.projectId, data.name, toBeijing(data.startAt)],
  rules: [timesInOrder('startAt', 'endAt'), postsAreUnique, screenedFor('name')],
  county: { from: 'ref', field: 'projectId' },
  lane: 'normal',
  examples: [
    {
      name: '11月20日义诊',
      projectId: 'project-1',
      startAt: '2026-11-20T09:00:00+08:00',
      endAt: '2026-11-20T12:00:00+08:00',
      address: '测试社区广场',
      posts: [
        { postId: 'P1', name: '引导', need: 4 },
        { postId: 'P2', name: '测量血压', need: 2 },
      ],
      status: 'FINISHED',
      partyMemberDoubleReport: true,
    },
    {
      name: '11月21日上门探望',
      projectId: 'project-1',
      startAt: '2026-11-21T01:00:00Z',
      endAt: '2026-11-21T09:00:00.500Z',
      address: '测试社区',
      status: 'FINISHED',
    },
  ],
});
