// Why the sidecar cannot start, in words for the operator: what is printed is the message alone.

/** Says where and what to do; a stack would tell the operator nothing more. */
export class StartError extends Error {
  override readonly name = "StartError";
}
