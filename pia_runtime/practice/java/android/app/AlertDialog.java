package android.app;

import android.content.Context;
import android.content.DialogInterface;
import android.view.ViewGroup;
import android.widget.Button;
import android.widget.TextView;

/** A dialog with a title, a message and up to two buttons, each a real view in the window's tree. */
public class AlertDialog extends Dialog {
    private final TextView mTitleView;
    private final TextView mMessageView;
    private final Button mButtonPositive;
    private final Button mButtonNegative;

    protected AlertDialog(Context context) {
        super(context);
        mTitleView = new TextView(context);
        mMessageView = new TextView(context);
        mButtonPositive = new Button(context);
        mButtonNegative = new Button(context);
        ViewGroup decor = (ViewGroup) getWindow().getDecorView();
        decor.addView(mTitleView);
        decor.addView(mMessageView);
        decor.addView(mButtonNegative);
        decor.addView(mButtonPositive);
    }

    @Override
    public void setTitle(CharSequence title) {
        super.setTitle(title);
        mTitleView.setText(title);
    }

    public void setMessage(CharSequence message) {
        mMessageView.setText(message);
    }

    public void setButton(int whichButton, CharSequence text, DialogInterface.OnClickListener listener) {
        Button button = getButton(whichButton);
        button.setText(text);
        button.setOnClickListener(view -> {
            if (listener != null) {
                listener.onClick(this, whichButton);
            }
            dismiss();
        });
    }

    public Button getButton(int whichButton) {
        return whichButton == DialogInterface.BUTTON_POSITIVE ? mButtonPositive : mButtonNegative;
    }

    public static class Builder {
        private final AlertDialog mDialog;

        public Builder(Context context) {
            mDialog = new AlertDialog(context);
        }

        public Builder setTitle(CharSequence title) {
            mDialog.setTitle(title);
            return this;
        }

        public Builder setMessage(CharSequence message) {
            mDialog.setMessage(message);
            return this;
        }

        public Builder setPositiveButton(CharSequence text, DialogInterface.OnClickListener listener) {
            mDialog.setButton(DialogInterface.BUTTON_POSITIVE, text, listener);
            return this;
        }

        public Builder setNegativeButton(CharSequence text, DialogInterface.OnClickListener listener) {
            mDialog.setButton(DialogInterface.BUTTON_NEGATIVE, text, listener);
            return this;
        }

        public AlertDialog create() {
            return mDialog;
        }

        public AlertDialog show() {
            AlertDialog dialog = create();
            dialog.show();
            return dialog;
        }
    }
}
