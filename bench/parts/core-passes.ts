// Processor time of passes of the core up to the bytes to be written, in a process of its own and bundled as the programs are:
//   core-passes SERVICES ROUNDS
// Says as one line of JSON the milliseconds of each pass from nothing, and of each after one change.
import { configure } from "../../src/nginx/configuration.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { configurationOptions, serviceRecords } from "./configurations.ts";

const count = Number(process.argv[2]);
const rounds = Number(process.argv[3]);
const options = configurationOptions("8080", true);

const time = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

const changed = (service: ServiceRecord, round: number): ServiceRecord => ({
  ...service,
  settings: [
    { key: "expose", value: "true" },
    { key: "host", value: `changed-${round}.example.com` },
  ],
});

// Warm as a program is that has run for a while.
for (let round = 0; round < 30; round += 1) configure(serviceRecords(Math.min(count, 1000), 80), options);

const fromNothing: number[] = [];
const afterOneChange: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const services = [...serviceRecords(count, 80)];
  fromNothing.push(time(() => configure(services, options)));
  for (let change = 0; change < 5; change += 1) {
    const index = Math.floor((count * change) / 5);
    const service = services[index];
    if (service === undefined) continue;
    services[index] = changed(service, change);
    afterOneChange.push(time(() => configure(services, options)));
  }
}
console.log(JSON.stringify({ fromNothing, afterOneChange }));
