/** text gives a text of the catalogue, which the server puts on the main element. */
export function text(name: string): string {
  return document.querySelector("main")?.dataset[name] ?? "";
}

/** say tells a screen reader something that is also to be seen. */
export function say(message: string): void {
  const said = document.getElementById("said");
  if (said !== null && said.textContent !== message) said.textContent = message;
}

/** pause waits; it is the only place here that touches a timer. It ends early when `wake` settles. */
export function pause(ms: number, wake?: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void wake?.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
