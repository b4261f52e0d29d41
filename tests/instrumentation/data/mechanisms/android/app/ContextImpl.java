package android.app;
import android.content.*;
import java.util.ArrayList;
import java.util.List;
public class ContextImpl extends Context {
    private final List<BroadcastReceiver> receivers = new ArrayList<>();
    public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter) { receivers.add(receiver); return null; }
    public void broadcast(Intent intent) { receivers.forEach(receiver -> receiver.onReceive(this, intent)); }
}
