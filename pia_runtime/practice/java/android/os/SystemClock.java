package android.os;

public final class SystemClock {
    private SystemClock() {}

    /** Time since boot. The JDK offers only CLOCK_MONOTONIC, which differs from CLOCK_BOOTTIME by time spent suspended. */
    public static long elapsedRealtimeNanos() {
        return System.nanoTime();
    }

    public static long elapsedRealtime() {
        return elapsedRealtimeNanos() / 1_000_000;
    }
}
