/** The device's two clocks, read by the same libc call on Android and on a desktop JVM. */

import type { ClockSimulation } from "./plan.js";

const REALTIME = 0;
const BOOTTIME = 7;
const WORD = Process.pointerSize;

// "exclusive": the JavaScript lock is kept, so that two threads never share the buffer.
const gettime = new NativeFunction(Module.getGlobalExportByName("clock_gettime"), "int", ["int", "pointer"], {
  scheduling: "exclusive",
});
const buffer = Memory.alloc(2 * WORD);

/** Both clocks in ns; strings, because a double cannot hold them. */
export interface Instant {
  wall: string;
  mono: string;
}

function read(clock: number): bigint {
  gettime(clock, buffer);
  const word = (at: NativePointer) => (WORD === 8 ? at.readS64().toNumber() : at.readS32());
  return BigInt(word(buffer)) * 1_000_000_000n + BigInt(word(buffer.add(WORD)));
}

type Warp = (wall: bigint, mono: bigint) => [bigint, bigint];
let warp: Warp = (wall, mono) => [wall, mono];

/** Make this device's clocks wrong on purpose: tests prove with it that verdicts survive. */
export function simulate(simulation: ClockSimulation): void {
  const born = read(BOOTTIME);
  const offset = BigInt(simulation.offset_ns);
  const ppb = BigInt(Math.round(simulation.drift_ppm * 1000));
  const step = BigInt(simulation.step_ns);
  const stepAfter = BigInt(simulation.step_after_ns);
  warp = (wall, mono) => {
    const elapsed = mono - born;
    const drift = (elapsed * ppb) / 1_000_000_000n;
    return [wall + offset + drift + (elapsed >= stepAfter ? step : 0n), mono + drift];
  };
}

/** Read wall and monotonic time. */
export function now(): Instant {
  const [wall, mono] = warp(read(REALTIME), read(BOOTTIME));
  return { wall: wall.toString(), mono: mono.toString() };
}
