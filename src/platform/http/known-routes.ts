import type { FastifyInstance } from 'fastify';

/** Remembers every route, so that a known path with another method is 405 with `Allow` and not 404 (G-06). */
export class KnownRoutes {
  private readonly routes: { pattern: RegExp; methods: Set<string> }[] = [];
  private readonly byUrl = new Map<string, Set<string>>();

  watch(instance: FastifyInstance): void {
    instance.addHook('onRoute', ({ url, method }) => {
      for (const one of [method].flat()) this.add(url, one);
    });
  }

  private add(url: string, method: string): void {
    // A catch-all that serves pages knows every path and so says nothing about one.
    if (url === '*' || url === '/*') return;
    let methods = this.byUrl.get(url);
    if (methods === undefined) {
      methods = new Set();
      this.byUrl.set(url, methods);
      this.routes.push({ pattern: patternOf(url), methods });
    }
    methods.add(method);
  }

  /** Methods that the path answers; empty when the path is not known. */
  methodsOf(path: string): readonly string[] {
    const found = this.routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods]);
    return [...new Set(found)].sort();
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\\*', '.*'),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
