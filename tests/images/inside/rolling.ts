// A rolling update: a new Pod comes, the old one goes, and no request fails. Started by ../images.test.ts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { closingClient, keptAliveClient } from "../../support/http1-client.ts";
import { startLoad } from "../../support/load.ts";
import type { LoadRequest } from "../../support/load-request.ts";
import { podman } from "../../support/podman.ts";
import { type RunningPod, startPod } from "../../support/podman-pod.ts";
import { waitFor } from "../../support/wait.ts";
import { type Balancer, type Endpoint, startBalancer } from "./balancer.ts";
import { type Cluster, startCluster } from "./cluster.ts";

const images = { hotroute: process.env.HOTROUTE_IMAGE ?? "", nginx: process.env.HOTROUTE_NGINX_IMAGE ?? "" };
const asked: LoadRequest = { method: "GET", path: "/", body: null, wanted: "shop" };

/** How long the withdrawal of an endpoint takes to reach kube-proxy; the pause of preStop is longer, as in the manifest. */
const propagationMs = 1000;
const preStopSeconds = 3;

describe("a rolling update under load", () => {
  let cluster: Cluster;
  let balancer: Balancer;
  const pods: RunningPod[] = [];

  before(async () => {
    cluster = await startCluster();
    await cluster.expose("shop");
    balancer = await startBalancer();
  });
  after(async () => {
    for (const pod of pods) await pod.remove();
    await balancer?.stop();
    await cluster?.stop();
  });

  /** Both Pods are on one network here, so each has ports of its own. */
  const start = async (
    name: string,
    first: number,
  ): Promise<{ readonly pod: RunningPod; readonly endpoint: Endpoint }> => {
    const endpoint = { port: first, readyPort: first + 2 };
    const env = {
      HTTP_LISTEN: String(first),
      GENERATOR_LISTEN: `:${first + 1}`,
      RELOADER_LISTEN: `:${endpoint.readyPort}`,
    };
    const pod = await startPod({ name, images, api: cluster.api, env });
    pods.push(pod);
    balancer.add(endpoint);
    await waitFor(`${name} to be ready`, () => balancer.ready().includes(endpoint));
    return { pod, endpoint };
  };

  /** What happens to a Pod that is deleted: its endpoint is withdrawn while preStop runs, then it gets SIGTERM. */
  const remove = async ({ pod, endpoint }: Awaited<ReturnType<typeof start>>): Promise<void> => {
    const preStop = pod.spec.containers.find(({ name }) => name === "nginx")?.lifecycle?.preStop?.exec?.command;
    assert.ok(
      preStop !== undefined && Number(preStop[1]) > preStopSeconds,
      "the manifest pauses longer than this test",
    );
    const withdrawn = pause(propagationMs).then(() => balancer.withdraw(endpoint));
    await podman("exec", pod.container("nginx"), preStop[0] ?? "", String(preStopSeconds));
    await withdrawn;
    await pod.stop();
  };

  it("fails no request", async (t) => {
    const old = await start("old", 20080);
    const clients = [keptAliveClient, closingClient].flatMap((client) =>
      [1, 2].map(() => client(balancer.port, asked)),
    );
    const load = startLoad(clients);
    const fresh = await start("new", 20180);
    const beforeStop = load.tally().answered;
    await remove(old);
    const afterStop = load.tally().answered;
    await waitFor("the new Pod to answer alone", () => load.tally().answered > afterStop + 50);
    const { answered, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.deepEqual(balancer.ready(), [fresh.endpoint]);
    assert.ok(afterStop > beforeStop, "requests were answered while the old Pod stopped");
    t.diagnostic(`${answered} requests answered, ${afterStop - beforeStop} of them while the old Pod stopped`);
  });
});
