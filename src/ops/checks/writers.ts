/** Which request appends to which page, in arrays that are kept: a call allocates nothing. */

const LARGEST_STAMP = 2 ** 31 - 1;

export class PageWriters {
  /** By page: `stamp` if somebody appends to it; what earlier calls wrote is another number, and as good as not there. */
  stamps = new Int32Array(0);
  stamp = 0;
  /** By page that has the stamp: who, and by which entry of the page table. */
  requests = new Int32Array(0);
  entries = new Int32Array(0);

  /** Forgets all writers; pages are 0 … numPages − 1 from now on. */
  begin(numPages: number): void {
    if (this.stamps.length >= numPages && this.stamp < LARGEST_STAMP) {
      this.stamp++;
      return;
    }
    this.stamps = new Int32Array(numPages);
    this.requests = new Int32Array(numPages);
    this.entries = new Int32Array(numPages);
    this.stamp = 1;
  }

  /** The request that has the page already, or -1; then `request` has it from now on. */
  add(page: number, request: number, entry: number): number {
    if (this.stamps[page] === this.stamp) return this.requests[page]!;
    this.stamps[page] = this.stamp;
    this.requests[page] = request;
    this.entries[page] = entry;
    return -1;
  }
}
