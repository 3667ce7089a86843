// Where sockets and timers call in: a throw there is a bug, and must cost one connection, not the process.

/** `work`, after whose throw `onBug` hears what was thrown. */
export function guarded<Said = void>(
  work: (said: Said) => void,
  onBug: (error: unknown) => void,
): (said: Said) => void {
  return (said) => {
    try {
      work(said);
    } catch (error) {
      onBug(error);
    }
  };
}
