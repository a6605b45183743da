import { createServer, type Server, type Socket } from "node:net";

/** RawServer answers each request with bytes of the test's choosing. */
export interface RawServer {
  readonly url: string;
  /** Requests that arrived, whole. */
  readonly requests: readonly string[];
  readonly connections: () => number;
  close(): void;
}

/** rawServer listens on a free loopback port; `answer` is called with each request's text. */
export async function rawServer(answer: (socket: Socket, request: string) => void): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      requests.push(data.toString());
      answer(socket, data.toString());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** httpText is a complete HTTP answer without a length, as btcd sends it: the end of the connection ends it. */
export function httpText(status: string, body: string, headers = ""): string {
  return `HTTP/1.1 ${status}\r\nconnection: close\r\n${headers}\r\n${body}`;
}
