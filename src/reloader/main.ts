import { createLogger } from "../ops/log.ts";
import { runProgram } from "../ops/program.ts";
import { readConfig } from "./config.ts";
import { runReloader } from "./reloader.ts";

void runProgram("reloader", (stop) => {
  const config = readConfig();
  return runReloader(config, createLogger("reloader", config.logLevel), stop);
});
