/** A filter expression that cannot be used; the message says why. */
export class FilterError extends Error {}
