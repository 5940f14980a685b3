import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Work that must be done before a caller sees the answer, such as giving back its slot: a client that keeps exactly
 * its allowed number of requests in flight may send the next one as soon as it has read the last byte.
 */
type Work = () => Promise<void>;

const pending = new WeakMap<FastifyRequest, Work>();

/** One piece of work per request; it runs once, also when the client went away. */
export function beforeReply(request: FastifyRequest, work: Work): void {
  pending.set(request, work);
}

async function finish(request: FastifyRequest): Promise<void> {
  const work = pending.get(request);
  if (work === undefined) return;
  pending.delete(request);
  await work();
}

export function installBeforeReply(instance: FastifyInstance): void {
  instance.addHook('onSend', async (request, _reply, payload) => {
    await finish(request);
    return payload;
  });
  instance.addHook('onResponse', finish);
  instance.addHook('onRequestAbort', finish);
}
