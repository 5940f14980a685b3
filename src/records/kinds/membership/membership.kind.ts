import type { z } from 'zod';
import { defineRecordKind, membershipKey } from '../../record-kind.js';
import type { RecordRef } from '../../record-kind.js';
import { exactlyOne } from '../rules.js';
import { membershipSchema } from './membership.schema.js';

type Membership = z.output<typeof membershipSchema>;

function references(data: Membership): readonly RecordRef[] {
  const refs: RecordRef[] = [
    { kind: 'volunteer', sourceId: data.volunteerId, pointer: '/data/volunteerId', role: 'subject' },
  ];
  if (data.teamId !== undefined) {
    refs.push({ kind: 'team', sourceId: data.teamId, pointer: '/data/teamId', role: 'context' });
  }
  if (data.projectId !== undefined) {
    refs.push({ kind: 'project', sourceId: data.projectId, pointer: '/data/projectId', role: 'context' });
  }
  return refs;
}

/** G-50: membership in a team does not stand in for that in the project. */
function providesMembership(data: Membership): string | null {
  if (data.status !== 'JOINED' || data.projectId === undefined) return null;
  return membershipKey(data.volunteerId, data.projectId);
}

export const membershipKind = defineRecordKind({
  name: 'membership',
  label: { zh: '加入关系', en: 'Membership' },
  schema: membershipSchema,
  references,
  personalFields: [],
  // The national side knows no natural key for it (national-contract B8).
  naturalKey: () => [],
  rules: [exactlyOne('teamId', 'projectId')],
  county: { from: 'ref', field: 'volunteerId' },
  providesMembership,
  lane: 'normal',
  examples: [
    { volunteerId: 'volunteer-1', projectId: 'project-1', postId: 'P1', since: '2026-11-02', status: 'JOINED' },
    { volunteerId: 'volunteer-2', teamId: 'team-1', since: '2026-11-02', status: 'JOINED' },
    { volunteerId: 'volunteer-2', projectId: 'project-1', since: '2026-11-02', status: 'LEFT' },
  ],
});
