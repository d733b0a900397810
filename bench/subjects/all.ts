import { shellRecipe } from "./shell-recipe.ts";
import type { Subject } from "./subject.ts";

/** What hotroute is compared with, beside the floor. One more program is one more line here: see bench/README.md. */
export const others: readonly Subject[] = [shellRecipe];
