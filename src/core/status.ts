// Statuses whose responses have no body, whatever their head says: RFC 9110 15.3.5, 15.3.6, 15.4.5.

/** Does the response end with its head, so that no length is said of it? */
export function isUnframed(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** Must there be no body? That of a 205 is said to be empty, as any other's length is. */
export function isBodiless(status: number): boolean {
  return status === 205 || isUnframed(status);
}
