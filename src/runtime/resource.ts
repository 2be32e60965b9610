/** Something that must be given back exactly once: by hand, or when its owner is collected. */

const collected = new FinalizationRegistry<Held>((held) => {
  try {
    held.give();
  } catch {
    // There is nobody to tell: after a failed kernel every call of the driver fails, and the next caller hears of that.
  }
});

interface Held {
  give(): void;
}

/**
 * A handle and how to give it back. The owner's collection is only the safety net, so `give` must not hold the owner.
 * `handle` throws once it was given back.
 */
export class Resource<H = bigint> {
  readonly #what: string;
  readonly #held: { value: H | undefined; give(): void };

  constructor(owner: object, what: string, handle: H, give: (handle: H) => void) {
    this.#what = what;
    this.#held = {
      value: handle,
      give() {
        const { value } = this;
        if (value === undefined) return;
        this.value = undefined;
        give(value);
      },
    };
    collected.register(owner, this.#held, this);
  }

  get handle(): H {
    const { value } = this.#held;
    if (value === undefined) throw new Error(`the ${this.#what} was used after it was disposed of`);
    return value;
  }

  get disposed(): boolean {
    return this.#held.value === undefined;
  }

  dispose(): void {
    collected.unregister(this);
    this.#held.give();
  }
}
