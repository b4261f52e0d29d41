package android.app;

import android.content.Context;
import android.content.ContextWrapper;

public class Application extends ContextWrapper {
    private boolean mCreated;

    public Application() {
        super(null);
    }

    final void attach(Context context) {
        attachBaseContext(context);
    }

    public void onCreate() {
        mCreated = true;
    }

    /** Not part of Android: whether onCreate ran. */
    public final boolean isCreated() {
        return mCreated;
    }
}
