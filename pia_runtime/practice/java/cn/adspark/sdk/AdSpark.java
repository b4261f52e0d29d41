package cn.adspark.sdk;

import android.content.Context;
import android.provider.Settings;
import com.google.android.gms.ads.identifier.AdvertisingIdClient;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import practice.Https;
import practice.Json;
import practice.TruthLog;

/** An advertising SDK that reports the device as soon as it is initialised, whatever the user has been asked. */
public final class AdSpark {
    private static final String ACTOR = "cn.adspark.sdk";
    private static final String HOST = "log.adspark.example";

    private AdSpark() {}

    public static void init(Context context) {
        long since = TruthLog.now();
        String gaid = AdvertisingIdClient.getAdvertisingIdInfo(context).getId();
        TruthLog.access(ACTOR, "gaid", since);
        since = TruthLog.now();
        String androidId = Settings.Secure.getString(context.getContentResolver(), Settings.Secure.ANDROID_ID);
        TruthLog.access(ACTOR, "android_id", since);
        report(gaid, androidId);
    }

    private static void report(String gaid, String androidId) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("event", "launch");
        body.put("request_id", UUID.randomUUID().toString());
        body.put("ts", System.currentTimeMillis());
        body.put("device", Map.of("gaid", gaid, "android_id", androidId));
        TruthLog.transmission(ACTOR, "gaid", HOST, "plain", List.of("json"));
        TruthLog.transmission(ACTOR, "android_id", HOST, "plain", List.of("json"));
        Https.post(HOST, "/v1/launch", "application/json; charset=utf-8", Json.of(body));
    }
}
