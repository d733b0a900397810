import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Ending, LoadClient } from "./load.ts";
import type { LoadRequest } from "./load-request.ts";

const answerTimeoutMs = 30_000;

/** A connection with the last stream that the server will process; streams above were not, and may be sent again. */
interface Connection {
  readonly session: ClientHttp2Session;
  lastStreamId: number | null;
}

const open = (port: number): Connection => {
  const connection: Connection = { session: connect(`http://127.0.0.1:${port}`), lastStreamId: null };
  connection.session.on("goaway", (_code, lastStreamId) => {
    connection.lastStreamId = lastStreamId;
    // The streams that are open end first.
    connection.session.close();
  });
  // Each stream says what became of it.
  connection.session.on("error", () => {});
  return connection;
};

const isUnprocessed = ({ lastStreamId }: Connection, stream: ClientHttp2Stream): boolean =>
  stream.rstCode === constants.NGHTTP2_REFUSED_STREAM ||
  (lastStreamId !== null && stream.id !== undefined && stream.id > lastStreamId);

const exchange = (connection: Connection, asked: LoadRequest): Promise<Ending> =>
  new Promise((resolve) => {
    const stream = connection.session.request(
      { ":method": asked.method, ":path": asked.path },
      { endStream: asked.body === null },
    );
    let status: number | undefined;
    let text = "";
    let reason = "";
    stream.setEncoding("utf8");
    stream.setTimeout(answerTimeoutMs, () => stream.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)));
    stream.on("response", (headers) => {
      status = headers[":status"];
    });
    stream.on("data", (chunk: string) => {
      text += chunk;
    });
    stream.on("error", (error) => {
      reason = String(error);
    });
    stream.on("close", () => {
      if (status === 200 && text === asked.wanted) resolve({ kind: "answered" });
      else if (status === undefined && isUnprocessed(connection, stream)) resolve({ kind: "unprocessed" });
      else {
        const what = `status ${status}, ${text.length} characters, stream ${stream.id} of ${connection.lastStreamId}`;
        resolve({ kind: "failed", reason: `HTTP/2 ${asked.method}: ${reason || "closed"} (${what})` });
      }
    });
    if (asked.body !== null) stream.end(asked.body);
  });

/**
 * A client that speaks HTTP/2 from the first byte (RFC 9113, section 3.3), on one connection as long as the server keeps
 * it. After GOAWAY the open streams end, and the next request takes a new connection (section 6.8).
 */
export const http2Client = (port: number, asked: LoadRequest): LoadClient => {
  let connection = open(port);
  return {
    send: () => {
      if (connection.session.closed || connection.session.destroyed) connection = open(port);
      return exchange(connection, asked);
    },
    close: () => connection.session.close(),
  };
};
