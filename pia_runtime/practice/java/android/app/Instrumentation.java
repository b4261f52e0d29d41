package android.app;

import android.os.Bundle;

/** Through here the system calls an app's life cycle. */
public class Instrumentation {
    private int mCalls;

    public void callApplicationOnCreate(Application app) {
        mCalls++;
        app.onCreate();
    }

    public void callActivityOnCreate(Activity activity, Bundle icicle) {
        mCalls++;
        activity.onCreate(icicle);
    }

    public void callActivityOnStart(Activity activity) {
        mCalls++;
        activity.onStart();
    }

    public void callActivityOnStop(Activity activity) {
        mCalls++;
        activity.onStop();
    }

    public void callActivityOnResume(Activity activity) {
        mCalls++;
        activity.onResume();
    }

    public void callActivityOnPause(Activity activity) {
        mCalls++;
        activity.onPause();
    }
}
