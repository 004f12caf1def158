type Listener = (...args: unknown[]) => void;
type Entry = { listener: Listener; single: boolean };

/** The part of Node's EventEmitter that programs of a class use. */
export class EventEmitter {
  readonly #entries = new Map<string | symbol, Entry[]>();

  #add(event: string | symbol, listener: Listener, single: boolean, first = false): this {
    const entries = [...(this.#entries.get(event) ?? [])];
    if (first) entries.unshift({ listener, single });
    else entries.push({ listener, single });
    this.#entries.set(event, entries);
    return this;
  }

  on(event: string | symbol, listener: Listener): this {
    return this.#add(event, listener, false);
  }

  addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  once(event: string | symbol, listener: Listener): this {
    return this.#add(event, listener, true);
  }

  prependListener(event: string | symbol, listener: Listener): this {
    return this.#add(event, listener, false, true);
  }

  off(event: string | symbol, listener: Listener): this {
    const entries = this.#entries.get(event) ?? [];
    const at = entries.findLastIndex((entry) => entry.listener === listener);
    this.#entries.set(event, entries.toSpliced(at === -1 ? entries.length : at, 1));
    return this;
  }

  removeListener(event: string | symbol, listener: Listener): this {
    return this.off(event, listener);
  }

  removeAllListeners(event?: string | symbol): this {
    if (event === undefined) this.#entries.clear();
    else this.#entries.delete(event);
    return this;
  }

  emit(event: string | symbol, ...args: unknown[]): boolean {
    const entries = this.#entries.get(event) ?? [];
    if (entries.length === 0 && event === 'error') throw args[0];
    for (const { listener, single } of entries) {
      if (single) this.off(event, listener);
      listener.apply(this, args);
    }
    return entries.length > 0;
  }

  listeners(event: string | symbol): Listener[] {
    return (this.#entries.get(event) ?? []).map((entry) => entry.listener);
  }

  listenerCount(event: string | symbol): number {
    return this.listeners(event).length;
  }

  eventNames(): (string | symbol)[] {
    return [...this.#entries.keys()].filter((event) => this.listenerCount(event) > 0);
  }

  setMaxListeners(): this {
    return this;
  }
}

/** Resolves with the arguments of the next such event. */
export function once(emitter: EventEmitter, event: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    emitter.once(event, (...args) => resolve(args));
    if (event !== 'error') emitter.once('error', reject);
  });
}

export default Object.assign(EventEmitter, { EventEmitter, once });
