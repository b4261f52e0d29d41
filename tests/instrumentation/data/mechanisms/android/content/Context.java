package android.content;
public abstract class Context { public abstract Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter); }
