package com.stickypush;

import android.content.Context;
import android.location.Location;
import android.location.LocationManager;
import android.provider.Settings;
import java.util.List;
import java.util.Locale;
import practice.Https;
import practice.TruthLog;

/** A push SDK that starts after consent and knows no way to stop. */
public final class StickyPush {
    private static final String ACTOR = "com.stickypush";
    private static final String HOST = "push.stickypush.example";
    private static volatile boolean started;

    private StickyPush() {}

    public static void start(Context context) {
        started = true;
        beat(context);
    }

    /** Reports where the device is, whenever the app comes to the front. */
    public static void beat(Context context) {
        if (!started) {
            return;
        }
        long since = TruthLog.now();
        String androidId = Settings.Secure.getString(context.getContentResolver(), Settings.Secure.ANDROID_ID);
        TruthLog.access(ACTOR, "android_id", since);
        since = TruthLog.now();
        LocationManager locations = (LocationManager) context.getSystemService(Context.LOCATION_SERVICE);
        Location location = locations.getLastKnownLocation(LocationManager.GPS_PROVIDER);
        TruthLog.access(ACTOR, "location_precise", since);
        String place = String.format(
                Locale.ROOT, "lat=%.6f&lng=%.6f", location.getLatitude(), location.getLongitude());
        TruthLog.transmission(ACTOR, "android_id", HOST, "plain", List.of("query"));
        TruthLog.transmission(ACTOR, "location_precise", HOST, "plain", List.of("form"));
        Https.post(
                HOST,
                "/beat?uid=" + androidId,
                "application/x-www-form-urlencoded",
                place + "&ts=" + System.currentTimeMillis());
    }
}
