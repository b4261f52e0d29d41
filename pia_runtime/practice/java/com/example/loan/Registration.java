package com.example.loan;

import android.content.Context;
import android.telephony.TelephonyManager;
import java.util.List;
import practice.Https;
import practice.TruthLog;

/** Registers the user by telephone number, which a lending app may ask for; runs after consent only. */
final class Registration {
    private final Context mContext;

    Registration(Context context) {
        mContext = context;
    }

    void run() {
        TelephonyManager telephony = (TelephonyManager) mContext.getSystemService(Context.TELEPHONY_SERVICE);
        long since = TruthLog.now();
        String number = telephony.getLine1Number();
        TruthLog.access(LoanApplication.ACTOR, "phone_number", since);
        TruthLog.transmission(LoanApplication.ACTOR, "phone_number", LoanApplication.HOST, "plain", List.of("form"));
        Https.post(
                LoanApplication.HOST, "/v1/register", "application/x-www-form-urlencoded", "mobile=" + number + "&step=1");
    }
}
