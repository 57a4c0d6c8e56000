/** New names of graphic layers in the order in which an instance names them: they differ from instance to instance. */
export class LayerNames {
  readonly #names = new Map<string, string>();
  #asked = 0;

  /** How often a name was asked for: what depends on one must not be remembered for other instances. */
  get asked(): number {
    return this.#asked;
  }

  newName(old: string): string {
    this.#asked += 1;
    const name = this.#names.get(old) ?? `LAYER${this.#names.size + 1}`;
    this.#names.set(old, name);
    return name;
  }
}
