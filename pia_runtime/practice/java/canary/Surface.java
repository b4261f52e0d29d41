package canary;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** What is hooked: one method of every shape that a catalog entry can have. Nothing in here knows of hooks. */
public class Surface implements Greeting {
    static final IOException CHECKED = new IOException("checked");
    static final String KEPT = new String("kept");
    static final AtomicInteger PRINTED = new AtomicInteger();

    final int made;
    private int counted;

    public Surface(int made) {
        this.made = made;
    }

    public Surface(String refused) throws IOException {
        made = 0;
        throw CHECKED;
    }

    public boolean echo(boolean value) { return value; }
    public byte echo(byte value) { return value; }
    public char echo(char value) { return value; }
    public short echo(short value) { return value; }
    public int echo(int value) { return value; }
    public long echo(long value) { return value; }
    public float echo(float value) { return value; }
    public double echo(double value) { return value; }
    public Object echo(Object value) { return value; }

    public static boolean staticEcho(boolean value) { return value; }
    public static byte staticEcho(byte value) { return value; }
    public static char staticEcho(char value) { return value; }
    public static short staticEcho(short value) { return value; }
    public static int staticEcho(int value) { return value; }
    public static long staticEcho(long value) { return value; }
    public static float staticEcho(float value) { return value; }
    public static double staticEcho(double value) { return value; }
    public static Object staticEcho(Object value) { return value; }

    public String text(String value) { return value; }
    public String kept() { return KEPT; }
    public int[] array(int[] value) { return value; }
    public byte[] bytes(byte[] value) { return value; }
    public Object[] objects(Object[] value) { return value; }
    public long[][] nested(long[][] value) { return value; }
    public List<?> list(List<?> value) { return value; }
    public Runnable function(Runnable value) { return value; }
    public String many(String first, Object... rest) { return first + rest.length; }
    public int wide(byte a, long b, float c, double d, char e, boolean f, short g, Object h, int i, long j) {
        return (int) (a + b + c + d + e + (f ? 1 : 0) + g + (h == null ? 0 : 1) + i + j);
    }
    public void nothing() { counted++; }
    public int fill(byte[] into) { into[0] = 42; return 1; }

    public void refuse() throws IOException { throw CHECKED; }
    public void fail(Throwable what) throws Throwable { throw what; }
    public int divide(int by) { return 1 / by; }

    public long factorial(int n) { return n <= 1 ? 1 : n * factorial(n - 1); }
    public boolean even(int n) { return n == 0 || odd(n - 1); }
    public boolean odd(int n) { return n != 0 && even(n - 1); }
    public int deep(int n) { return n == 0 ? 0 : 1 + deep(n - 1); }
    public int endless(int n) { return 1 + endless(n + 1); }
    public StackTraceElement[] trace() { return new Throwable().getStackTrace(); }
    public int nesting(int[] reached) { reached[0]++; return 1 + nesting(reached); }

    public synchronized int locked() { return Thread.holdsLock(this) ? ++counted : -1; }
    public synchronized void lockedFailure() throws IOException { throw CHECKED; }
    public synchronized boolean waitsFor(long millis) throws InterruptedException { wait(millis); return Thread.holdsLock(this); }
    public void sleeps(long millis) throws InterruptedException { Thread.sleep(millis); }
    public static synchronized boolean staticLocked() { return Thread.holdsLock(Surface.class); }

    public String overridden() { return "base"; }
    private String hidden() { return "hidden of " + made; }
    String callsHidden() { return hidden(); }
    public final String last() { return "last of " + made; }
    public <T extends Comparable<T>> T generic(T value) { return value; }

    /** Its toString, hashCode and equals are the app's own code: whoever runs them leaves a trace. */
    static final class Watched {
        @Override public String toString() { PRINTED.incrementAndGet(); return "watched"; }
        @Override public int hashCode() { PRINTED.incrementAndGet(); return 1; }
        @Override public boolean equals(Object other) { PRINTED.incrementAndGet(); return this == other; }
    }

    /** A collection that notices when somebody reads it. */
    static final class WatchedList extends java.util.AbstractList<String> {
        @Override public String get(int index) { PRINTED.incrementAndGet(); return "item"; }
        @Override public int size() { PRINTED.incrementAndGet(); return 2; }
    }

    /** A text that notices when somebody reads it. */
    record WatchedText(String held) implements CharSequence {
        @Override public int length() { PRINTED.incrementAndGet(); return held.length(); }
        @Override public char charAt(int index) { PRINTED.incrementAndGet(); return held.charAt(index); }
        @Override public CharSequence subSequence(int from, int to) { PRINTED.incrementAndGet(); return held.subSequence(from, to); }
        @Override public String toString() { PRINTED.incrementAndGet(); return held; }
    }
}

/** A default method is code in an interface. */
interface Greeting {
    default String greet(String whom) { return "hello " + whom; }
}

/** Overrides one hooked method and goes through another. */
class Child extends Surface {
    Child() { super(7); }
    @Override public String overridden() { return "child of " + super.overridden(); }
}

/** Its initialiser must run when the app first uses it, not when it is hooked. */
class Lazy {
    static final int BORN = Canary.tick("Lazy initialised");
    static int value() { return BORN; }
}

/** Its initialiser fails: every use is a NoClassDefFoundError after the first ExceptionInInitializerError. */
class Unborn {
    static final int NEVER = Canary.refuseToBeBorn();
    static int value() { return NEVER; }
}
