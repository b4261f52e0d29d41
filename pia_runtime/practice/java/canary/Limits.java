package canary;

import static canary.Canary.probe;

import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What a program can find out that looks for hooks on purpose, or that goes to a limit. It need not be the same. */
final class Limits {
    static void all() {
        Surface surface = new Surface(1);
        probe("nested calls of one hooked method until the stack of 1 MB ends", () -> nested(surface));
        probe("the class file's modifiers say native", () -> Modifier.isNative(Surface.class.getMethod("kept").getModifiers()));
        probe("frames with native code in a stack trace taken below a hooked method", () -> nativeFrames(surface));
        probe("/proc/self/maps names a foreign library", () -> Files.readString(Path.of("/proc/self/maps")).contains("frida"));
        probe("/proc/self/status names a tracer", () -> !Files.readString(Path.of("/proc/self/status")).contains("TracerPid:\t0\n"));
        probe("threads named like the agent's", () -> threads());
    }

    private static String nested(Surface surface) {
        int[] reached = new int[1];
        try {
            surface.nesting(reached);
        } catch (StackOverflowError e) {
            // looked for
        }
        return reached[0] > 1000 ? "more than 1000" : "about " + reached[0] / 10 * 10;
    }

    private static long nativeFrames(Surface surface) {
        StackTraceElement[] seen = surface.trace();
        return Arrays.stream(seen).filter(StackTraceElement::isNativeMethod).count();
    }

    private static long threads() throws java.io.IOException {
        try (var tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.filter(task -> name(task).matches("gum-js-loop|gmain|gdbus|pool-frida|pool-spawner")).count();
        }
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm")).strip();
        } catch (java.io.IOException e) {
            return "";
        }
    }
}
