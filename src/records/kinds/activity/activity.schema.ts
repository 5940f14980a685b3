import { z } from 'zod';
import { TEXT_SENT, dateTime, list, sourceId, text, wholeNumber, word } from '../fields.js';

const MOST_NEEDED = 1_000_000;

const postSchema = z.strictObject({
  postId: sourceId('Name of the post, unique in its activity'),
  name: text(TEXT_SENT, 'What the post does'),
  need: wholeNumber(0, MOST_NEEDED, 'How many volunteers it needs'),
});

/** 志愿服务活动 (station-contract §3). */
export const activitySchema = z
  .strictObject({
    name: text(TEXT_SENT, 'Name of the activity'),
    projectId: sourceId('sourceId of the project it belongs to'),
    startAt: dateTime('Start'),
    endAt: dateTime('End'),
    address: text(TEXT_SENT, 'Place'),
    posts: list(postSchema, {}, 'Posts').optional(),
    status: word(['PLANNED', 'RUNNING', 'FINISHED', 'CANCELLED'], 'State of the activity'),
    partyMemberDoubleReport: z
      .boolean()
      .optional()
      .meta({ description: 'Held under the double reporting of party members (在职党员双报到); kept, not sent' }),
  })
  .meta({ id: 'ActivityData' });
