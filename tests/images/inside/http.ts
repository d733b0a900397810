import { request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One GET on a connection of its own. @throws Error when none can be made, or no answer comes in 30 s */
export const get = (port: number, path: string, host = "localhost"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, agent: false, headers: { host } }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        body += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.setTimeout(30_000, () => sent.destroy(new Error("no answer within 30 s")));
    sent.on("error", reject);
    sent.end();
  });

/** A load of one client on connections of its own; every failure is kept. */
export interface Asking {
  readonly failures: readonly string[];
  answered(): number;
  stop(): Promise<void>;
}

/** Asks again and again, one request after the other, until it is stopped. */
export const keepAsking = (port: number, host: string, wanted: string): Asking => {
  const failures: string[] = [];
  let answered = 0;
  let isOver = false;
  const run = async (): Promise<void> => {
    while (!isOver) {
      try {
        const { status, body } = await get(port, "/", host);
        if (status === 200 && body === wanted) answered += 1;
        else failures.push(`${status} ${body.slice(0, 80)}`);
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const running = run();
  return {
    failures,
    answered: () => answered,
    stop: async () => {
      isOver = true;
      await running;
    },
  };
};
