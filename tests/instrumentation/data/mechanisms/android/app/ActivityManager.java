package android.app;
public class ActivityManager {
    public static class MemoryInfo { public long totalMem; public long availMem; }
    public void getMemoryInfo(MemoryInfo info) { info.totalMem = 8_000_000_000L; info.availMem = 1_000_000_000L; }
}
