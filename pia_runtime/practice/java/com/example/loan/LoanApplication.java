package com.example.loan;

import android.app.Application;
import android.content.pm.PackageManager;
import cn.adspark.sdk.AdSpark;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import practice.Https;
import practice.TruthLog;

/** 示例借款: fetches its configuration and starts the advertising SDK before the user has seen anything. */
public final class LoanApplication extends Application {
    static final String ACTOR = "com.example.loan";
    static final String HOST = "api.loan.example";

    @Override
    public void onCreate() {
        super.onCreate();
        fetchConfiguration(ownVersion());
        AdSpark.init(this);
    }

    /** Asks about the own package only, which says nothing about the user. */
    private String ownVersion() {
        try {
            return getPackageManager().getPackageInfo(getPackageName(), 0).versionName;
        } catch (PackageManager.NameNotFoundException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** A request with random and passing values that identify nobody. */
    private static void fetchConfiguration(String version) {
        TruthLog.harmless(ACTOR, HOST);
        Https.get(HOST, "/config?v=" + version + "&ts=" + System.currentTimeMillis(), Map.of(
                "X-Request-Id", UUID.randomUUID().toString(),
                "traceparent", "00-" + randomHex(16) + "-" + randomHex(8) + "-01"));
    }

    private static String randomHex(int bytes) {
        byte[] value = new byte[bytes];
        new Random().nextBytes(value);
        return HexFormat.of().formatHex(value);
    }
}
