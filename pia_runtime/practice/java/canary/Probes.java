package canary;

import static canary.Canary.probe;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;

/** Everything an app may notice about a call: value, identity, exception, locks, interruption, order. */
final class Probes {
    private static final Surface S = new Surface(3);

    static void all() {
        primitives();
        references();
        exceptions();
        recursion();
        locks();
        inheritance();
        reflection();
        initialisers();
        concurrency();
    }

    private static void primitives() {
        probe("boolean", () -> S.echo(true) + " " + S.echo(false) + " " + Surface.staticEcho(true) + " " + Surface.staticEcho(false));
        for (byte value : new byte[] {0, -1, Byte.MIN_VALUE, Byte.MAX_VALUE}) {
            probe("byte", () -> S.echo(value) + " " + Surface.staticEcho(value));
        }
        for (char value : new char[] {0, 'a', 0xd800, 0xdfff, 0xffff}) {
            probe("char", () -> (int) S.echo(value) + " " + (int) Surface.staticEcho(value));
        }
        for (short value : new short[] {0, -1, Short.MIN_VALUE, Short.MAX_VALUE}) {
            probe("short", () -> S.echo(value) + " " + Surface.staticEcho(value));
        }
        for (int value : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            probe("int", () -> S.echo(value) + " " + Surface.staticEcho(value));
        }
        for (long value : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, (1L << 53) + 1, -(1L << 53) - 1, 0x0123456789abcdefL}) {
            probe("long", () -> S.echo(value) + " " + Surface.staticEcho(value));
        }
        float[] floats = {0f, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, 0.1f};
        for (float value : floats) {
            probe("float", () -> bits(S.echo(value)) + " " + bits(Surface.staticEcho(value)));
        }
        double[] doubles = {0d, -0d, Double.MIN_VALUE, Double.MAX_VALUE, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN, 0.1};
        for (double value : doubles) {
            probe("double", () -> bits(S.echo(value)) + " " + bits(Surface.staticEcho(value)));
        }
        probe("ten arguments", () -> S.wide((byte) -1, 1L << 40, 0.5f, 2.5, 'x', true, (short) -9, null, 7, Long.MIN_VALUE));
    }

    private static String bits(float value) {
        return Integer.toHexString(Float.floatToRawIntBits(value));
    }

    private static String bits(double value) {
        return Long.toHexString(Double.doubleToRawLongBits(value));
    }

    private static void references() {
        String[] texts = {"", "plain", "汉字 \uD83D\uDE00", "lone \uD800 and \uDC00", "NUL \0 inside\0", "x".repeat(10_000)};
        for (String text : texts) {
            String own = new String(text);
            probe("text", () -> (S.text(own) == own) + " " + (S.echo((Object) own) == own) + " " + S.text(own).hashCode() + " " + S.text(own).length());
        }
        probe("null", () -> S.text(null) + " " + S.echo((Object) null) + " " + S.array(null) + " " + Surface.staticEcho((Object) null) + " " + S.list(null));
        probe("identity of a kept result", () -> S.kept() == Surface.KEPT && S.kept() == S.kept());
        int[] ints = {1, 2, 3};
        byte[] bytes = new byte[70_000];
        Object[] objects = {"a", null, ints};
        long[][] nested = {{1}, null, {Long.MIN_VALUE}};
        probe("arrays", () -> (S.array(ints) == ints) + " " + (S.bytes(bytes) == bytes) + " " + (S.objects(objects) == objects) + " " + (S.nested(nested) == nested));
        probe("array content", () -> Arrays.toString(S.array(ints)) + Arrays.deepToString(S.objects(objects)) + Arrays.deepToString(S.nested(nested)));
        probe("an array that the method fills", () -> S.fill(bytes) + " " + bytes[0]);
        probe("varargs", () -> S.many("none") + S.many("one", 1) + S.many("three", 1, null, "x") + S.many("array", new Object[] {1, 2}));
        probe("void", () -> { S.nothing(); return "returned"; });
        Runnable lambda = () -> { };
        probe("lambda", () -> S.function(lambda) == lambda);
        Object watched = new Surface.Watched();
        int hash = System.identityHashCode(watched);
        probe("identity hash", () -> System.identityHashCode(S.echo(watched)) == hash);
        probe("an app's object is not printed", () -> (S.echo(watched) == watched) + " " + Surface.PRINTED.getAndSet(0));
        probe("an app's collection is not read", () -> S.list(new Surface.WatchedList()).getClass().getSimpleName() + " " + Surface.PRINTED.getAndSet(0));
        Object text = new Surface.WatchedText("held");
        probe("an app's text is not read", () -> (S.echo(text) == text) + " " + Surface.PRINTED.getAndSet(0));
        List<Object> selfContaining = new java.util.ArrayList<>();
        selfContaining.add(selfContaining);
        probe("a list that contains itself", () -> S.list(selfContaining) == selfContaining);
        probe("generic", () -> S.generic("g") + S.generic(5));
        probe("constructor", () -> new Surface(5).made);
    }

    private static void exceptions() {
        probe("checked", () -> { S.refuse(); return "no exception"; });
        probe("the very same exception", () -> { try { S.refuse(); return null; } catch (IOException e) { return e == Surface.CHECKED; } });
        probe("constructor that throws", () -> { try { return new Surface("x"); } catch (IOException e) { return e == Surface.CHECKED; } });
        Throwable[] kinds = {new Error("error"), new OutOfMemoryError("told"), new ThreadDeath(), new RuntimeException("r", Surface.CHECKED)};
        for (Throwable kind : kinds) {
            kind.addSuppressed(new Throwable("suppressed"));
            probe("thrown", () -> {
                try {
                    S.fail(kind);
                    return null;
                } catch (Throwable caught) {
                    return (caught == kind) + " " + caught.getClass().getName() + " " + caught.getCause() + " " + caught.getSuppressed().length;
                }
            });
        }
        probe("arithmetic", () -> S.divide(0));
        probe("finally", () -> { StringBuilder order = new StringBuilder(); try { order.append("try "); S.refuse(); } catch (IOException e) { order.append("catch "); } finally { order.append("finally"); } return order; });
        probe("null receiver", () -> { Surface none = null; return none.kept(); });
    }

    private static void recursion() {
        probe("recursion", () -> S.factorial(20));
        probe("mutual recursion", () -> S.even(31) + " " + S.odd(31));
        for (int depth : new int[] {5, 25, 50}) {
            probe("deep recursion " + depth, () -> S.deep(depth));
        }
        probe("stack overflow", () -> { try { return S.endless(0); } catch (StackOverflowError e) { return "overflow"; } });
        probe("after an overflow", () -> S.factorial(10) + " " + S.kept());
    }

    private static void locks() {
        probe("synchronized", () -> S.locked() > 0 && Surface.staticLocked() && !Thread.holdsLock(S));
        probe("lock after an exception", () -> { try { S.lockedFailure(); } catch (IOException e) { return Thread.holdsLock(S); } return null; });
        probe("wait in a hooked method", () -> { Thread waker = new Thread(() -> { synchronized (S) { S.notifyAll(); } }); waker.start(); boolean held = S.waitsFor(300); waker.join(); return held; });
        probe("interrupt flag", () -> { Thread.currentThread().interrupt(); S.kept(); S.text("x"); return Thread.interrupted() + " " + Thread.interrupted(); });
        probe("interrupted sleep", () -> { Thread.currentThread().interrupt(); S.sleeps(60_000); return "slept"; });
        probe("flag after the exception", () -> Thread.interrupted());
    }

    private static void inheritance() {
        probe("override", () -> new Child().overridden() + ", " + ((Surface) new Child()).overridden() + ", " + S.overridden());
        probe("private and final", () -> S.callsHidden() + ", " + S.last() + ", " + new Child().last());
        probe("default method", () -> S.greet("you") + ", " + new Child().greet("me"));
    }

    private static void reflection() {
        probe("reflection", () -> Surface.class.getMethod("kept").invoke(S) == Surface.KEPT);
        probe("reflection that throws", () -> { try { return Surface.class.getMethod("refuse").invoke(S); } catch (InvocationTargetException e) { return e.getCause() == Surface.CHECKED; } });
        probe("boxing by reflection", () -> Surface.class.getMethod("echo", long.class).invoke(S, Long.MIN_VALUE));
        probe("method handle", () -> { try { return (int) MethodHandles.lookup().findVirtual(Surface.class, "echo", MethodType.methodType(int.class, int.class)).invokeExact(S, 77); } catch (Throwable e) { return e; } });
        IntUnaryOperator reference = S::echo;
        probe("method reference", () -> reference.applyAsInt(78));
    }

    private static void initialisers() {
        probe("initialiser", () -> Lazy.value() > 0);
        probe("failing initialiser", () -> Unborn.value());
        probe("failing initialiser again", () -> { try { return Unborn.value(); } catch (NoClassDefFoundError e) { return "NoClassDefFoundError"; } });
    }

    private static void concurrency() {
        probe("eight threads", () -> {
            AtomicInteger right = new AtomicInteger();
            Surface shared = new Surface(0);
            CountDownLatch start = new CountDownLatch(1);
            Thread[] threads = new Thread[8];
            for (int t = 0; t < threads.length; t++) {
                int mine = t;
                threads[t] = new Thread(() -> {
                    try {
                        start.await();
                    } catch (InterruptedException e) {
                        return;
                    }
                    for (int i = 0; i < 250; i++) {
                        Object own = new Object();
                        boolean same = shared.echo(own) == own && shared.echo(mine * 1000L + i) == mine * 1000L + i;
                        right.addAndGet(same ? 1 : 0);
                        shared.locked();
                    }
                }, "canary-" + t);
                threads[t].start();
            }
            start.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
            return right.get() + " " + shared.locked();
        });
    }
}
