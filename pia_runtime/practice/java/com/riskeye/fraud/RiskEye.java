package com.riskeye.fraud;

import android.content.Context;
import android.net.wifi.WifiManager;
import android.telephony.TelephonyManager;
import android.util.Base64;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import practice.Https;
import practice.Json;
import practice.TruthLog;

/** A fraud-scoring SDK: takes the IMEI whenever it is told that the app is in use, and hides it in three wrappings. */
public final class RiskEye {
    private static final String ACTOR = "com.riskeye.fraud";
    private static final String HOST = "risk.riskeye.example";

    private RiskEye() {}

    /** Scans once, on a thread of its own, and returns when the report is out. */
    public static void scan(Context context) {
        Thread worker = new Thread(() -> probe(context), "riskeye-probe");
        worker.start();
        try {
            worker.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void probe(Context context) {
        TelephonyManager telephony = (TelephonyManager) context.getSystemService(Context.TELEPHONY_SERVICE);
        long since = TruthLog.now();
        String imei = telephony.getDeviceId();
        TruthLog.access(ACTOR, "imei", since);
        tryForMore(context, telephony);
        Map<String, Object> device = new LinkedHashMap<>();
        device.put("k1", md5(imei));
        device.put("k2", md5("riskeye-" + UUID.randomUUID()));
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("v", "2.3.1");
        body.put("t", System.currentTimeMillis());
        body.put("data", Base64.encodeToString(gzip(Json.of(device)), Base64.NO_WRAP));
        TruthLog.transmission(ACTOR, "imei", HOST, "md5", List.of("json", "base64", "gunzip", "json"));
        Https.post(HOST, "/v2/report", "application/json", Json.of(body));
    }

    /** Three questions that yield nothing on a modern device: an exception, null and a placeholder. */
    private static void tryForMore(Context context, TelephonyManager telephony) {
        long since = TruthLog.now();
        try {
            telephony.getSubscriberId();
        } catch (SecurityException denied) {
            TruthLog.attempt(ACTOR, "imsi", since, "threw");
        }
        since = TruthLog.now();
        if (telephony.getSimSerialNumber() == null) {
            TruthLog.attempt(ACTOR, "iccid", since, "null");
        }
        since = TruthLog.now();
        WifiManager wifi = (WifiManager) context.getSystemService(Context.WIFI_SERVICE);
        if ("02:00:00:00:00:00".equals(wifi.getConnectionInfo().getMacAddress())) {
            TruthLog.attempt(ACTOR, "mac_wifi", since, "placeholder");
        }
    }

    private static String md5(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] gzip(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
        return out.toByteArray();
    }
}
