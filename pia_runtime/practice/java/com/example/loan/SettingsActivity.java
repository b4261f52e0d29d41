package com.example.loan;

import android.app.Activity;
import android.os.Bundle;
import android.widget.Button;
import practice.TruthLog;

/** Settings, with the button that takes consent back. */
public final class SettingsActivity extends Activity {
    private final MainActivity mMain;
    private Button mWithdraw;

    public SettingsActivity(MainActivity main) {
        mMain = main;
    }

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        mWithdraw = new Button(this);
        mWithdraw.setText("撤回同意");
        mWithdraw.setOnClickListener(view -> mMain.onConsentWithdrawn());
        setContentView(mWithdraw);
    }

    /** The user presses 撤回同意. */
    public void withdraw() {
        TruthLog.consent("withdrawn", "policy");
        mWithdraw.performClick();
    }
}
