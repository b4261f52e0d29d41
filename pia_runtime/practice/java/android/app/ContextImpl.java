package android.app;

import android.accounts.AccountManager;
import android.content.ClipboardManager;
import android.content.ContentResolver;
import android.content.Context;
import android.content.SharedPreferences;
import android.content.pm.PackageManager;
import android.location.LocationManager;
import android.net.wifi.WifiManager;
import android.telephony.TelephonyManager;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import practice.Permissions;

/** The context that all others wrap: one per process. */
public class ContextImpl extends Context {
    private final String mPackageName;
    private final ContentResolver mContentResolver = new ApplicationContentResolver(this);
    private final PackageManager mPackageManager = new ApplicationPackageManager(this);
    private final Map<String, SharedPreferences> mPreferences = new ConcurrentHashMap<>();
    private final Map<String, Object> mServices;

    public ContextImpl(String packageName) {
        mPackageName = packageName;
        mServices = Map.of(
                TELEPHONY_SERVICE, new TelephonyManager(),
                LOCATION_SERVICE, new LocationManager(),
                WIFI_SERVICE, new WifiManager(),
                CLIPBOARD_SERVICE, new ClipboardManager(),
                ACCOUNT_SERVICE, new AccountManager());
    }

    @Override
    public Object getSystemService(String name) {
        return mServices.get(name);
    }

    @Override
    public ContentResolver getContentResolver() {
        return mContentResolver;
    }

    @Override
    public PackageManager getPackageManager() {
        return mPackageManager;
    }

    @Override
    public String getPackageName() {
        return mPackageName;
    }

    @Override
    public SharedPreferences getSharedPreferences(String name, int mode) {
        return mPreferences.computeIfAbsent(name, key -> new SharedPreferencesImpl());
    }

    @Override
    public int checkSelfPermission(String permission) {
        return Permissions.isGranted(permission) ? PackageManager.PERMISSION_GRANTED : PackageManager.PERMISSION_DENIED;
    }

    @Override
    public Context getApplicationContext() {
        return this;
    }

    /** The only concrete content resolver of an app. */
    static final class ApplicationContentResolver extends ContentResolver {
        ApplicationContentResolver(Context context) {
            super(context);
        }
    }
}
