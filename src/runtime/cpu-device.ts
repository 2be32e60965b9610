/** The host, as a place for tensors. */
export class CpuDevice {
  readonly kind = 'cpu';
  toString(): 'cpu' {
    return 'cpu';
  }
}

export const cpu = new CpuDevice();
