package android.content;

import android.content.pm.PackageManager;

/** Android's Context, as far as the practice app uses it; {@link android.app.ContextImpl} does the work. */
public abstract class Context {
    public static final int MODE_PRIVATE = 0;
    public static final String TELEPHONY_SERVICE = "phone";
    public static final String LOCATION_SERVICE = "location";
    public static final String WIFI_SERVICE = "wifi";
    public static final String CLIPBOARD_SERVICE = "clipboard";
    public static final String ACCOUNT_SERVICE = "account";

    public abstract Object getSystemService(String name);

    public abstract ContentResolver getContentResolver();

    public abstract PackageManager getPackageManager();

    public abstract String getPackageName();

    public abstract SharedPreferences getSharedPreferences(String name, int mode);

    public abstract int checkSelfPermission(String permission);

    public abstract Context getApplicationContext();
}
