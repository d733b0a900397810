/** How much is measured: the whole run stays below 15 minutes on two cores, the quick one below 2. */
export interface Scale {
  readonly isQuick: boolean;
  readonly propagation: {
    /** Changes at each number of Services. */
    readonly sizes: readonly { readonly services: number; readonly changes: number }[];
    /** No further change is begun at one size after so long. */
    readonly limitMs: number;
  };
  readonly storm: { readonly services: number; readonly changes: number; readonly seconds: number };
  /** Under load: hotroute's, and those by `nginx -s reload`. */
  readonly reloads: { readonly own: number; readonly reference: number };
  readonly dataPlane: {
    readonly routes: readonly number[];
    /** Of each shape. */
    readonly shapeRoutes: number;
    readonly rounds: number;
    /** Of load on each, in a round. */
    readonly seconds: number;
    /** Of a second for each. */
    readonly latencyRounds: number;
  };
  readonly nginxCost: { readonly services: number; readonly rounds: number };
  readonly memory: {
    /** With a Pod each; the API server grows from one to the next. */
    readonly pods: readonly number[];
    /** With a generator alone. */
    readonly generators: readonly number[];
    readonly settleMs: number;
    readonly stormMs: number;
  };
  readonly starts: { readonly init: readonly number[]; readonly generator: number; readonly rounds: number };
  readonly apiCost: { readonly services: number; readonly idleMs: number; readonly changes: number };
  readonly growth: {
    readonly services: readonly number[];
    readonly nginxTest: readonly number[];
    readonly rounds: number;
    /** Whose processor time per Service the largest is compared with. */
    readonly base: number;
  };
}

export const fullScale: Scale = {
  isQuick: false,
  propagation: {
    sizes: [
      { services: 10, changes: 100 },
      { services: 100, changes: 100 },
      { services: 1000, changes: 100 },
      { services: 10_000, changes: 30 },
    ],
    limitMs: 110_000,
  },
  storm: { services: 1000, changes: 1000, seconds: 10 },
  reloads: { own: 200, reference: 25 },
  dataPlane: { routes: [1, 1000, 10_000], shapeRoutes: 1000, rounds: 8, seconds: 1, latencyRounds: 3 },
  nginxCost: { services: 10_000, rounds: 5 },
  memory: {
    pods: [10, 1000, 5000, 10_000],
    generators: [1, 1000, 5000, 20_000, 50_000],
    settleMs: 5_000,
    stormMs: 5_000,
  },
  starts: { init: [1, 1000, 5000], generator: 5000, rounds: 7 },
  apiCost: { services: 1000, idleMs: 65_000, changes: 20 },
  growth: {
    services: [1, 1000, 5000, 10_000, 20_000, 50_000],
    nginxTest: [1, 1000, 5000, 10_000, 20_000, 50_000],
    rounds: 5,
    base: 5000,
  },
};

export const quickScale: Scale = {
  isQuick: true,
  propagation: {
    sizes: [
      { services: 10, changes: 10 },
      { services: 1000, changes: 4 },
    ],
    limitMs: 15_000,
  },
  storm: { services: 100, changes: 300, seconds: 3 },
  reloads: { own: 20, reference: 10 },
  dataPlane: { routes: [1, 1000], shapeRoutes: 100, rounds: 2, seconds: 0.3, latencyRounds: 1 },
  nginxCost: { services: 1000, rounds: 3 },
  memory: { pods: [1000], generators: [1, 1000, 5000], settleMs: 3_000, stormMs: 2_000 },
  starts: { init: [1, 1000], generator: 1000, rounds: 3 },
  apiCost: { services: 100, idleMs: 10_000, changes: 5 },
  growth: { services: [1, 1000, 5000], nginxTest: [1, 1000], rounds: 3, base: 1000 },
};
