package practice;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What really happened, told by the code that did it: one JSON line for every read, send and consent event.
 *
 * <p>Nothing here goes through a framework class, so no hook touches it. Only the tests read it.
 */
public final class TruthLog {
    private static final Clock CLOCK = Clock.systemUTC();
    private static Writer out;
    private static String phase = "before_prompt";

    private TruthLog() {}

    public static synchronized void open(Path file) throws IOException {
        out = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    }

    /** Nanoseconds since the Unix epoch, UTC. */
    public static long now() {
        Instant instant = CLOCK.instant();
        return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
    }

    /** An API was called from {@code since} on and gave the data. */
    public static void access(String actor, String data, long since) {
        write("access", since, Map.of("actor", actor, "data", data));
    }

    /** An API was called and gave nothing. */
    public static void attempt(String actor, String data, long since, String why) {
        write("attempt", since, Map.of("actor", actor, "data", data, "why", why));
    }

    /** Data is about to leave in one request. */
    public static void transmission(String actor, String data, String host, String encoding, List<String> wrapping) {
        write("transmission", now(), Map.of(
                "actor", actor, "data", data, "host", host, "encoding", encoding, "wrapping", wrapping));
    }

    /** A request that carries no personal data. */
    public static void harmless(String actor, String host) {
        write("harmless", now(), Map.of("actor", actor, "host", host));
    }

    /** Something about consent happened; for the policy it also moves the phase. */
    public static synchronized void consent(String signal, String scope) {
        if (scope.equals("policy")) {
            phase = switch (signal) {
                case "requested" -> "before_choice";
                case "given" -> "after_grant";
                case "refused" -> "after_refusal";
                default -> "after_withdrawal";
            };
        }
        write("consent", now(), Map.of("signal", signal, "scope", scope));
    }

    /** A request was answered, or failed. */
    public static void answered(String host, String outcome) {
        write("answered", now(), Map.of("host", host, "outcome", outcome));
    }

    public static synchronized void write(String kind, long time, Map<String, Object> fields) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", kind);
        line.put("t_ns", time);
        line.put("phase", phase);
        line.putAll(fields);
        try {
            out.write(Json.of(line) + "\n");
            out.flush();
        } catch (IOException error) {
            throw new IllegalStateException("the truth log cannot be written", error);
        }
    }
}
