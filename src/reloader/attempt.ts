import { describeError } from "../ops/program.ts";
import { coldStart } from "./cold-start.ts";
import { refuseClosing } from "./guard.ts";
import { testConfiguration } from "./nginx-command.ts";
import { type Complaint, cutMessage, readComplaint } from "./nginx-message.ts";
import { type Candidate, noTimes, type Outcome, type Running, type Workshop } from "./outcome.ts";
import { isOutside } from "./outside.ts";
import { buildRelease, pointLink, releaseConfDir } from "./releases.ts";
import { reload } from "./reload.ts";

/** How a test ended. */
export interface ReleaseTest {
  readonly testedMs: number;
  /** Null when nginx takes the release. */
  readonly complaint: Complaint | null;
  /** Whether nginx itself found fault with it: a test that was cut off says nothing of what was tested. */
  readonly isRefusal: boolean;
}

/** Tests a release through a link. */
export const testRelease = async (
  { config, nginx, paths, stop }: Workshop,
  link: string,
  revision: string,
): Promise<ReleaseTest> => {
  const startMs = performance.now();
  const limits = { timeoutMs: config.testTimeoutMs, stop };
  const result = await testConfiguration(nginx, link, limits);
  const testedMs = performance.now() - startMs;
  if (result.isOk) return { testedMs, complaint: null, isRefusal: false };
  if (result.isTimeout) {
    const message = `nginx -t did not end within ${config.testTimeoutMs} ms: look for a name it cannot resolve, or raise TEST_TIMEOUT_MS`;
    return { testedMs, complaint: { message, at: null }, isRefusal: false };
  }
  const complaint = readComplaint(result.stderr, releaseConfDir(paths, revision), config.configDir);
  return { testedMs, complaint, isRefusal: result.stderr.includes("[emerg]") };
};

const attemptSteps = async (shop: Workshop, candidate: Candidate, running: Running): Promise<Outcome> => {
  const { paths, stop } = shop;
  shop.enter("testing");
  await buildRelease(paths, candidate.revision, candidate.files, candidate.mainConf);
  await pointLink(paths, paths.candidate, candidate.revision);
  // The guard reads the same bytes meanwhile: it costs no time of its own.
  const [test, refusal] = await Promise.all([
    testRelease(shop, paths.candidate, candidate.revision),
    refuseClosing(shop, candidate, running),
  ]);
  if (stop.aborted) return { kind: "stopped" };
  const complaint = test.complaint ?? refusal;
  if (complaint !== null) {
    const refusedBy = test.isRefusal ? "nginx" : "reloader";
    return { kind: "rejected", times: { ...noTimes, testedMs: test.testedMs }, complaint, refusedBy };
  }
  switch (running.kind) {
    case "serving":
      return reload(shop, candidate, test.testedMs, running);
    case "down":
      return coldStart(shop, candidate, test.testedMs, running.previous);
  }
};

/** Tests, promotes and verifies a candidate. What the file system or the kernel refuses is an outcome, not an error. */
export const attempt = async (shop: Workshop, candidate: Candidate, running: Running): Promise<Outcome> => {
  try {
    return await attemptSteps(shop, candidate, running);
  } catch (error) {
    if (!isOutside(error)) throw error;
    return { kind: "failed", times: noTimes, complaint: { message: cutMessage(describeError(error)), at: null } };
  }
};
