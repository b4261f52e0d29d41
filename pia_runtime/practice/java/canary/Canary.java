package canary;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;

/** Prints what an app can see of its own calls, one line for each probe. With and without hooks the lines must be the same. */
public final class Canary {
    private static final List<String> TICKS = Collections.synchronizedList(new ArrayList<>());
    private static PrintStream out;

    /** First argument: {@code probes}, {@code limits} or {@code costs}; second: the file to write. */
    public static void main(String[] args) throws Exception {
        out = new PrintStream(args[1], "UTF-8");
        if (args[0].equals("costs")) {
            Costs.measure(out, Integer.parseInt(args[2]));
        } else if (args[0].equals("limits")) {
            Limits.all();
        } else {
            tick("main");
            Probes.all();
            probe("order of initialisers", () -> String.join(", ", TICKS));
        }
        out.close();
        System.exit(0);
    }

    /** Run one probe and print its result or what it threw. */
    static void probe(String name, Callable<?> probe) {
        String line;
        try {
            line = "= " + escaped(String.valueOf(probe.call()));
        } catch (Throwable thrown) {
            line = "! " + thrown.getClass().getName() + ": " + escaped(String.valueOf(thrown.getMessage()));
        }
        out.println(name + " " + line);
        out.flush();
    }

    static int tick(String what) {
        TICKS.add(what);
        return TICKS.size();
    }

    static int refuseToBeBorn() {
        tick("Unborn tried");
        throw new IllegalStateException("never");
    }

    private static String escaped(String text) {
        StringBuilder shown = new StringBuilder();
        for (char letter : text.toCharArray()) {
            shown.append(letter >= 32 && letter < 127 ? String.valueOf(letter) : String.format("\\u%04x", (int) letter));
        }
        return shown.toString();
    }
}
