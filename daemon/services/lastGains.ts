/** Where each account was named last: the beginning of its chain through the gains of the log (`store/gains.ts`). */
import { withRoom } from '../../ledger/accountsTree.ts'

const positionBytes = 4

export class LastGains {
  /** A position for each account, by its index. They are saved and loaded as they lie. */
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView

  constructor(written = new Uint8Array(positionBytes)) {
    this.#bytes = written
    this.#view = new DataView(written.buffer)
  }

  /** Position of the entry; 0 where there is none. */
  of(index: number): number {
    const at = positionBytes * index
    return at < this.#bytes.length ? this.#view.getUint32(at, true) : 0
  }

  set(index: number, position: number): void {
    this.#reserve(index + 1)
    this.#view.setUint32(positionBytes * index, position, true)
  }

  /** Of so many accounts, four bytes each. */
  write(accounts: number): Uint8Array {
    this.#reserve(accounts)
    return this.#bytes.slice(0, positionBytes * accounts)
  }

  /** Of what was written. */
  static read(written: Uint8Array): LastGains {
    return new LastGains(Uint8Array.from(written))
  }

  #reserve(accounts: number): void {
    this.#bytes = withRoom(this.#bytes, positionBytes * accounts)
    if (this.#bytes.buffer !== this.#view.buffer) this.#view = new DataView(this.#bytes.buffer)
  }
}
