import type { Clock } from "#internal/clock";

/** Reminder says a thing when it becomes true, and again every hour for as long as it stays true. */
export interface Reminder {
  /** stands says that `text` is true now; `say` is called when it is new or an hour old. */
  stands(text: string, say: () => void): void;
  /** over forgets everything: the next trouble is said at once. */
  over(): void;
}

const hourMs = 3_600_000;

/** reminder makes a reminder for one matter at a time: another text replaces the one before it. */
export function reminder(clock: Clock): Reminder {
  let told: { text: string; at: number } | undefined;
  return {
    stands(text, say) {
      const now = clock.mono();
      if (told?.text === text && now - told.at < hourMs) return;
      told = { text, at: now };
      say();
    },
    over() {
      told = undefined;
    },
  };
}
