import { isIPv4 } from "node:net";
import { UserError } from "../../services/lib/user-error.ts";

const toNumber = (address: string): number =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0);

const toText = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");

/** The addresses that a subnet has for hosts: all but its first, the network's, and its last, the broadcast's. */
export class AddressPool {
  readonly #first: number;
  readonly #last: number;

  /** @throws UserError for anything but an IPv4 subnet with at least one host */
  constructor(cidr: string) {
    const [address = "", bits = ""] = cidr.split("/");
    const length = Number(bits);
    if (!isIPv4(address) || !/^\d+$/.test(bits) || length > 30) {
      throw new UserError("address-pool", `"${cidr}" is no pool of addresses: give an IPv4 subnet of /30 or larger`);
    }
    const size = 2 ** (32 - length);
    const network = Math.floor(toNumber(address) / size) * size;
    this.#first = network + 1;
    this.#last = network + size - 2;
  }

  has(address: string): boolean {
    if (!isIPv4(address)) return false;
    const number = toNumber(address);
    return number >= this.#first && number <= this.#last;
  }

  /** The lowest address that is not taken, if any. */
  lowestFree(taken: { has(address: string): boolean }): string | undefined {
    for (let number = this.#first; number <= this.#last; number++) {
      const address = toText(number);
      if (!taken.has(address)) return address;
    }
    return undefined;
  }
}
