package com.example.loan;

import android.app.Activity;
import android.content.Context;
import android.content.SharedPreferences;
import android.content.pm.PackageManager;
import android.os.Bundle;
import android.widget.TextView;
import com.politemetrics.PoliteMetrics;
import com.riskeye.fraud.RiskEye;
import com.stickypush.StickyPush;
import practice.Pause;
import practice.TruthLog;

/** The first screen: asks for consent, and does not wait for the answer. */
public final class MainActivity extends Activity {
    private static final String READ_CONTACTS = "android.permission.READ_CONTACTS";
    private static final int ASK_CONTACTS = 7;
    private static final long STEP_MS = 250;

    private ConsentDialog mConsentDialog;
    private Thread mWork;

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        TextView welcome = new TextView(this);
        welcome.setText("最高可借 200,000 元");
        setContentView(welcome);
    }

    @Override
    protected void onResume() {
        super.onResume();
        if (mConsentDialog == null && !preferences().getBoolean("privacy_agreed", false)) {
            mConsentDialog = new ConsentDialog(this);
            mConsentDialog.show();
        } else {
            background(this::onReturn);
        }
    }

    /** The window is in front, the dialog over it unanswered. */
    public void onWindowFocusChanged(boolean hasFocus) {
        RiskEye.scan(this);
        new PreCheck(this).run();
    }

    /** The user neither agrees nor refuses; the app goes on all the same. */
    public void onUserLeavesDialogOpen() {
        background(() -> RiskEye.scan(this));
    }

    public ConsentDialog consentDialog() {
        return mConsentDialog;
    }

    void onConsentGiven() {
        preferences().edit().putBoolean("privacy_agreed", true).apply();
        background(this::register);
    }

    void onConsentRefused() {
        preferences().edit().putBoolean("privacy_agreed", false).apply();
        background(() -> RiskEye.scan(this));
    }

    void onConsentWithdrawn() {
        preferences().edit().putBoolean("privacy_agreed", false).apply();
        PoliteMetrics.setConsent(false);
    }

    private void register() {
        new Registration(this).run();
        PoliteMetrics.setConsent(true);
        PoliteMetrics.onScreen(this, "main");
        StickyPush.start(this);
        TruthLog.consent("requested", "permission:READ_CONTACTS");
        requestPermissions(new String[] {READ_CONTACTS}, ASK_CONTACTS);
    }

    private void onReturn() {
        PoliteMetrics.onScreen(this, "main");
        StickyPush.beat(this);
    }

    @Override
    public void onRequestPermissionsResult(int requestCode, String[] permissions, int[] grantResults) {
        super.onRequestPermissionsResult(requestCode, permissions, grantResults);
        boolean granted = grantResults[0] == PackageManager.PERMISSION_GRANTED;
        TruthLog.consent(granted ? "given" : "refused", "permission:READ_CONTACTS");
        Pause.millis(STEP_MS);
        if (granted) {
            new EmergencyContacts(this).upload("/v1/contacts");
        }
    }

    private SharedPreferences preferences() {
        return getSharedPreferences("loan_settings", Context.MODE_PRIVATE);
    }

    private void background(Runnable work) {
        mWork = new Thread(() -> {
            Pause.millis(STEP_MS);
            work.run();
        }, "loan-worker");
        mWork.start();
    }

    /** Waits until the app has nothing more to do. */
    public void awaitQuiet() {
        try {
            if (mWork != null) {
                mWork.join();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
