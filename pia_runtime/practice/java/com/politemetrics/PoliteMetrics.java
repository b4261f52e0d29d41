package com.politemetrics;

import android.content.Context;
import android.provider.Settings;
import com.bun.miitmdid.core.MdidSdkHelper;
import com.bun.miitmdid.interfaces.IdSupplier;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import practice.Https;
import practice.Json;
import practice.TruthLog;

/** A statistics SDK that does nothing before the app hands it the user's consent, and stops when it is taken back. */
public final class PoliteMetrics {
    private static final String ACTOR = "com.politemetrics";
    private static final String HOST = "stat.politemetrics.example";
    private static volatile boolean consented;

    private PoliteMetrics() {}

    public static void setConsent(boolean granted) {
        consented = granted;
    }

    public static void onScreen(Context context, String screen) {
        if (!consented) {
            return;
        }
        long since = TruthLog.now();
        String androidId = Settings.Secure.getString(context.getContentResolver(), Settings.Secure.ANDROID_ID);
        TruthLog.access(ACTOR, "android_id", since);
        long asked = TruthLog.now();
        MdidSdkHelper.InitSdk(context, true, supplier -> report(screen, androidId, oaid(supplier, asked)));
    }

    private static String oaid(IdSupplier supplier, long since) {
        String oaid = supplier.getOAID();
        TruthLog.access(ACTOR, "oaid", since);
        return oaid;
    }

    private static void report(String screen, String androidId, String oaid) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("screen", screen);
        body.put("time", System.currentTimeMillis());
        body.put("oaid", oaid);
        body.put("android_id", androidId);
        TruthLog.transmission(ACTOR, "oaid", HOST, "plain", List.of("json"));
        TruthLog.transmission(ACTOR, "android_id", HOST, "plain", List.of("json"));
        Https.post(HOST, "/collect", "application/json", Json.of(body));
    }
}
