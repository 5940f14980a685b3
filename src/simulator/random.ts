// Seeded chance, so that a failing run can be repeated (§2.1.4).

export interface Chance {
  readonly seed: number;
  /** Uniform in [0, 1). */
  next(): number;
  between(min: number, max: number): number;
  /** Lognormal draw described by its median and 99th percentile (§2.1.8). */
  lognormal(p50: number, p99: number): number;
}

const Z_OF_P99 = 2.3263478740408408;

export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    seed,
    next,
    between: (min, max) => (max <= min ? min : min + next() * (max - min)),
    lognormal(p50, p99) {
      const sigma = Math.log(p99 / p50) / Z_OF_P99;
      return p50 * Math.exp(sigma * normal());
    },
  };
}

/** A seed of its own for one named stream (FNV-1a over the name, mixed with the run's seed). */
export function seedOf(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ (seed >>> 0);
  for (const byte of Buffer.from(name, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash >>> 0;
}
