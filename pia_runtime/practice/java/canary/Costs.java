package canary;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.function.IntSupplier;

/** Time of one call, hooked and not, measured in turns in one process. */
final class Costs {
    private static final int ROUNDS = 7;
    private static final byte[] KEPT = new byte[64];
    private static volatile int sink;

    /** Hooked and unhooked twin of one shape of call. */
    private record Case(String hook, IntSupplier hooked, IntSupplier plain) { }

    static void measure(PrintStream out, int calls) {
        Hooked hooked = new Hooked();
        Plain plain = new Plain();
        byte[] bytes = new byte[16];
        Case[] cases = {
            new Case("canary.cost_number", () -> hooked.number(), () -> plain.number()),
            new Case("canary.cost_text", () -> hooked.text().length(), () -> plain.text().length()),
            new Case("canary.cost_arguments", () -> hooked.arguments("a", 1, 2L, bytes, null), () -> plain.arguments("a", 1, 2L, bytes, null)),
            new Case("canary.cost_shared", () -> Hooked.shared(7L), () -> Plain.shared(7L)),
            new Case("canary.cost_bytes", () -> hooked.bytes().length, () -> plain.bytes().length),
            new Case("canary.cost_dropped", () -> hooked.dropped("other"), () -> plain.dropped("other")),
            new Case("canary.cost_deep", () -> below(25, () -> hooked.deep()), () -> below(25, () -> plain.deep())),
        };
        for (Case one : cases) {
            turns(one, 20_000, calls);
            long[][] times = turns(one, 2_000, calls);
            out.println(one.hook + " " + median(times[0]) + " " + median(times[1]));
        }
    }

    private static long[][] turns(Case one, int plainCalls, int hookedCalls) {
        long[][] times = new long[2][ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            times[0][round] = time(one.plain, plainCalls);
            times[1][round] = time(one.hooked, hookedCalls);
        }
        return times;
    }

    private static long time(IntSupplier call, int calls) {
        int sum = 0;
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            sum += call.getAsInt();
        }
        long spent = System.nanoTime() - start;
        sink = sum;
        return spent * 1000 / calls; // picoseconds, so that one nanosecond is not rounded away
    }

    private static long median(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static int below(int depth, IntSupplier call) {
        return depth == 0 ? call.getAsInt() : below(depth - 1, call) + sink * 0;
    }

    /** The shapes whose cost is told. */
    static final class Hooked {
        int number() { return 7; }
        String text() { return "a value of usual length"; }
        int arguments(String a, int b, long c, byte[] d, Object e) { return a.length() + b + (int) c + d.length; }
        static int shared(long value) { return (int) value; }
        byte[] bytes() { return KEPT; }
        int dropped(String key) { return key.length(); }
        int deep() { return 9; }
    }

    /** The same, left alone. */
    static final class Plain {
        int number() { return 7; }
        String text() { return "a value of usual length"; }
        int arguments(String a, int b, long c, byte[] d, Object e) { return a.length() + b + (int) c + d.length; }
        static int shared(long value) { return (int) value; }
        byte[] bytes() { return KEPT; }
        int dropped(String key) { return key.length(); }
        int deep() { return 9; }
    }
}
