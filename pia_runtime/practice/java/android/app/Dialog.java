package android.app;

import android.content.Context;
import android.content.DialogInterface;
import android.view.View;
import android.view.ViewGroup;
import android.view.Window;

public class Dialog implements DialogInterface {
    final Context mContext;
    private final Window mWindow;
    private boolean mShowing;
    private CharSequence mTitle;

    public Dialog(Context context) {
        mContext = context;
        mWindow = new Window(context);
    }

    public final Context getContext() {
        return mContext;
    }

    public Window getWindow() {
        return mWindow;
    }

    public void setContentView(View view) {
        ((ViewGroup) mWindow.getDecorView()).addView(view);
    }

    public void setTitle(CharSequence title) {
        mTitle = title;
    }

    public void show() {
        mShowing = true;
    }

    public boolean isShowing() {
        return mShowing;
    }

    @Override
    public void dismiss() {
        mShowing = false;
    }

    @Override
    public void cancel() {
        dismiss();
    }
}
