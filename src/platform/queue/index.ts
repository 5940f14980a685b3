// platform/queue is the one place that knows which backend BullMQ runs on: PostgreSQL, or Redis when REDIS_URL is set.
// Owns      the BullMQ queues and workers; schema `bullmq` of PostgreSQL or the keys `zhiqiao:*` of Redis
// Promises  a ring wakes one worker; losing every ring costs time, never work
// Never     holds anything but ids; retries, delays or remembers by itself
// Start at  call-queue.ts
export { createCallQueue, type CallJob, type CallQueue, type CallQueueOptions } from './call-queue.js';
