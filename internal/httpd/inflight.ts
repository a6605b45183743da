/** InFlight counts requests that are being answered. */
export interface InFlight {
  /** enter counts a request in and gives true, or gives false where there are too many already. */
  enter(client: string): boolean;
  /** leave counts it out again. */
  leave(client: string): void;
}

/** inFlight allows `max` requests at a time, and of one client `perClient`, so that one cannot take all. */
export function inFlight(max: number, perClient: number): InFlight {
  const clients = new Map<string, number>();
  let all = 0;
  return {
    enter(client) {
      const own = clients.get(client) ?? 0;
      if (all >= max || own >= perClient) return false;
      all++;
      clients.set(client, own + 1);
      return true;
    },
    leave(client) {
      const own = clients.get(client) ?? 0;
      all--;
      if (own > 1) clients.set(client, own - 1);
      else clients.delete(client);
    },
  };
}
