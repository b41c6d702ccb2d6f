/**
 * Stands in for the types of @whatwg-node/fetch, which bring those of browsers for the whole program: Node's own
 * CryptoKey would be none of theirs. Nothing of ours uses it.
 */
export {};
