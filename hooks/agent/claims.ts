/** A method can be hooked once; whoever comes second would undo the first. */

/** Who hooked a method, by method id. */
const owners = new Map<string, string>();

/** Take a method for somebody who wants to hook it; who has it already, or null. */
export function claim(method: string, who: string): string | null {
  const owner = owners.get(method);
  if (owner === undefined) {
    owners.set(method, who);
  }
  return owner ?? null;
}
