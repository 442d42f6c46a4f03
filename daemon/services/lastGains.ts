/** Where each account was named last: the beginning of its chain through the gains of the log (`store/gains.ts`). */
export class LastGains {
  /** By the account's index. */
  #positions = new Uint32Array(1024)

  /** Position of the entry; 0 where there is none. */
  of(index: number): number {
    return this.#positions[index] ?? 0
  }

  set(index: number, position: number): void {
    if (index >= this.#positions.length) {
      const grown = new Uint32Array(2 * index)
      grown.set(this.#positions)
      this.#positions = grown
    }
    this.#positions[index] = position
  }

  /** Of so many accounts, four bytes each. */
  write(accounts: number): Uint8Array {
    const bytes = Buffer.alloc(4 * accounts)
    for (let index = 0; index < accounts; index++) bytes.writeUInt32LE(this.of(index), 4 * index)
    return bytes
  }

  /** Of what was written. */
  static read(written: Uint8Array): LastGains {
    const last = new LastGains()
    const bytes = Buffer.from(written.buffer, written.byteOffset, written.length)
    for (let index = bytes.length / 4 - 1; index >= 0; index--) last.set(index, bytes.readUInt32LE(4 * index))
    return last
  }
}
