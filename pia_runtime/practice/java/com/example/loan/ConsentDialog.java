package com.example.loan;

import android.app.AlertDialog;
import android.content.DialogInterface;
import practice.TruthLog;

/** The question about the privacy policy, with a button for each answer. */
public final class ConsentDialog {
    private static final String MESSAGE =
            "欢迎使用示例借款。请您仔细阅读《隐私政策》和《用户服务协议》，了解我们如何收集和使用您的个人信息。"
                    + "点击“同意并继续”即表示您已阅读并同意上述条款。";

    private final MainActivity mActivity;
    private final AlertDialog mDialog;

    ConsentDialog(MainActivity activity) {
        mActivity = activity;
        mDialog = new AlertDialog.Builder(activity)
                .setTitle("隐私政策")
                .setMessage(MESSAGE)
                .setPositiveButton("同意并继续", (dialog, which) -> mActivity.onConsentGiven())
                .setNegativeButton("不同意", (dialog, which) -> mActivity.onConsentRefused())
                .create();
    }

    void show() {
        TruthLog.consent("requested", "policy");
        mDialog.show();
    }

    /** The user presses 同意并继续. */
    public void accept() {
        TruthLog.consent("given", "policy");
        mDialog.getButton(DialogInterface.BUTTON_POSITIVE).performClick();
    }

    /** The user presses 不同意. */
    public void refuse() {
        TruthLog.consent("refused", "policy");
        mDialog.getButton(DialogInterface.BUTTON_NEGATIVE).performClick();
    }
}
