package android.content;
import android.os.Bundle;
public class Intent {
    private final String action;
    private final Bundle extras;
    public Intent(String action, Bundle extras) { this.action = action; this.extras = extras; }
    public String getAction() { return action; }
    public android.net.Uri getData() { return null; }
    public Bundle getExtras() { return extras; }
}
