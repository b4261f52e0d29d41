package android.app;

import android.content.ContextWrapper;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.os.Bundle;
import android.view.View;
import android.view.ViewGroup;
import android.view.Window;
import practice.Permissions;

public class Activity extends ContextWrapper {
    private Application mApplication;
    private Instrumentation mInstrumentation;
    private Window mWindow;
    private boolean mStarted;
    private boolean mResumed;

    public Activity() {
        super(null);
    }

    final void attach(Application application, Instrumentation instrumentation) {
        attachBaseContext(application.getBaseContext());
        mApplication = application;
        mInstrumentation = instrumentation;
        mWindow = new Window(this);
    }

    public final Application getApplication() {
        return mApplication;
    }

    public Window getWindow() {
        return mWindow;
    }

    public void setContentView(View view) {
        ((ViewGroup) mWindow.getDecorView()).addView(view);
    }

    public CharSequence getTitle() {
        return getClass().getSimpleName();
    }

    public boolean isFinishing() {
        return false;
    }

    protected void onCreate(Bundle savedInstanceState) {
        mResumed = false;
    }

    protected void onStart() {
        mStarted = true;
    }

    protected void onStop() {
        mStarted = false;
    }

    public final boolean isStarted() {
        return mStarted;
    }

    protected void onResume() {
        mResumed = true;
    }

    protected void onPause() {
        mResumed = false;
    }

    public final boolean isResumed() {
        return mResumed;
    }

    /** Asks the user; the answer comes through {@link #onRequestPermissionsResult}, here from the scripted user. */
    public final void requestPermissions(String[] permissions, int requestCode) {
        int[] results = new int[permissions.length];
        for (int i = 0; i < permissions.length; i++) {
            boolean granted = Permissions.ask(permissions[i]);
            results[i] = granted ? PackageManager.PERMISSION_GRANTED : PackageManager.PERMISSION_DENIED;
        }
        Intent answer = new Intent()
                .putExtra(PackageManager.EXTRA_REQUEST_PERMISSIONS_NAMES, permissions)
                .putExtra(PackageManager.EXTRA_REQUEST_PERMISSIONS_RESULTS, results);
        dispatchRequestPermissionsResult(requestCode, answer);
    }

    private void dispatchRequestPermissionsResult(int requestCode, Intent data) {
        onRequestPermissionsResult(
                requestCode,
                data.getStringArrayExtra(PackageManager.EXTRA_REQUEST_PERMISSIONS_NAMES),
                data.getIntArrayExtra(PackageManager.EXTRA_REQUEST_PERMISSIONS_RESULTS));
    }

    public void onRequestPermissionsResult(int requestCode, String[] permissions, int[] grantResults) {
        if (permissions.length != grantResults.length) {
            throw new IllegalArgumentException("one result for each permission");
        }
    }
}
