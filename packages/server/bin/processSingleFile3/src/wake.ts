/** A sleep that others can end. */
export class Wake {
  #awake: (() => void) | undefined;
  #pending = false;

  /** Ends the sleep, or the next one when nobody sleeps. */
  now(): void {
    this.#pending = true;
    this.#awake?.();
  }

  /** Sleeps until {@link now} is called or the time is over. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#pending) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, milliseconds);
        this.#awake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#awake = undefined;
    }
    this.#pending = false;
  }
}
