import { z } from 'zod';
import { CONTENT, TEXT_SENT, date, sourceId, text, wholeNumber, word } from '../fields.js';

/** A year: longer trainings are entered in parts. */
const MOST_MINUTES = 527_040;

/** 培训情况 (station-contract §3, R67-11). */
export const trainingSchema = z
  .strictObject({
    volunteerId: sourceId('sourceId of the volunteer'),
    name: text(TEXT_SENT, 'Name of the training'),
    content: text(CONTENT, 'Main content'),
    minutes: wholeNumber(1, MOST_MINUTES, 'Length in minutes'),
    hostUnit: text(TEXT_SENT, 'Unit that held it'),
    heldOn: date('Day of the training'),
    type: word(['GENERAL', 'POST', 'PROFESSIONAL'], 'Type of the training').optional(),
  })
  .meta({ id: 'TrainingData' });
