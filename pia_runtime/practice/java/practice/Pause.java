package practice;

/** A wait between two steps, long enough that the phases of a run stand well apart. */
public final class Pause {
    private Pause() {}

    public static void millis(long duration) {
        try {
            Thread.sleep(duration);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
