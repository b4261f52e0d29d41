package android.content;
public class ContextWrapper extends Context {
    private final Context base;
    public ContextWrapper(Context base) { this.base = base; }
    public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter) { return base.registerReceiver(receiver, filter); }
}
