package android.app;

import android.content.Context;

/** Brings an app's process up: application first, then its activity. */
public final class ActivityThread {
    private final Instrumentation mInstrumentation = new Instrumentation();
    private Application mInitialApplication;

    /** Attaches the application to a fresh context and runs its onCreate. */
    public Application handleBindApplication(Application application, String packageName) {
        Context context = new ContextImpl(packageName);
        application.attach(context);
        mInitialApplication = application;
        mInstrumentation.callApplicationOnCreate(application);
        return application;
    }

    /** Brings an activity to the front. */
    public void handleLaunchActivity(Activity activity) {
        activity.attach(mInitialApplication, mInstrumentation);
        mInstrumentation.callActivityOnCreate(activity, null);
        handleResumeActivity(activity);
    }

    /** Brings an activity (back) to the front. */
    public void handleResumeActivity(Activity activity) {
        mInstrumentation.callActivityOnStart(activity);
        mInstrumentation.callActivityOnResume(activity);
    }

    /** Takes an activity off the screen. */
    public void handleStopActivity(Activity activity) {
        mInstrumentation.callActivityOnPause(activity);
        mInstrumentation.callActivityOnStop(activity);
    }
}
