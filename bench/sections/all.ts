import type { Section } from "../section.ts";
import { apiCost } from "./api-cost.ts";
import { dataPlane } from "./data-plane.ts";
import { growth } from "./growth.ts";
import { memory } from "./memory.ts";
import { nginxCost } from "./nginx-cost.ts";
import { propagation } from "./propagation.ts";
import { reloadFailures } from "./reload-failures.ts";
import { starts } from "./starts.ts";
import { storm } from "./storm.ts";

/** In the order of the table. */
export const sections: readonly Section[] = [
  propagation,
  storm,
  reloadFailures,
  dataPlane,
  nginxCost,
  memory,
  starts,
  apiCost,
  growth,
];
